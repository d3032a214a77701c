"""Every key, taken from where it is bound, and how filters are written."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tacore.tui.lines import Line, Part, line
from tacore.tui.screens.confirm import ConfirmScreen
from tacore.tui.screens.detail import DetailScreen
from tacore.tui.screens.keys import KEYS, ONLY_ON
from tacore.tui.widgets.filter import FilterLine
from tacore.tui.widgets.grid import Grid
from tacore.tui.widgets.tones import content

FILTERS = (
    ("method:NAME status:error worker:ID", "Requests: only these; words are looked for in params and answer"),
    ("id:ID since:5m until:1m watchers:yes", "Requests: more of it; watchers are screens like this one"),
    ("state:busy pool:fast", "the other tabs: a column's title and what it contains"),
    ("word", "any tab: rows that have it; several words must all be there"),
)
NAMES = {
    "slash": "/",
    "space": "space",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "escape": "esc",
}
WIDTH = 15


def sections(app: Sequence[BindingType]) -> list[tuple[str, list[Binding]]]:
    """Give all bindings with a title for each place they work in."""
    return [
        ("Everywhere", _bindings(app)),
        ("Tables", _bindings([*KEYS, *Grid.BINDINGS])),
        ("While a filter is typed", _bindings(FilterLine.BINDINGS)),
        ("Details", _bindings(DetailScreen.BINDINGS)),
        ("Before something is done", _bindings(ConfirmScreen.BINDINGS)),
    ]


def lines(app: Sequence[BindingType]) -> Iterable[Line]:
    """Write it."""
    for title, bindings in sections(app):
        yield line(Part(title, "head"))
        for each in bindings:
            where = ONLY_ON.get(each.action.partition("(")[0])
            told = f"  ({', '.join(where)})" if where and title == "Tables" else ""
            yield line(
                Part(f"  {keys(each):<{WIDTH}} ", "strong"),
                Part(each.tooltip or each.description),
                Part(told, "dim"),
            )
        yield line()
    yield line(Part("Filters", "head"))
    for text, told in FILTERS:
        yield line(Part(f"  {text}", "strong"))
        yield line(Part(f"      {told}", "dim"))


def keys(binding: Binding) -> str:
    """Write a binding's keys as they are on a keyboard."""
    return " ".join(NAMES.get(each, each) for each in binding.key.split(","))


def _bindings(given: Iterable[BindingType]) -> list[Binding]:
    return [each for each in given if isinstance(each, Binding)]


class HelpScreen(ModalScreen[None]):
    """Shows it above the table."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter,f1", "leave", "Back")]

    def __init__(self, app: Sequence[BindingType]) -> None:
        super().__init__()
        self._keys = app

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="help"):
            yield Static(content(lines(self._keys)))

    def on_mount(self) -> None:
        """Let it be scrolled by keys."""
        self.query_one("#help").focus()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()
