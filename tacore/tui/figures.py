"""Figures as a screen writes them: short, and of a known width."""

import itertools
import math
from datetime import UTC, datetime

NONE = "-"
_STEPS = ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s"))
_LARGE = ((1e9, "G"), (1e6, "M"), (1e4, "k"))


def span(seconds: float | None) -> str:
    """Write a time that has passed: 0.4s, 12s, 3m 04s, 2h 15m, 3d 4h."""
    if seconds is None:
        return NONE
    for size, unit, small, small_unit in _STEPS:
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole}{unit} {rest // small:02}{small_unit}"
    return f"{seconds:.0f}s" if seconds >= 10 else f"{seconds:.1f}s"  # noqa: PLR2004 - one digit


def window(seconds: int) -> str:
    """Write a window: 10 s, 5 min, 1 h."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ms(value: float | None) -> str:
    """Write milliseconds with about three digits; from ten seconds on as seconds."""
    if value is None:
        return NONE
    if value >= 10_000:  # noqa: PLR2004 - five digits say no more
        return f"{value / 1000:.1f}s"
    return f"{value:.{max(0, min(2, 2 - _digits(value)))}f}"


def rate(value: float) -> str:
    """Write answers a second."""
    return f"{value:.{max(0, min(2, 2 - _digits(value)))}f}" if value else "0"


def count(value: float) -> str:
    """Write a count; large ones with k, M or G."""
    for size, unit in _LARGE:
        if value >= size:
            scaled = value / (size if unit != "k" else 1e3)
            return f"{scaled:.{max(0, 2 - _digits(scaled)) and 1}f}{unit}"
    return f"{value:.0f}"


def share(value: float) -> str:
    """Write a share from 0 to 1 as per cent; the least above nothing is <0.1%."""
    percent = value * 100
    if 0 < percent < 0.1:  # noqa: PLR2004
        return "<0.1%"
    return f"{percent:.0f}%" if percent == 0 or percent >= 10 else f"{percent:.1f}%"  # noqa: PLR2004


def clock(at_s: float) -> str:
    """Write a moment's time of day, UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%H:%M:%SZ")


def moment(at_s: float) -> str:
    """Write a moment, UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def clean(value: object) -> str:
    """Write anything in one line that moves no terminal's cursor."""
    text = value if isinstance(value, str) else str(value)
    return text if text.isprintable() else "".join(each if each.isprintable() else "·" for each in text)


def spark(values: tuple[float, ...], width: int) -> str:
    """Draw values as bars over nothing, each column the largest of what it covers; zero is a line."""
    if not values or width <= 0:
        return ""
    top = max(values) or 1.0
    edges = [at * len(values) // width for at in range(width + 1)]
    columns = [max(values[low : max(high, low + 1)]) for low, high in itertools.pairwise(edges)]
    return "".join(BARS[math.ceil(each / top * (len(BARS) - 1))] for each in columns)


BARS = "▁▂▃▄▅▆▇█"


def _digits(value: float) -> int:
    """Count the digits before the point, less one."""
    return math.floor(math.log10(value)) if value >= 1 else 0
