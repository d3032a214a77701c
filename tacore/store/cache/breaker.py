"""When to leave a failing neighbour alone, and when to try it again: a state machine without a clock."""

STEPS = 16
"""How many times its first length a pause may reach."""


class Breaker:
    """Open while the neighbour counts as away. Times are monotonic seconds.

    The first failure opens it. Each failed trial doubles the pause before the next, up to `STEPS` times
    ``pause_s``; so does a failure soon after a success, for a neighbour that comes and goes. A success closes
    it. It begins open and due: nothing is known of the neighbour yet.
    """

    def __init__(self, pause_s: float) -> None:
        self._first_s = pause_s
        self._longest_s = pause_s * STEPS
        self._pause_s = pause_s
        self._due = float("-inf")
        self._closed_at = float("-inf")
        self._proved = False
        self.is_open = True
        self.reason = "not reached yet"

    def failed(self, now: float, reason: str) -> bool:
        """Take note of a failure; True where it changes what is known.

        Meanwhile requests that were under way may fail too: while it is open and not due they change nothing.
        """
        if self.is_open and now < self._due:
            return False
        news = not self.is_open or not self._proved
        steady = not self.is_open and now - self._closed_at >= self._longest_s
        if steady or not self._proved:
            self._pause_s = self._first_s
        else:
            self._pause_s = min(2 * self._pause_s, self._longest_s)
        self.is_open, self._proved, self.reason = True, True, reason
        self._due = now + self._pause_s
        return news

    def worked(self, now: float) -> bool:
        """Take note of a success; True where it closes the breaker."""
        news = self.is_open
        if news:
            self.is_open, self._proved, self.reason = False, True, ""
            self._closed_at = now
        return news

    def due_in(self, now: float) -> float | None:
        """Give the seconds until the next trial, not above 0 where it is due; None where it is closed."""
        return self._due - now if self.is_open else None
