"""The exchanges' calendars of a home, computed by a child process so that no worker has to hold pandas."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tacore import processes
from tacore.errors import Unavailable
from tacore.market.calendars import Calendars
from tacore.settings.loaded import Loaded

_LONGEST_S = 60.0


def calendars_of(loaded: Loaded) -> Calendars:
    """Give the calendars kept under the home."""
    return Calendars(loaded.settings.data_dir / "calendars", _make)


def serve_calendar(spec: Mapping[str, Any]) -> None:
    """Compute and keep one exchange's sessions, as a child process that ends with its parent."""
    from tacore.market.exchange_sessions import write  # noqa: PLC0415 - numpy

    processes.watch_parent(lambda: os._exit(1))
    write(str(spec["exchange"]), Path(spec["path"]))


def _make(exchange: str, path: Path) -> None:
    child = processes.Child(processes.role_argv("calendar"), {"exchange": exchange, "path": str(path)})
    if not child.wait(_LONGEST_S):
        child.kill()
        child.wait(_LONGEST_S)
    reason = child.reason()
    child.close()
    if not path.exists():
        raise Unavailable(f"the calendar of {exchange} could not be computed: its process {reason}")
