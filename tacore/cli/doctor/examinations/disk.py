"""Room on the disks that the service writes to."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tacore.bootstrap.broker import MIN_FREE_BYTES
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation

GIB = 1 << 30
SHORT_SHARE, SHORT_BYTES = 0.03, 2 * GIB
LOW_SHARE, LOW_BYTES = 0.10, 10 * GIB
FEW_INODES = 1000
LARGEST = 3


def examine(situation: Situation) -> Sequence[Finding]:
    """Look at the room, once for each disk, and whether the folders can be written."""
    folders = {situation.home, situation.home / "data", situation.home / "logs", situation.database.parent}
    there = sorted(each for each in folders if each.is_dir())
    disks = {each.stat().st_dev: each for each in reversed(there)}
    found = [finding for folder in disks.values() for finding in _room(folder, situation)]
    return found + [_closed(each) for each in there if not os.access(each, os.W_OK | os.X_OK)]


def _room(folder: Path, situation: Situation) -> Iterable[Finding]:
    total, _, free = situation.disk_usage(folder)
    seen = f"{_size(free)} of {_size(total)} are free at {folder}"
    if free < MIN_FREE_BYTES or (free < total * SHORT_SHARE and free < SHORT_BYTES):
        yield problem(f"{seen}: nearly full", _advice(situation))
    elif free < total * LOW_SHARE and free < LOW_BYTES:
        yield warning(seen, _advice(situation))
    else:
        yield ok(seen)
    files = os.statvfs(folder)
    if files.f_files and files.f_favail < FEW_INODES:
        yield problem(
            f"{files.f_favail} more files can be made at {folder}", "remove files that nobody needs"
        )


def _advice(situation: Situation) -> str:
    largest = ", ".join(f"{path} ({_size(size)})" for size, path in _largest(situation))
    told = f" (largest here: {largest})" if largest else ""
    return (
        f"make room{told}; keep less with journal.retention_days and journal.max_rows. A full disk stops "
        "orders, loses none, and all goes on once there is room"
    )


def _largest(situation: Situation) -> list[tuple[int, Path]]:
    folders = [situation.home / "data", situation.home / "logs", situation.database.parent]
    files = {path for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_file()}
    return sorted(((path.stat().st_size, path) for path in files), reverse=True)[:LARGEST]


def _closed(folder: Path) -> Finding:
    return problem(f"{folder} can't be written", "let the service's user own it, or choose another --home")


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / (1 << 20):.1f} MiB"
