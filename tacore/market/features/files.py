"""Feature tables as files: one writer, any number of readers that map them into memory.

A generation is an uncompressed Arrow IPC file; `<market>.json` points to the current one. Both are written
aside and renamed, so that no reader ever sees a part. Who still reads a removed generation keeps its mapping.
"""

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from tacore.errors import Unavailable
from tacore.market.features.arrow import ArrowFile
from tacore.market.features.catalogue import EXACT
from tacore.market.features.status import read_status
from tacore.market.features.table import TEXTS
from tacore.model.table import Facts, Table
from tacore.runfiles import write_whole

if TYPE_CHECKING:
    import polars as pl

LOOK_S = 0.1
"""How long a reader trusts that the pointer has not changed."""
_EXACT = "{}.exact"


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """The current generation of a market: its file, and what tells a whole file from a torn one.

    ``fingerprint`` is of the market's configuration and clock: a table made under another is none of this
    market. ``numbers`` are its Float64 columns in their order.
    """

    file: str
    size: int
    rows: int
    numbers: tuple[str, ...]
    check: int
    fingerprint: str
    refresh_s: float
    facts: Facts


class Clocked(Protocol):
    """The clock's monotonic face."""

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        ...


def publish(folder: Path, table: Table, fingerprint: str, refresh_s: float) -> Pointer:
    """Write a table as its market's next generation; older files go, but for the one just replaced."""
    market = table.facts.market
    previous = read_pointer(folder, market)
    facts = msgspec.structs.replace(
        table.facts, generation=1 + (previous.facts.generation if previous else 0)
    )
    name = f"{market}-{facts.generation}-{os.getpid()}.arrow"
    size, check = _write(folder / name, frame_of(table))
    pointer = Pointer(
        file=name,
        size=size,
        rows=len(table),
        numbers=tuple(table.numbers),
        check=check,
        fingerprint=fingerprint,
        refresh_s=refresh_s,
        facts=facts,
    )
    write_whole(_pointer_path(folder, market), msgspec.json.encode(pointer).decode())
    kept = {name, previous.file if previous else name}
    for each in folder.glob(f"{market}-*.arrow*"):
        if each.name not in kept:
            each.unlink(missing_ok=True)
    return pointer


def read_pointer(folder: Path, market: str) -> Pointer | None:
    """Read which generation is current; None where there is none, or what is there is none."""
    try:
        return msgspec.json.decode(_pointer_path(folder, market).read_bytes(), type=Pointer)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


class Reader:
    """One market's table as the file on disk has it; looked at again when the pointer changes."""

    def __init__(self, folder: Path, market: str, fingerprint: str, clock: Clocked) -> None:
        self._folder = folder
        self._market = market
        self._fingerprint = fingerprint
        self._clock = clock
        self._look_due = float("-inf")
        self._seen: tuple[int, ...] = ()
        self._table: Table | None = None
        self._pointer: Pointer | None = None
        self._why = "it was not built yet"

    def table(self, wall_us: int, market_us: int) -> Table:
        """Give the current table; Unavailable names the cause where there is none to trust.

        It must be of the very moment ``market_us`` (a standing replay's), or no older than `trusted_s`.
        """
        now = self._clock.monotonic()
        if now >= self._look_due:
            self._look_due = now + LOOK_S
            self._look()
        if self._table is None or self._pointer is None:
            raise self._unavailable(self._why)
        age_s = (wall_us - self._pointer.facts.built_us) / 1e6
        if self._pointer.facts.market_us != market_us and age_s > trusted_s(self._pointer.refresh_s):
            raise self._unavailable(f"it is {age_s:.0f} s old, and nothing refreshes it")
        return self._table

    def _look(self) -> None:
        path = _pointer_path(self._folder, self._market)
        try:
            stat = path.stat()
        except FileNotFoundError:
            self._forget("it was not built yet")
            return
        seen = stat.st_mtime_ns, stat.st_ino, stat.st_size
        if seen == self._seen:
            return
        self._seen = seen
        pointer = read_pointer(self._folder, self._market)
        if pointer is None:
            self._forget(f"{path.name} can't be read")
        elif pointer.fingerprint != self._fingerprint:
            self._forget("it is of another configuration or clock, and not built anew yet")
        else:
            self._load(pointer)

    def _load(self, pointer: Pointer) -> None:
        try:
            self._table, self._pointer = _load(self._folder / pointer.file, pointer), pointer
        except (OSError, ValueError) as error:
            self._forget(f"{pointer.file} is no whole table: {error}")

    def _forget(self, why: str) -> None:
        self._table, self._pointer, self._why = None, None, why
        self._seen = ()

    def _unavailable(self, why: str) -> Unavailable:
        status = read_status(self._folder).get("markets", {}).get(self._market, {})
        doing = status.get("doing") or "no refresher works on it: `tacore worker spawn` starts one"
        return Unavailable(
            f"the feature table of {self._market} can't be used: {why}; {doing}",
            details={"market": self._market, "reason": why, "refresher": status},
        )


def trusted_s(refresh_s: float) -> float:
    """Give how old a live market's table may be: ten refreshes, and at least a minute."""
    return max(60.0, 10 * refresh_s)


def _pointer_path(folder: Path, market: str) -> Path:
    return folder / f"{market}.json"


def frame_of(table: Table) -> "pl.DataFrame":
    """Give a table as a Polars frame, its columns in the order of the file."""
    import polars as pl  # noqa: PLC0415 - 20 MB that only the writer needs

    return pl.DataFrame(
        {
            **{name: pl.Series(table.texts[name], dtype=pl.String) for name in TEXTS},
            **{_EXACT.format(name): pl.Series(table.exact[name], dtype=pl.String) for name in EXACT},
            "as_of_us": table.as_of_us,
            **table.numbers,
        }
    )


def _write(path: Path, frame: "pl.DataFrame") -> tuple[int, int]:
    import polars as pl  # noqa: PLC0415 - as above

    temporary = path.with_suffix(".arrow.tmp")
    with temporary.open("wb") as file:
        frame.write_ipc(file, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    check = _check(temporary)
    temporary.replace(path)
    return size, check


def _load(path: Path, pointer: Pointer) -> Table:
    if path.stat().st_size != pointer.size:
        raise ValueError(f"it has {path.stat().st_size} bytes instead of {pointer.size}")
    if _check(path) != pointer.check:
        raise ValueError("its checksum is wrong")
    found = ArrowFile(path)
    if found.rows != pointer.rows:
        raise ValueError(f"it has {found.rows} rows instead of {pointer.rows}")
    return Table(
        facts=pointer.facts,
        texts={name: found.texts() for name in TEXTS},
        exact={name: found.texts() for name in EXACT},
        as_of_us=found.wholes(),
        numbers={name: found.reals() for name in pointer.numbers},
    )


def _check(path: Path) -> int:
    """Give a checksum of a whole file, a piece at a time."""
    found = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            found = zlib.crc32(piece, found)
    return found
