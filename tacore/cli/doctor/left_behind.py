"""Pid files and locks of this machine's processes: whose they are, and how they go without a race."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from tacore import runfiles


class Said(NamedTuple):
    """What a pid file says; ``reused`` where its pid is another process by now."""

    pid: int | None = None
    alive: bool = False
    reused: bool = False


def announced(path: Path) -> Said:
    """Read a pid file; what makes no sense names no process."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        pid = int(facts["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return Said()
    alive = runfiles.process_of(facts) is not None
    return Said(pid, alive, not alive and psutil.pid_exists(pid))


def is_held(path: Path) -> bool:
    """Tell whether any process holds a lock; nobody holds one that is not there."""
    if not path.exists():
        return False
    try:
        with _trying(path, os.O_RDONLY) as descriptor:
            return descriptor is None
    except PermissionError:
        return True  # another user's, who alone can tell


def holder(path: Path) -> int | None:
    """Give the pid that holds a lock, as the kernel lists it; None where it does not tell."""
    try:
        inode = path.stat().st_ino
        listed = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in listed:
        fields = line.split()
        if "->" not in fields and fields[5].rpartition(":")[2] == str(inode) and int(fields[4]) > 0:
            return int(fields[4])
    return None


def remove_lock(path: Path) -> str:
    """Remove a lock that nobody holds, while we hold it: who comes meanwhile sees that it is gone."""
    with _trying(path, os.O_RDWR) as descriptor:
        if descriptor is None:
            return "left, for a process holds it by now"
        path.unlink(missing_ok=True)
    return "removed"


def remove_record(path: Path) -> str:
    """Remove a dead process's pid file, holding the lock without which no other would write it."""
    beside = path.with_suffix(".lock")
    made = not beside.exists()
    with _trying(beside, os.O_RDWR | os.O_CREAT) as descriptor:
        if descriptor is None or announced(path).alive:
            return "left, for its successor is there by now"
        path.unlink(missing_ok=True)
        if made:
            beside.unlink(missing_ok=True)
    return "removed"


@contextmanager
def _trying(path: Path, how: int) -> Iterator[int | None]:
    """Hold a lock if it is free: its descriptor, None where another process holds it."""
    descriptor = os.open(path, how, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)
