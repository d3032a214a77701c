"""What `tacore up` says of the feature tables while this host's refresher computes them."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tacore import runfiles
from tacore.market.features.status import read_status

LOOK_S = 1.0
SAY_S = 10.0


class Building:
    """Looks at what the refresher tells, until every market has its whole table.

    Lines, and no bar: the log lines of other processes go to the same terminal.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._look_at = self._say_at = 0.0
        self._began: float | None = None
        self._said = ""

    def turn(self, now: float) -> None:
        """Look, not too often; ``now`` is a monotonic time in seconds."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        told = read_status(self._folder)
        markets: Mapping[str, Mapping[str, Any]] = told.get("markets", {})
        if not markets or runfiles.process_of(told) is None:
            return
        if all(each.get("full") for each in markets.values()):
            self._look_at = math.inf
            if self._began is not None:
                self._say(
                    f"feature tables: all {len(markets)} markets are ready, {now - self._began:.0f} s later"
                )
        elif now >= self._say_at:
            self._tell(told["pid"], markets, now)

    def _tell(self, pid: int, markets: Mapping[str, Mapping[str, Any]], now: float) -> None:
        text = how_far(markets)
        if text == self._said:
            return
        self._said, self._say_at = text, now + SAY_S
        by = "" if self._began is not None else f" (the refresher computes them, pid {pid})"
        self._began = now if self._began is None else self._began
        self._say(f"feature tables: {text}{by}")


def how_far(markets: Mapping[str, Mapping[str, Any]]) -> str:
    """Say how many markets are ready, and of each other one what is done for it."""
    left: dict[str, list[str]] = {}
    for name, each in markets.items():
        if not each.get("full"):
            left.setdefault(str(each.get("doing", "")), []).append(name)
    ready = len(markets) - sum(map(len, left.values()))
    doing = "; ".join(f"{', '.join(names)}: {what}" for what, names in left.items())
    return f"{ready} of {len(markets)} markets ready; {doing}"
