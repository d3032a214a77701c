"""Whether a new job is taken: it joins one that is there, or finds room in the line."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tacore.clock import Clock
from tacore.errors import IdempotencyMismatch, Overloaded, Unavailable
from tacore.jobs.changes import Changes
from tacore.jobs.joining import joinable
from tacore.jobs.rows import Kept
from tacore.jobs.setup import same_question
from tacore.model.jobs import Ask, Limits
from tacore.ports import Analyst
from tacore.ports.orders import Asker, Key

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

SAME_REQUEST_US = 86_400_000_000
"""For how long an id names the same request; some clients number all of theirs from 1 each day."""
RETRY_AFTER_MS = 10_000


class Queueing:
    """Judges what is submitted."""

    def __init__(self, settings: "AgentSettings", clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def joined(
        self, tx: Changes, ask: Ask, limits: Limits, *, key: Key, fresh: bool, asker: Asker
    ) -> Kept | None:
        """Give the job that a request joins; a fresh one only that which it has made itself."""
        now_us = self._clock.wall_us()
        own = _own(tx, ask, key, asker, now_us)
        if own is not None or fresh:
            return own
        return joinable(tx.of_ask(ask), limits, now_us, self._settings.result_hours)

    def add(self, tx: Changes, ask: Ask, limits: Limits, *, key: Key, asker: Asker) -> Kept:
        """Queue a new job."""
        self.make_room(tx)
        return tx.add(
            ask,
            limits,
            principal=asker.principal,
            key=key,
            allowed=self._settings.retries.attempts,
            currency=self._settings.currency,
        )

    def make_room(self, tx: Changes) -> None:
        """Raise Overloaded where the line is full."""
        waiting, most = tx.counts()["queued"], self._settings.queue_limit
        if waiting >= most:
            raise Overloaded(
                f"{waiting} agent jobs wait already (agents.queue_limit is {most})",
                details={"queued": waiting, "queue_limit": most, "retry_after_ms": RETRY_AFTER_MS},
            )

    @staticmethod
    def check(ask: Ask, analyst: Callable[[], Analyst]) -> None:
        """Raise Unavailable, naming all that is to be set, where no run could begin."""
        problems: list[Unavailable] = []
        if not ask.quick_model:
            problems.append(no_model())
        try:
            analyst().check(ask)
        except Unavailable as error:
            problems.append(error)
        if len(problems) == 1:
            raise problems[0]
        if problems:
            lacking = [name for each in problems for name in each.details.get("set", ())]
            message = "; ".join(each.message for each in problems)
            raise Unavailable(message, retryable=False, details={"set": lacking})


def _own(tx: Changes, ask: Ask, key: Key, asker: Asker, now_us: int) -> Kept | None:
    """Give the job that the same request has made, in whatever state: it was paid for once."""
    if key.kind == "request":
        made = tx.made_by(asker.principal, key, symbol=ask.symbol, since_us=now_us - SAME_REQUEST_US)
        return next((each for each in made if same_question(ask, each.job.ask)), None)
    own = next(iter(tx.made_by(asker.principal, key)), None)
    if own is not None and not same_question(ask, own.job.ask):
        named, of = key.text[:100], f"{own.job.job_id} of {own.job.ask.symbol} as of {own.job.ask.date}"
        raise IdempotencyMismatch(
            f"idempotency_key {named!r} has made job {of}; another ask needs another key",
            details={"idempotency_key": {"value": named}, "job_id": own.job.job_id},
        )
    return own


def no_model() -> Unavailable:
    """Say that no model is configured."""
    return Unavailable(
        "no model is configured: set agents.model.quick (and agents.model.deep) in trading_config.yaml",
        retryable=False,
        details={"set": ["agents.model.quick"]},
    )
