"""The exchanges' calendars, computed once for all tests: a fresh home would compute its own, in seconds."""

import os
import shutil
import tempfile
from pathlib import Path

from tacore.market.calendars import Calendars

SHARED = Path(tempfile.gettempdir()) / f"tacore-tests-{os.getuid()}" / "calendars"


def keep_calendars(home: Path, *markets: str) -> None:
    """Put the calendars of some markets, else of the US, under a home."""
    shared = Calendars(SHARED)
    for market in markets or ("US",):
        shared.sessions(market, simulated=False)
    shutil.copytree(SHARED, home / "data" / "calendars", dirs_exist_ok=True)
