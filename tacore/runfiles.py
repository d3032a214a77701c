"""The files in run/ by which processes of one home keep apart and find each other."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from tacore.errors import ConfigurationError


@contextmanager
def locked(path: Path, held: Callable[[], str]) -> Iterator[None]:
    """Hold a lock; where another process holds it, raise ConfigurationError with what ``held`` says."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigurationError(held()) from error
    try:
        yield
    finally:
        lock.release()
        path.unlink(missing_ok=True)


@contextmanager
def announced(path: Path, facts: Mapping[str, Any]) -> Iterator[None]:
    """Leave a file that tells other commands of this process for as long as it runs."""
    started = psutil.Process().create_time()
    write_whole(path, json.dumps({"pid": os.getpid(), "started": started, **facts}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read_live(path: Path) -> dict[str, Any] | None:
    """Read what a process announced; None where it has ended, even if its pid is another's by now."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts if isinstance(facts, dict) and process_of(facts) is not None else None
    except (OSError, ValueError):
        return None


def process_of(facts: Mapping[str, Any]) -> psutil.Process | None:
    """Give the announced process itself, never a later one that has its pid; None where it has ended."""
    try:
        process = psutil.Process(int(facts["pid"]))
        same = abs(process.create_time() - float(facts["started"])) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, KeyError, TypeError, ValueError):
        return None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that no reader ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
