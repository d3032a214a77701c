"""Daily history on disk: what was computed or fetched once is read back, and only new sessions are asked for.

A market's instruments are kept in pieces, each an array file and a description; a piece that is there is
whole, so that filling goes on where it was broken off.
"""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from tacore.market.features.table import SESSIONS
from tacore.model import Instrument
from tacore.model.history import History
from tacore.ports import MarketDataProvider
from tacore.runfiles import write_whole

PIECE = 64
"""Instruments fetched at once: it bounds how long nothing else happens meanwhile."""
_NAMES = ("open", "high", "low", "close", "volume", "adjusted_close")


class _About(msgspec.Struct, kw_only=True):
    """What a piece holds.

    ``through`` is the market's last session when it was brought up to date, ``revision`` its provider's then.
    """

    symbols: tuple[str, ...]
    sources: tuple[str, ...]
    simulated: tuple[bool, ...]
    days: list[str]
    through: str
    revision: str = ""


class _AsOf(NamedTuple):
    """How new a piece is: the market's last session, and the provider's revision."""

    through: str
    revision: str


class Sessions:
    """The sessions of one market's instruments, brought up to date in steps."""

    def __init__(self, folder: Path, market: str, fingerprint: str) -> None:
        self._root = folder
        self._folder = folder / f"{market}-sessions-{fingerprint}"
        self._market = market
        self._parts: dict[int, History] = {}
        self._as_of: dict[int, _AsOf] = {}

    def parts(self) -> list[History]:
        """Give what is there, in the instruments' order."""
        return [self._parts[number] for number in sorted(self._parts)]

    def bring_up(
        self, provider: MarketDataProvider, instruments: Sequence[Instrument], now: datetime
    ) -> Iterator[float]:
        """Get what is missing as of ``now``; yields the part done, 0 to 1, after each piece."""
        if not self._folder.is_dir():
            for old in self._root.glob(f"{self._market}-sessions-*"):
                shutil.rmtree(old, ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True)
        revision = provider.revision(self._market)  # first: what changes while it is read has another
        pieces = [instruments[first : first + PIECE] for first in range(0, len(instruments), PIECE)]
        probe = provider.history(instruments[:1], now=now, sessions=SESSIONS, closes_only=True)
        calendar = [str(day) for day in probe.sessions]
        wanted = _AsOf(calendar[-1] if calendar else "", revision)
        for number in [each for each in self._parts if each >= len(pieces)]:
            del self._parts[number]
        for number, piece in enumerate(pieces):
            if self._bring_up(number, piece, provider, now, calendar, wanted):
                yield (number + 1) / len(pieces)

    def _bring_up(
        self,
        number: int,
        piece: Sequence[Instrument],
        provider: MarketDataProvider,
        now: datetime,
        calendar: Sequence[str],
        wanted: _AsOf,
    ) -> bool:
        """Bring one piece up to date; tell whether that took anything."""
        symbols = tuple(each.symbol for each in piece)
        if number not in self._parts:
            self._read(number, symbols)
        held, is_of = self._parts.get(number), self._as_of.get(number, wanted)
        if held is not None and (held.symbols != symbols or is_of.revision != wanted.revision):
            held = None
        if held is not None and is_of == wanted:
            return False
        found = None
        if held is not None and is_of.through and is_of.through < wanted.through:
            since = sum(day > is_of.through for day in calendar)
            if since < SESSIONS:
                found = extended(held, provider.history(piece, now=now, sessions=since + 1))
        if found is None:
            found = provider.history(piece, now=now, sessions=SESSIONS)
        self._parts[number], self._as_of[number] = found, wanted
        self._write(number, found, wanted)
        return True

    def _read(self, number: int, symbols: tuple[str, ...]) -> None:
        try:
            about = msgspec.json.decode(self._path(number, "json").read_bytes(), type=_About)
            values = np.load(self._path(number, "npy"), mmap_mode="r")
        except (OSError, ValueError):  # msgspec's errors are ValueErrors
            return
        if about.symbols != symbols or values.shape != (len(_NAMES), len(symbols), len(about.days)):
            return
        days = np.array(about.days, dtype="datetime64[D]")
        self._parts[number] = History(about.symbols, about.sources, about.simulated, days, *values)
        self._as_of[number] = _AsOf(about.through, about.revision)

    def _write(self, number: int, found: History, as_of: _AsOf) -> None:
        path, temporary = self._path(number, "npy"), self._path(number, "tmp.npy")
        self._path(number, "json").unlink(missing_ok=True)  # the description goes first and comes last
        np.save(temporary, np.stack([getattr(found, name) for name in _NAMES]))
        temporary.replace(path)
        about = _About(
            symbols=found.symbols,
            sources=found.sources,
            simulated=found.simulated,
            days=[str(day) for day in found.sessions],
            through=as_of.through,
            revision=as_of.revision,
        )
        write_whole(self._path(number, "json"), msgspec.json.encode(about).decode())
        self._read(number, found.symbols)  # mapped, so that memory holds only what is looked at

    def _path(self, number: int, kind: str) -> Path:
        return self._folder / f"{number:05d}.{kind}"


def extended(held: History, newer: History) -> History | None:
    """Put newer sessions behind those held; None where the two disagree on a session that both have.

    They do after a split or a dividend, which change adjusted closes all the way back.
    """
    common, ours, theirs = np.intersect1d(held.sessions, newer.sessions, return_indices=True)
    if not len(common):
        return None
    for name in ("close", "adjusted_close"):
        if not np.array_equal(getattr(held, name)[:, ours], getattr(newer, name)[:, theirs], equal_nan=True):
            return None
    fresh = newer.sessions > held.sessions[-1]
    columns = (
        np.concatenate([getattr(held, name), getattr(newer, name)[:, fresh]], axis=1)[:, -SESSIONS:]
        for name in _NAMES
    )
    days = np.concatenate([held.sessions, newer.sessions[fresh]])[-SESSIONS:]
    return History(newer.symbols, newer.sources, newer.simulated, days, *columns)
