"""The jobs of a batch, each followed to its end over the one engine that sends the batch."""

import heapq
import itertools
from typing import Any, NamedTuple

from tacore.cli.jobs import spelled
from tacore.cli.jobs.finding import GET
from tacore.cli.jobs.pursuit import ANSWER_S, Pursuit
from tacore.cli.jobs.spelled import View
from tacore.client.course import Course
from tacore.client.engine import Engine
from tacore.client.sync import Client


class Followed(NamedTuple):
    """The line of a batch that began a job, what was sent for it, and the job."""

    number: int
    sent: dict[str, Any]
    pursuit: Pursuit


class Several:
    """Jobs that were begun: those asked about at present, and those that rest until the next question."""

    def __init__(self, client: Client) -> None:
        self.running: dict[int, Pursuit] = {}
        self._client = client
        self._resting: list[tuple[float, int, Followed]] = []
        self._turn = itertools.count()
        self._ended: list[View] = []

    @property
    def resting(self) -> int:
        """Count the jobs with no question in flight."""
        return len(self._resting)

    def begin(self, number: int, sent: dict[str, Any], view: View, now: float) -> None:
        """Follow the job of a line."""
        followed = Followed(number, sent, Pursuit(str(view["job_id"]), view))
        self.running[number] = followed.pursuit
        self._rest(followed, now)

    def ask(self, engine: Engine, now: float) -> None:
        """Ask about the jobs whose rest is over; ``now`` is a monotonic time in seconds."""
        while self._resting and self._resting[0][0] <= now:
            followed = heapq.heappop(self._resting)[2]
            course = self._client.course(GET, followed.pursuit.question(now), timeout_s=ANSWER_S, retries=0)
            course.tag = followed
            engine.add(course)

    def rest_s(self, now: float) -> float | None:
        """Give how long nobody has to be asked; None where no job rests."""
        return max(0.0, self._resting[0][0] - now) if self._resting else None

    def heard(self, course: Course, now: float) -> Followed | None:
        """Take an answer; give the line whose job has ended. Raises an error that will not pass."""
        followed: Followed = course.tag
        if course.reply is None:
            return None
        pause = followed.pursuit.heard(course.reply, now)
        if followed.pursuit.ended:
            self.drop(followed)
            self._ended.append(followed.pursuit.view)
            return followed
        self._rest(followed, now + pause)
        return None

    def drop(self, followed: Followed) -> None:
        """Follow a job no longer."""
        self.running.pop(followed.number, None)

    def used(self) -> tuple[int, str]:
        """Sum up tokens and costs so far; empty where no cost is known, or in several currencies."""
        views = [*self._ended, *(each.view for each in self.running.values())]
        costs = [view.get("cost") or {} for view in views]
        priced = [each for each in costs if each.get("amount") is not None]
        total = {
            "amount": round(sum(float(each["amount"]) for each in priced), 4),
            "currency": priced[0].get("currency") if priced else "",
            "complete": all(each.get("complete", True) for each in costs),
        }
        one = len({each.get("currency") for each in priced}) == 1
        return sum(map(spelled.tokens, views)), spelled.cost({"cost": total}) if one else ""

    def degraded(self) -> int:
        """Count the decisions that are not to be trusted."""
        return sum(map(spelled.is_degraded, self._ended))

    def _rest(self, followed: Followed, until: float) -> None:
        heapq.heappush(self._resting, (until, next(self._turn), followed))
