"""What a history folder holds."""

from pathlib import Path
from typing import Any

from tacore.errors import Unavailable
from tacore.market.files.folder import files_in
from tacore.market.files.series import read_series
from tacore.market.hours import HOURS


def held(folder: Path, market: str) -> list[dict[str, Any]]:
    """Give symbol, from, to, rows, file and what is wrong (null if nothing) of each file, by symbol."""
    return [_row(symbol, path, market) for symbol, path in files_in(folder, market).items()]


def _row(symbol: str, path: Path, market: str) -> dict[str, Any]:
    try:
        sessions = read_series(path, HOURS[market], "files").sessions
    except Unavailable as error:
        return {
            "symbol": symbol,
            "from": None,
            "to": None,
            "rows": 0,
            "problem": error.message,
            "file": str(path),
        }
    first, last = (sessions[0], sessions[-1]) if sessions else (None, None)
    return {
        "symbol": symbol,
        "from": first,
        "to": last,
        "rows": len(sessions),
        "problem": None,
        "file": str(path),
    }
