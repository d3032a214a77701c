"""Names with their values, one below the other."""

from collections.abc import Iterable, Sequence

from tacore.tui.figures import clean
from tacore.tui.lines import Line, Part, line

NAME_WIDTH = 13


def facts(told: Sequence[tuple[str, str, str]]) -> Iterable[Line]:
    """Write names, values and the values' tones; the values begin in one column."""
    wide = max(NAME_WIDTH, *(len(name) for name, _, _ in told))
    for name, value, tone in told:
        yield line(Part(f"{name.replace('_', ' '):<{wide}} ", "dim"), Part(clean(value), tone))
