#!/usr/bin/env python3
"""Write a home's data, settings and secrets as one .tar.gz to standard output, while the service runs.

A database is copied by SQLite itself, as of one moment, and checked; what can be made anew (feature tables,
calendars) and what belongs to running processes (locks, pid files) is left out.
"""

import contextlib
import os
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

MADE_ANEW = ("data/features", "data/calendars")
PASSING = (".lock", ".owner", ".tmp", "-wal", "-shm", "-journal")
FOLDERS = ("data", "config", "secrets")


def kept(home: Path) -> Iterator[Path]:
    """List the files that a backup holds, by their place in the home."""
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            inside = path.relative_to(home)
            made_anew = any(inside.is_relative_to(each) for each in MADE_ANEW)
            hidden = any(part.startswith(".") for part in inside.parts)
            if path.is_file() and not made_anew and not hidden and not path.name.endswith(PASSING):
                yield inside


def copy(database: Path, to: Path) -> None:
    """Copy a database as of one moment, while others write to it; ValueError where the copy is damaged."""
    source = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(to)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        [said] = target.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise ValueError(f"{database} is damaged: {said}")


def write(home: Path, archive: tarfile.TarFile) -> int:
    """Add what is kept to an archive; tell how many files that was."""
    count = 0
    # In the home, for the copy of a journal may be larger than /tmp.
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=home / "data") as scratch:
        for inside in kept(home):
            path = home / inside
            if path.suffix == ".db":
                path = Path(scratch) / "copy.db"
                copy(home / inside, path)
            archive.add(path, str(inside), recursive=False)
            if path.name == "copy.db":
                path.unlink()
            count += 1
    return count


def main() -> None:
    """Back up TACORE_HOME, or the folder that is named."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TACORE_HOME", "."))
    if sys.stdout.isatty():
        sys.exit("backup: this writes an archive: redirect it, `tacore-backup > backup.tar.gz`")
    if not (home / "data").is_dir():
        sys.exit(f"backup: {home} has no data/: name a home, or set TACORE_HOME")
    try:
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|gz") as archive:
            count = write(home, archive)
    except (OSError, sqlite3.Error, ValueError) as problem:
        sys.exit(f"backup: {problem}")
    sys.stderr.write(f"backup: {count} files of {home}\n")


if __name__ == "__main__":
    main()
