"""A process of which a host needs one, kept by whichever supervisor holds its lock."""

import logging
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from tacore.worker.restarts import RestartPolicy
from tacore.worker.slots import Process

log = logging.getLogger("tacore.worker")

TRY_S = 1.0
"""How often to try for the lock that another supervisor holds."""


class Companion:
    """Starts the process once the lock is ours, and again when it ends, with back-off.

    The lock is the supervisor's: when it dies the system releases it, and another supervisor takes over.
    """

    def __init__(self, name: str, lock: Path, start: Callable[[], Process], policy: RestartPolicy) -> None:
        self._name = name
        self._path = lock
        self._lock = FileLock(lock)
        self._start = start
        self._policy = policy
        self._process: Process | None = None
        self._started = 0.0
        self._due = 0.0

    def turn(self, now: float) -> None:
        """Do what is due; cheap, for it is called several times a second. ``now`` is monotonic seconds."""
        if self._process is not None:
            if self._process.ended():
                self._ended(self._process, now)
        elif now >= self._due:
            if self._held():
                self._process, self._started = self._start(), now
            else:
                self._due = now + TRY_S

    def stop(self) -> None:
        """Ask the process to end, and leave the lock to others once it has."""
        self._due = float("inf")
        if self._process is not None:
            self._process.terminate()

    def gone(self) -> bool:
        """Tell whether the process has ended, after `stop`."""
        if self._process is not None and not self._process.ended():
            return False
        if self._process is not None:
            self._process.close()
            self._process = None
        if self._lock.is_locked:
            self._path.unlink(missing_ok=True)  # while it is held: who comes next makes the file anew
            self._lock.release()
        return True

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()

    def _held(self) -> bool:
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def _ended(self, process: Process, now: float) -> None:
        log.warning("companion_ended", extra={"companion": self._name, "reason": process.reason()})
        process.close()
        self._process = None
        again = self._policy.died(self._started, now)
        self._due = now + TRY_S if again is None else again
