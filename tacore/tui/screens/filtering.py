"""The main screen's filter, order and window, and the way back."""

from textual.timer import Timer

from tacore.tui.messages import FilterLeft, FilterTyped, SortChosen
from tacore.tui.screens.boards import REQUESTS
from tacore.tui.screens.looking import LookingScreen
from tacore.tui.snapshot import WINDOWS_S, Snapshot

TYPING_S = 0.12
"""A filter of requests is looked up when no key came for so long."""
ONLY_ERRORS = "status:error"


class FilteringScreen(LookingScreen):
    """Chooses which rows are seen, and in which order."""

    def __init__(self, tab: str, text: str, snapshot: Snapshot) -> None:
        super().__init__(tab, text, snapshot)
        self._came_from: list[tuple[str, str]] = []
        self._typing: Timer | None = None

    def action_requests_of(self) -> None:
        """Show the requests of the worker or method under the cursor; Esc comes back."""
        row, name = self.board.grid.row, self.board.table.name
        if row is None:
            return
        self._came_from.append((name, self._boards.all[REQUESTS].text))
        self.action_tab(REQUESTS)
        self.set_filter(f"{'worker' if name == 'workers' else 'method'}:{row.key}")

    def action_back(self) -> None:
        """Undo the last step: where one came from, the filter, the place in the table."""
        if self._came_from and self.board.table.name == REQUESTS:
            name, text = self._came_from.pop()
            self.set_filter(text)
            self.action_tab(name)
        elif self.board.text:
            self.set_filter("")
        else:
            self.board.grid.action_first()
        self._draw()

    # -- filter, order, window ---------------------------------------------------------------------

    def action_filter(self) -> None:
        """Let a filter be typed."""
        self._show_filter(on=True)
        self._line.focus()
        self._line.cursor_position = len(self._line.value)

    def on_filter_typed(self, message: FilterTyped) -> None:
        """Filter by what was typed so far."""
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        if message.done:
            self.set_filter(message.text)
            self.board.grid.focus()
        elif self.board.table.name == REQUESTS:
            self._typing = self.set_timer(TYPING_S, lambda: self._apply(message.text))
        else:
            self._apply(message.text)

    def on_filter_left(self, _message: FilterLeft) -> None:
        """Forget the filter."""
        self.set_filter("")
        self.board.grid.focus()

    def action_only_errors(self) -> None:
        """Show only requests that failed, or all again."""
        words = self.board.text.split()
        if ONLY_ERRORS in words:
            words.remove(ONLY_ERRORS)
        else:
            words.append(ONLY_ERRORS)
        self.set_filter(" ".join(words))

    def action_sort(self) -> None:
        """Order by the next column."""
        self.board.next_column()
        self._draw()

    def action_turn(self) -> None:
        """Turn the order round."""
        self.board.turn()
        self._draw()

    def on_sort_chosen(self, message: SortChosen) -> None:
        """Order by the column that was clicked on."""
        self._boards.all[message.table].order_by(message.column)
        self._draw()

    def action_window(self) -> None:
        """Take the next window."""
        now = self.top.feed.wanted.window_s
        place = WINDOWS_S.index(now) if now in WINDOWS_S else -1
        self.top.feed.want(window_s=WINDOWS_S[(place + 1) % len(WINDOWS_S)])
