"""Who may write a store: one process at a time, and a successor ends the one before it."""

import fcntl
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tacore.errors import Unavailable
from tacore.runfiles import process_of, write_whole

_PAUSE_S = 0.02  # the kernel tells nobody that a lock of another process is free


class Possession:
    """The lock beside a store, and the record of the process that holds it.

    ``role`` is what such a process is, as its record says it; ``what`` is the store in a person's words.

    The kernel lets go of the lock when its holder dies, however it dies. The file stays: to remove it would
    let two processes each lock a file of that name.
    """

    def __init__(
        self, path: Path, *, wait_s: float, role: str = "tacore executor", what: str = "ledger"
    ) -> None:
        self._path = path.absolute()
        self._role = role
        self._what = what
        self._lock_path = self._path.with_name(f"{path.name}.lock")
        self._owner_path = self._path.with_name(f"{path.name}.owner")
        self._wait_s = wait_s
        self._descriptor: int | None = None

    def take(self) -> None:
        """Hold the store from here on; the recorded process is killed if it still runs, stopped or not.

        Raises Unavailable, naming the process, where the lock is not free after ``wait_s``.
        """
        deadline = time.monotonic() + self._wait_s
        try:
            while not self._succeeds():
                if time.monotonic() >= deadline:
                    raise self._not_free()
                time.sleep(_PAUSE_S)
            started = psutil.Process().create_time()
            facts = {"pid": os.getpid(), "started": started, "role": self._role, self._what: str(self._path)}
            write_whole(self._owner_path, json.dumps(facts))
        except OSError as error:
            self._unlock()
            raise Unavailable(
                f"the {self._what}'s lock can't be taken: {error}",
                details={self._what: str(self._path), "reason": "io"},
            ) from error
        except BaseException:
            self._unlock()
            raise

    def release(self) -> None:
        """Let go, if it is held."""
        if self._descriptor is not None:
            self._owner_path.unlink(missing_ok=True)
            self._unlock()

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _succeeds(self) -> bool:
        """End the process before, and tell whether it is gone and the lock is ours.

        It is ended even where the lock is free: then somebody removed the file under it.
        """
        predecessor = self._predecessor()
        if predecessor is not None:
            with suppress(psutil.Error):
                predecessor.kill()  # psutil looks once more that no other process has the pid by now
        return self._locks() and (predecessor is None or self._predecessor() is None)

    def _predecessor(self) -> psutil.Process | None:
        """Find the recorded process if it is the very same one, runs, and held this store."""
        facts = self._recorded()
        if facts.get("role") != self._role or facts.get(self._what) != str(self._path):
            return None
        found = process_of(facts)
        return None if found is None or found.pid == os.getpid() else found

    def _recorded(self) -> dict[str, Any]:
        try:
            facts = json.loads(self._owner_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def _locks(self) -> bool:
        if self._descriptor is not None:
            return True
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def _unlock(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _not_free(self) -> Unavailable:
        pid = self._recorded().get("pid", "unknown")
        return Unavailable(
            f"process {pid} holds the {self._what} {self._path} and has not let go within {self._wait_s:g} s",
            details={self._what: str(self._path), "reason": "locked", "pid": pid},
        )
