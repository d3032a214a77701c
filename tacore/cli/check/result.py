"""What a check comes to."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tacore.cli.check.ranges import Range

OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
SEVERITY = (OK, UNKNOWN, WARNING, CRITICAL)
"""From the least to the worst: what is known to be bad outweighs what is not known."""


class Metric(NamedTuple):
    """A number that was measured; ``unit`` is Nagios' own (s, ms, %, or none), as are the ranges."""

    name: str
    value: float
    unit: str = ""
    warn: Range | None = None
    crit: Range | None = None
    label: tuple[str, str] | None = None

    @property
    def state(self) -> int:
        """Judge it by its ranges."""
        if self.crit is not None and self.crit.alerts(self.value):
            return CRITICAL
        return WARNING if self.warn is not None and self.warn.alerts(self.value) else OK


class Result(NamedTuple):
    """One check: its state, what to say of it in a line, and what was measured."""

    check: str
    state: int
    said: str
    metrics: Sequence[Metric] = ()


def worst(states: Iterable[int]) -> int:
    """Give the state of several checks together."""
    return max(states, key=SEVERITY.index)
