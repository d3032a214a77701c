"""The folder of a market's history: which symbols it has, in which file, and what is known of each."""

import csv
import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tacore.errors import Unavailable
from tacore.market.hours import CURRENCY
from tacore.market.symbols import canonical
from tacore.model import Instrument

LISTING = "instruments.csv"
_ENDINGS = (".parquet", ".csv", ".csv.gz")  # of two files of one symbol the first is taken
_SAFE = re.compile(r"[A-Z0-9][A-Z0-9./^=_-]{0,31}")


def file_of(folder: Path, symbol: str) -> Path:
    """Give where a symbol's history is written; a pair's slash becomes a dash (BTC-USDT.parquet)."""
    if not _SAFE.fullmatch(symbol) or ".." in symbol:
        raise ValueError(f"{symbol!r} is no symbol")
    return folder / f"{symbol.replace('/', '-')}{_ENDINGS[0]}"


def stem_of(path: Path) -> str | None:
    """Give a price file's name without its ending; None where it is no price file."""
    if path.name == LISTING or path.name.startswith("."):
        return None
    ending = next((each for each in _ENDINGS if path.name.lower().endswith(each)), None)
    return path.name[: -len(ending)] if ending else None


def files_in(folder: Path, market: str) -> dict[str, Path]:
    """Give the files by symbol, ordered; nothing where the folder is not there."""
    found: dict[str, Path] = {}
    if not folder.is_dir():
        return {}
    for path in sorted(folder.iterdir(), key=_preference):
        if (stem := stem_of(path)) is not None:
            found.setdefault(canonical(stem, market), path)
    return dict(sorted(found.items()))


def instruments_in(folder: Path, market: str, files: Mapping[str, Path]) -> dict[str, Instrument]:
    """Give the instruments of the files, with what the listing says of them."""
    listed = _listing(folder / LISTING, market)
    return {
        symbol: Instrument(
            symbol=symbol,
            market=market,
            name=listed.get(symbol, {}).get("name") or symbol,
            currency=listed.get(symbol, {}).get("currency") or CURRENCY[market],
            sector=listed.get(symbol, {}).get("sector") or None,
        )
        for symbol in files
    }


def revision_of(folder: Path) -> str:
    """Name the state of a folder by the names, sizes and times of its files; empty where it is not there."""
    seen = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # it went away meanwhile, or leads nowhere
                if not entry.name.startswith("."):  # what is being written is not there yet
                    stat = entry.stat()
                    seen.append((entry.name, stat.st_size, stat.st_mtime_ns))
    return hashlib.sha256(repr(sorted(seen)).encode()).hexdigest()[:16] if seen else ""


def _preference(path: Path) -> tuple[int, str]:
    return next((i for i, each in enumerate(_ENDINGS) if path.name.lower().endswith(each)), 9), path.name


def _listing(path: Path, market: str) -> dict[str, dict[str, str]]:
    """Read symbol, name, currency and sector; Unavailable where the symbols are not named."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and "symbol" not in rows[0]:
        columns = ", ".join(map(str, rows[0]))
        reason = {"reason": "malformed", "file": str(path)}
        raise Unavailable(f"{path.name} has no column symbol, but {columns}", details=reason, retryable=False)
    return {canonical(row["symbol"], market): row for row in rows}
