"""One job asked about again and again until it has ended: what to ask next, and when; no I/O."""

from typing import Any

from tacore.cli.jobs.spelled import View, has_ended
from tacore.client.envelope import Reply
from tacore.errors import TacoreError, UnknownMethod

WAIT_S = 20.0
"""How long the service may hold an answer back for news,"""
ANSWER_S = 30.0
"""and how long it is waited for."""
AGAIN_S = 1.0
"""Between two questions where the first was not answered, or at once and with nothing new."""
AWAY_S = 600.0
"""How long a service may be away: through a restart or an upgrade, not for ever."""


class Pursuit:
    """A job's newest ``view``, and its events after ``after_id`` that the last answer brought.

    ``trouble`` is why there is no answer at present.
    """

    def __init__(self, job_id: str, view: View | None = None, *, away_s: float = AWAY_S) -> None:
        self.job_id = job_id
        self.view: View = view or {}
        self.after_id = 0
        self._told: list[dict[str, Any]] = []
        self.heard_at = 0.0
        self.trouble = ""
        self._away_s = away_s
        self._away_since: float | None = None
        self._asked_at = 0.0

    @property
    def ended(self) -> bool:
        """Tell whether the job has."""
        return has_ended(self.view)

    def question(self, now: float) -> dict[str, Any]:
        """Give the params of the next get.job; ``now`` is a monotonic time in seconds."""
        self._asked_at = now
        return {"job_id": self.job_id, "after_id": self.after_id, "wait_s": WAIT_S if self.view else 0}

    def elapsed_s(self, now: float) -> float:
        """Give how long it has run, with what passed since the answer."""
        running = self.view.get("state") == "running" and self.heard_at > 0
        return float(self.view.get("elapsed_s") or 0) + (now - self.heard_at if running else 0.0)

    def heard(self, reply: Reply, now: float) -> float:
        """Take an answer; give the pause before the next question. Raises an error that will not pass."""
        if reply.error is not None:
            return self._bear(reply.error, now)
        self.view, self.heard_at = reply.data, now
        self.trouble, self._away_since = "", None
        before, self.after_id = self.after_id, max([self.after_id, *(each["id"] for each in self.events)])
        self._told += self.events
        told_nothing = self.after_id == before and now - self._asked_at < AGAIN_S
        return AGAIN_S if told_nothing else 0.0

    @property
    def whole(self) -> View:
        """Give the job with all events, of which each answer had the newer ones."""
        return {**self.view, "events": self._told}

    @property
    def events(self) -> list[dict[str, Any]]:
        """Give what happened, as far as the newest answer tells."""
        return list(self.view.get("events") or ())

    def _bear(self, error: TacoreError, now: float) -> float:
        """Be patient with a service that is away; a broker that just came knows no method of jobs yet."""
        if not error.retryable and not (self.view and isinstance(error, UnknownMethod)):
            raise error
        self._away_since = now if self._away_since is None else self._away_since
        if now - self._away_since > self._away_s:
            raise error
        self.trouble = error.message
        return AGAIN_S
