"""A table that draws only what is seen, and whose cursor stays on its row whatever comes and goes."""

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tacore.tui.messages import RowChosen, Scrolled, SortChosen
from tacore.tui.table import Cell, Fit, Order, Row, Table, fit

NEAR_END = 20
"""So many rows before the last are near the end."""
HEADER = 1
BELOW = 2
"""The line on which a text begins that stands in the place of rows."""


class Grid(ScrollView, can_focus=True):
    """Shows the rows that it is given; the first line is the header.

    A stream's rows come on top: while ``following`` the cursor stays on the newest, else the rows in sight
    stay where they are.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--header",
        "grid--cursor",
        "grid--good",
        "grid--warn",
        "grid--bad",
        "grid--dim",
        "grid--empty",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Row above", show=False),
        Binding("down,j", "move(1)", "Row below", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First row; follow again", show=False),
        Binding("end,G", "last", "Last row", show=False),
        Binding("enter", "choose", "Details"),
    ]

    def __init__(self, table: Table, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.table = table
        self.order = table.first
        self.following = table.stream
        self.rows: Sequence[Row] = ()
        self.empty = ""
        self._cursor = 0
        self._places: dict[str, int] = {}

    # -- what it shows -----------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """Give the row under the cursor."""
        return self.rows[self._cursor] if self.rows else None

    @property
    def cursor(self) -> int:
        """Give the cursor's place, from 0."""
        return self._cursor

    def put(self, rows: Sequence[Row], empty: str = "") -> None:
        """Show other rows, or a text where there are none."""
        under = self.row
        self.rows, self.empty = rows, empty
        self._places = {row.key: at for at, row in enumerate(rows)}
        before = self._cursor
        if self.following:
            self._cursor = 0
        elif under is not None:
            self._cursor = self._places.get(under.key, min(before, max(0, len(rows) - 1)))
        self._resize_to()
        if self.following:
            self.scroll_to(y=0, animate=False, immediate=True)
        elif self.table.stream:
            shift = self._cursor - before
            self.scroll_to(y=self.scroll_offset.y + shift, animate=False, immediate=True)
        self._into_sight()
        self.refresh()

    def follow(self, *, on: bool) -> None:
        """Stay on the newest row, or where the cursor is."""
        self.following = on and self.table.stream
        if on:
            self._go(0)

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; tell whether it is there."""
        if key not in self._places:
            return False
        self._go(self._places[key])
        return True

    # -- keys and mouse ----------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self._go(self._cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by as many rows as are in sight."""
        self._go(self._cursor + step * max(1, self._room - 1))

    def action_first(self) -> None:
        """Go to the first row; a stream is followed again."""
        self.following = self.table.stream
        self._go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._go(len(self.rows) - 1)

    def action_choose(self) -> None:
        """Ask for the details of the row under the cursor."""
        if self.row is not None:
            self.post_message(RowChosen(self.table.name, self.row.key))

    def on_click(self, event: events.Click) -> None:
        """Choose a row, or on the header a column to sort by."""
        if event.y == 0:
            column = self._column_at(event.x)
            if column is not None:
                self.post_message(SortChosen(self.table.name, column))
            return
        at = self.scroll_offset.y + event.y - HEADER
        if at < len(self.rows):
            again = at == self._cursor
            self._go(at)
            if again:
                self.action_choose()

    def on_resize(self) -> None:
        """Lay out anew."""
        self._resize_to()
        self._into_sight()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow no more where somebody scrolled."""
        super().watch_scroll_y(old_value, new_value)
        if new_value > 0 and self.following:
            self.following = False
            self._tell()

    def _go(self, place: int) -> None:
        place = min(max(0, place), max(0, len(self.rows) - 1))
        if place > 0:
            self.following = False
        self._cursor = place
        self._into_sight()
        self.refresh()
        self._tell()

    def _tell(self) -> None:
        near_end = self._cursor >= len(self.rows) - NEAR_END
        self.post_message(Scrolled(self.table.name, at_top=self._cursor == 0, near_end=near_end))

    # -- drawing -----------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is in sight."""
        width = self._width
        laid = fit(self.table.columns, width)
        if y == 0:
            return self._header(laid, width)
        at = self.scroll_offset.y + y - HEADER
        if at < len(self.rows):
            return self._line(self.rows[at], laid, width, under=at == self._cursor)
        told = _wrapped(self.empty, width - 2) if not self.rows else []
        if 0 <= y - BELOW < len(told):
            style = self.get_component_rich_style("grid--empty")
            return Strip([Segment(f" {told[y - BELOW]}", style)]).adjust_cell_length(width, self.rich_style)
        return Strip.blank(width, self.rich_style)

    def _header(self, laid: Fit, width: int) -> Strip:
        style = self.get_component_rich_style("grid--header")
        parts = []
        for at, wide in zip(laid.columns, laid.widths, strict=True):
            column = self.table.columns[at]
            mark = _mark(self.order) if column.name == self.order.column else ""
            title = (
                column.title if cell_len(column.title + mark) <= wide else column.title[: wide - len(mark)]
            )
            parts.append(Segment(_fitted(title + mark, wide, right=column.right), style))
        return self._strip(parts, laid, width, style)

    def _line(self, row: Row, laid: Fit, width: int, *, under: bool) -> Strip:
        cursor = self.get_component_rich_style("grid--cursor") if under else None
        parts = [
            Segment(
                _fitted(row.cells[at].text, wide, right=self.table.columns[at].right),
                cursor or self._style(row.cells[at]),
            )
            for at, wide in zip(laid.columns, laid.widths, strict=True)
        ]
        return self._strip(parts, laid, width, cursor or self.rich_style)

    def _strip(self, parts: list[Segment], laid: Fit, width: int, style: Style) -> Strip:
        gap = Segment(" " * laid.gap, style)
        spread = [each for part in parts for each in (part, gap)]
        return Strip(spread[:-1]).adjust_cell_length(width, style)

    def _style(self, cell: Cell) -> Style:
        return self.get_component_rich_style(f"grid--{cell.tone}") if cell.tone else self.rich_style

    # -- places ------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _room(self) -> int:
        return max(1, self.scrollable_content_region.height - HEADER)

    def _resize_to(self) -> None:
        self.virtual_size = Size(self._width, len(self.rows) + HEADER)

    def _into_sight(self) -> None:
        top, at = self.scroll_offset.y, self._cursor
        if at < top:
            self.scroll_to(y=at, animate=False, immediate=True)
        elif at >= top + self._room:
            self.scroll_to(y=at - self._room + 1, animate=False, immediate=True)

    def _column_at(self, x: int) -> str | None:
        laid = fit(self.table.columns, self._width)
        left = 0
        for at, wide in zip(laid.columns, laid.widths, strict=True):
            if Region(left, 0, wide + laid.gap, 1).contains(x, 0):
                return self.table.columns[at].name
            left += wide + laid.gap
        return None


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, max(1, width))]


def _mark(order: Order) -> str:
    return "▼" if order.descending else "▲"


def _fitted(text: str, width: int, *, right: bool) -> str:
    length = cell_len(text)
    if length > width:
        return f"{set_cell_size(text, width - 1)}…"
    pad = " " * (width - length)
    return pad + text if right else text + pad
