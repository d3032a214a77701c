"""One computation per key inside a process: who comes later waits for the first."""

import threading


class Flight:
    """A computation under way, and the thread that does it."""

    __slots__ = ("_landed", "thread")

    def __init__(self) -> None:
        self._landed = threading.Event()
        self.thread = threading.get_ident()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False where that did not come in time.

        The thread that computes would wait for itself: it is told so at once.
        """
        if self.thread == threading.get_ident():
            return False
        return self._landed.wait(max(0.0, seconds))

    def land(self) -> None:
        """Let everybody go on who waits."""
        self._landed.set()


class Flights:
    """The computations under way in this process, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    def join(self, name: str) -> Flight | None:
        """Give the flight to wait for; None where there was none, and this thread now computes."""
        with self._lock:
            found = self._flights.get(name)
            if found is None:
                self._flights[name] = Flight()
            return found

    def land(self, name: str) -> None:
        """End this thread's flight, whether it brought a value or not."""
        with self._lock:
            flight = self._flights.pop(name)
        flight.land()
