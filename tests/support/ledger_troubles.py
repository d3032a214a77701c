"""Causes for which a desk's ledger can't be written, each made for real and taken away again."""

import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

from tacore.execution.ledger import file
from tests.support.desk_world import DeskWorld

Trouble = Callable[[DeskWorld], AbstractContextManager[None]]
MORE_BYTES = 65_536


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system of two megabytes on a folder; skip the test where that is not allowed."""
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def full_disk(world: DeskWorld) -> Iterator[None]:
    """Take all the room that the file system of the ledger has."""
    ballast = world.home / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as taking:
        while True:
            taking.write(b"x" * 4096)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def no_growth(world: DeskWorld) -> Iterator[None]:
    """Let no file of this process grow past the ledger's WAL."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (world.home / "ledger.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def locked(world: DeskWorld) -> Iterator[None]:
    """Hold the ledger of a desk locked."""
    with held(world.home / "ledger.db"):
        yield


@contextmanager
def held(ledger: Path) -> Iterator[None]:
    """Hold a ledger locked over another connection; with a WAL, EXCLUSIVE would be the same."""
    other = sqlite3.connect(ledger, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@contextmanager
def read_only(world: DeskWorld) -> Iterator[None]:
    """Open the ledger only for reading, now and whenever it is opened anew."""
    connect = file._connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file, "_connect", lambda path, _: connect(path, "ro"))
        world.ledger._file._open_anew()
        yield


TROUBLES: Mapping[str, tuple[Trouble, frozenset[str]]] = MappingProxyType(
    {
        "full_disk": (full_disk, frozenset({"disk_full"})),
        "no_growth": (no_growth, frozenset({"disk_full", "io"})),
        "locked": (locked, frozenset({"locked"})),
        "read_only": (read_only, frozenset({"read_only"})),
    }
)
"""Each cause by its name, with the reasons that may be given for it."""
