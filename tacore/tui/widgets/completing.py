"""What could complete the last word of a filter."""

from collections.abc import Callable, Iterable

from textual.suggester import Suggester

from tacore.tui.snapshot import Snapshot
from tacore.watch.filters import STATUSES


class Completing(Suggester):
    """Completes ``method:``, ``worker:`` and ``status:`` from what is seen."""

    def __init__(self, words: Callable[[], Iterable[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._words = words

    async def get_suggestion(self, value: str) -> str | None:
        """Complete the last word, if it has begun."""
        *before, last = value.split(" ")
        if not last:
            return None
        for each in self._words():
            if each.startswith(last) and each != last:
                return " ".join([*before, each])
        return None


def of_requests(snapshot: Snapshot) -> Iterable[str]:
    """List the words of a filter for requests."""
    yield from (f"status:{each}" for each in STATUSES)
    yield from (f"method:{each.method}" for each in snapshot.rates)
    yield from (f"worker:{each.worker_id}" for each in snapshot.workers)
    yield from ("worker:broker", "since:5m", "since:1h", "watchers:yes", "id:")
