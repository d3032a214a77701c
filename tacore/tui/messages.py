"""What widgets and screens tell each other."""

from dataclasses import dataclass

from textual.message import Message

from tacore.tui.actions import Action
from tacore.tui.snapshot import Snapshot


@dataclass
class Seen(Message):
    """The service was looked at."""

    snapshot: Snapshot


@dataclass
class RowChosen(Message):
    """Somebody wants to see a row's details."""

    table: str
    key: str


@dataclass
class Scrolled(Message):
    """The cursor moved; ``at_top`` is on the first row, ``near_end`` on one of the last."""

    table: str
    at_top: bool
    near_end: bool


@dataclass
class SortChosen(Message):
    """Somebody clicked on a column's title."""

    table: str
    column: str


@dataclass
class TabChosen(Message):
    """Somebody wants another tab."""

    name: str


@dataclass
class FilterTyped(Message):
    """The filter line has another text; ``done`` where Enter ended it."""

    text: str
    done: bool


@dataclass
class FilterLeft(Message):
    """Somebody left the filter line without wanting its text."""


@dataclass
class ActionConfirmed(Message):
    """Somebody said yes to an action."""

    action: Action
