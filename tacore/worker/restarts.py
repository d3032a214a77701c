"""When a worker that died may start again."""

from collections import deque


class RestartPolicy:
    """Back-off and budget of one slot.

    The wait doubles while the worker keeps dying within ``stable_s`` of its start, from ``backoff_s`` up to
    ``backoff_max_s``. More than ``budget`` deaths within ``window_s`` use the slot up until someone asks for
    it again. All times are seconds on the caller's clock.
    """

    def __init__(
        self,
        backoff_s: float = 0.1,
        backoff_max_s: float = 5.0,
        budget: int = 20,
        window_s: float = 60.0,
        stable_s: float = 10.0,
    ) -> None:
        self._backoff_s = backoff_s
        self._backoff_max_s = backoff_max_s
        self._budget = budget
        self._window_s = window_s
        self._stable_s = stable_s
        self._deaths: deque[float] = deque()
        self._wait_s = backoff_s

    def died(self, started: float, now: float) -> float | None:
        """Take note of a death; give the time to start again, or None when the budget is used up."""
        self._deaths.append(now)
        while self._deaths[0] <= now - self._window_s:
            self._deaths.popleft()
        if len(self._deaths) > self._budget:
            return None
        if now - started >= self._stable_s:
            self._wait_s = self._backoff_s
        wait_s = self._wait_s
        self._wait_s = min(self._wait_s * 2, self._backoff_max_s)
        return now + wait_s
