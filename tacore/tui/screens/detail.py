"""All there is to know of one row."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from tacore.tui.lines import plain
from tacore.tui.screens.keys import ONLY_ON
from tacore.tui.sheet import Sheet
from tacore.tui.widgets.tones import content

if TYPE_CHECKING:
    from tacore.tui.app import TopApp

SheetOf = Callable[[int], Sheet]
"""Lays a row's details out for a width."""


class DetailScreen(Screen[None]):
    """Shows a sheet, which may be replaced while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Back", key_display="esc"),
        Binding("y", "copy_sheet", "Copy all"),
        Binding("Y", "copy_command", "Copy the command"),
        Binding("n,right", "neighbour(1)", "Next row"),
        Binding("p,left", "neighbour(-1)", "Row before"),
        Binding("c", "cancel", "Cancel"),
        Binding("R", "retry", "Retry"),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
        Binding("g", "ends(-1)", "Top", show=False),
        Binding("G", "ends(1)", "Bottom", show=False),
    ]

    def __init__(self, table: str, key: str, sheet_of: SheetOf) -> None:
        super().__init__()
        self.table, self.key = table, key
        self._sheet_of = sheet_of
        self._title, self._text = Static(id="title"), Static(id="text")

    @property
    def top(self) -> "TopApp":
        """Give the app."""
        return cast("TopApp", self.app)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self._title
        with VerticalScroll(id="sheet"):
            yield self._text
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Let the sheet be scrolled by keys."""
        self.query_one("#sheet").focus()

    def on_resize(self) -> None:
        """Lay the sheet out anew."""
        self._draw()

    def put(self, table: str, key: str, sheet_of: SheetOf) -> None:
        """Show another row, or more of this one."""
        moved = key != self.key
        self.table, self.key, self._sheet_of = table, key, sheet_of
        if self.is_mounted:
            self._draw()
            if moved:
                self.query_one("#sheet").scroll_home(animate=False)

    def action_leave(self) -> None:
        """Go back to the table."""
        self.dismiss()

    def action_copy_sheet(self) -> None:
        """Copy the sheet as text."""
        sheet = self._sheet_of(self._width)
        self.top.copy(f"{sheet.title}\n{plain(sheet.lines)}", "the details")

    def action_copy_command(self) -> None:
        """Copy the command that shows or does the same."""
        command = self._sheet_of(self._width).command
        self.top.copy(command, command)

    def action_neighbour(self, step: int) -> None:
        """Show the row below or above."""
        self.top.show_neighbour(step)

    def action_scroll(self, step: int) -> None:
        """Scroll by a line."""
        self.query_one("#sheet").scroll_relative(y=step, animate=False)

    def action_ends(self, step: int) -> None:
        """Scroll to the top or the bottom."""
        sheet = self.query_one("#sheet")
        sheet.scroll_home(animate=False) if step < 0 else sheet.scroll_end(animate=False)

    def action_cancel(self) -> None:
        """Cancel the order or agent job that is shown."""
        if (row := self.top.main.board.grid.row) is not None and row.key == self.key:
            self.top.cancel(self.table, row.source)

    def action_retry(self) -> None:
        """Take the agent job that is shown up again."""
        if (row := self.top.main.board.grid.row) is not None and row.key == self.key:
            self.top.retry(row.source)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for what is shown."""
        return self.table in ONLY_ON.get(action, (self.table,))

    @property
    def _width(self) -> int:
        return max(40, self.size.width - 4)

    def _draw(self) -> None:
        sheet = self._sheet_of(self._width)
        self._title.update(Content(f" {sheet.title}"))
        self._text.update(content(sheet.lines))
