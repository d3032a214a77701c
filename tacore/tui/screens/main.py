"""The main screen: what is done with the row under the cursor."""

from typing import ClassVar

from textual.binding import BindingType

from tacore.tui import actions
from tacore.tui.messages import RowChosen
from tacore.tui.screens.filtering import FilteringScreen
from tacore.tui.screens.keys import KEYS, ONLY_ON


class MainScreen(FilteringScreen):
    """Shows details, copies, and acts."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def on_row_chosen(self, message: RowChosen) -> None:
        """Show a row's details."""
        row = self.board.grid.row
        if row is not None and row.key == message.key:
            self.top.show_details(self.board.table.name, row)

    def action_copy_row(self) -> None:
        """Copy the row's cells, with tabs between them."""
        row = self.board.grid.row
        if row is not None:
            self.top.copy("\t".join(cell.text for cell in row.cells), "the row")

    def action_copy_command(self) -> None:
        """Copy the command that shows or does the same."""
        row = self.board.grid.row
        if row is not None:
            command = self.top.sheet_of(self.board.table.name, row)(80).command
            self.top.copy(command, command)

    def action_restart(self) -> None:
        """Restart the worker under the cursor."""
        if (row := self.board.grid.row) is not None:
            self.top.confirm(actions.restart(row.source))

    def action_drain(self) -> None:
        """End the worker under the cursor."""
        if (row := self.board.grid.row) is not None:
            self.top.confirm(actions.drain(row.source))

    def action_scale(self) -> None:
        """Scale the pool of the worker under the cursor; without one the pool of fast workers."""
        row = self.board.grid.row
        pool = "fast" if row is None else row.source.pool
        chosen = None if row is None else row.source.supervisor
        self.top.confirm(actions.scale(pool, self.top.supervisors(pool), chosen))

    def action_cancel(self) -> None:
        """Cancel the order or agent job under the cursor."""
        if (row := self.board.grid.row) is not None:
            self.top.cancel(self.board.table.name, row.source)

    def action_retry(self) -> None:
        """Take the agent job under the cursor up again."""
        if (row := self.board.grid.row) is not None:
            self.top.retry(row.source)

    def action_halt(self) -> None:
        """Halt trading, or resume it where it is not active."""
        health = self._snapshot.health
        now = None if health is None else health.trading
        self.top.confirm(actions.trading("halted" if now in (None, "active") else "active", now))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense on the tab in sight."""
        return self.board.table.name in ONLY_ON.get(action, (self.board.table.name,))
