"""A row's details, laid out."""

from collections.abc import Sequence
from typing import NamedTuple

from tacore.tui.lines import Line


class Sheet(NamedTuple):
    """A row's details, laid out for a width, and the command that shows or does the same."""

    title: str
    lines: Sequence[Line]
    command: str
