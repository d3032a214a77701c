"""Thresholds as Nagios plugins write them (monitoring-plugins.org/doc/guidelines.html, threshold format)."""

import math
from typing import NamedTuple

from tacore.cli.exits import Usage

ALLOWED = "10 (alert outside 0 to 10), 10: (below 10), ~:10 (above 10), 10:20 (outside), @10:20 (inside)"


class Range(NamedTuple):
    """Where a value is well, ends included; ``inside`` alerts there instead. ``text`` is as it was typed."""

    low: float
    high: float
    inside: bool
    text: str

    def alerts(self, value: float) -> bool:
        """Tell whether a value is to be alerted of."""
        return (self.low <= value <= self.high) == self.inside


def parse(option: str, text: str) -> Range:
    """Read a range; Usage says what is allowed."""
    inside = text.startswith("@")
    first, colon, last = text.removeprefix("@").partition(":")
    try:
        low = (-math.inf if first == "~" else float(first)) if colon else 0.0
        high = float(last or "inf") if colon else float(first)
    except ValueError:
        raise _wrong(option, text) from None
    if math.isnan(low) or math.isnan(high) or low > high:
        raise _wrong(option, text)
    return Range(low, high, inside, text)


def _wrong(option: str, text: str) -> Usage:
    return Usage(f"{option} is a range like {ALLOWED}, not {text!r}")
