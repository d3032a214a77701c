"""What the main screen shows: how the service is, and the table of one tab."""

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer, Static

from tacore.tui.figures import window
from tacore.tui.messages import Scrolled, TabChosen
from tacore.tui.screens.boards import JOBS, REQUESTS, Board, Boards
from tacore.tui.snapshot import Snapshot
from tacore.tui.table import Row
from tacore.tui.widgets.completing import Completing, of_requests
from tacore.tui.widgets.filter import FilterLine
from tacore.tui.widgets.headline import Headline
from tacore.tui.widgets.tabs import TITLES, TabLine
from tacore.tui.widgets.trends import Trends

if TYPE_CHECKING:
    from tacore.tui.app import TopApp

LEAST_WIDTH, LEAST_HEIGHT = 60, 14
BUSY = (("running", "run"), ("queued", "wait"))


class LookingScreen(Screen[None]):
    """Headline, trends, tabs, the table of one tab, and the keys at the bottom."""

    def __init__(self, tab: str, text: str, snapshot: Snapshot) -> None:
        super().__init__()
        self._boards = Boards(tab)
        self._first_text = text
        self._snapshot = self._shown = snapshot
        self.paused = self._ready = False
        self._headline = Headline(id="headline")
        self._trends = Trends(id="trends")
        self._tabs = TabLine(id="tabs")
        self._line = FilterLine(id="filter", placeholder="filter", compact=True)
        self._line.suggester = Completing(lambda: of_requests(self._snapshot))

    @property
    def top(self) -> "TopApp":
        """Give the app."""
        return cast("TopApp", self.app)

    @property
    def board(self) -> Board:
        """Give the tab in sight."""
        return self._boards.now

    @property
    def snapshot(self) -> Snapshot:
        """Give what the tables show: the newest, or where they were paused."""
        return self._shown

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(id="too-small")
        yield self._headline
        yield self._trends
        yield self._tabs
        yield self._line
        yield self._boards
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with the tab and the filter that were asked for."""
        self._ready = True
        self.board.grid.focus()
        if self._first_text:
            self.set_filter(self._first_text)
        self.put(self._snapshot)

    def on_unmount(self) -> None:
        """Show nothing more."""
        self._ready = False

    def on_resize(self) -> None:
        """Say so where there is too little room for anything."""
        width, height = self.size
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        self.set_class(small, "-small")
        told = f"{width} columns by {height} lines are too few: {LEAST_WIDTH} by {LEAST_HEIGHT} are needed"
        self.query_one("#too-small", Static).update(told)

    # -- what is seen ------------------------------------------------------------------------------

    def put(self, snapshot: Snapshot) -> None:
        """Show a snapshot; tables stay as they are while they are paused."""
        self._snapshot = snapshot
        if not self._ready:
            return
        self._headline.put(snapshot)
        self._trends.put(snapshot)
        if not self.paused:
            self._shown = snapshot
            self.board.draw(snapshot)
        self._note()

    def neighbour(self, step: int) -> Row | None:
        """Move the cursor and give the row that is under it then."""
        self.board.grid.action_move(step)
        return self.board.grid.row

    def _draw(self) -> None:
        self.board.draw(self._shown)
        self._note()
        self.refresh_bindings()

    def _note(self) -> None:
        self._tabs.put(self.board.table.name, self._notes())

    def _notes(self) -> tuple[tuple[str, str], ...]:
        board, shown = self.board, self._shown
        found: list[tuple[str, str]] = []
        if board.problem:
            return ((f"{board.problem} ", "$text-error"),)
        if self.paused:
            found.append((" PAUSED ", "bold reverse $warning"))
        if board.table.stream and not shown.past:
            found.append((" following " if board.grid.following else " f follows ", "$foreground-muted"))
        if not board.table.stream:
            found.append((f" w {window(shown.window_s)} ", "$foreground-muted"))
        if board.error(shown) and board.grid.rows:
            found.append((" stale ", "$text-error"))
        if board.table.name == REQUESTS and shown.skipped:
            found.append((f" {shown.skipped} not shown ", "$text-warning"))
        told = [f" {len(board.grid.rows)} rows "]
        if board.table.name == JOBS and shown.job_counts:
            busy = [(shown.job_counts.get(state), word) for state, word in BUSY]
            told = [f"{number} {word} " for number, word in busy if number] or told
        return (*found, *((each, "$foreground-muted") for each in told))

    # -- tabs --------------------------------------------------------------------------------------

    def action_tab(self, name: str) -> None:
        """Show another tab."""
        self._boards.choose(name)
        self._show_filter(on=bool(self.board.text))
        self.top.feed.want(orders=name == "orders", jobs=name == JOBS)
        self._draw()

    def action_next_tab(self, step: int) -> None:
        """Show the next tab, or the one before."""
        names = list(TITLES)
        self.action_tab(names[(names.index(self.board.table.name) + step) % len(names)])

    def on_tab_chosen(self, message: TabChosen) -> None:
        """Show the tab that was clicked on."""
        self.action_tab(message.name)

    # -- pause, follow, time -----------------------------------------------------------------------

    def action_pause(self) -> None:
        """Keep the tables as they are, or go on."""
        self.paused = not self.paused
        self.put(self._snapshot)

    def action_follow(self) -> None:
        """Stay on the newest row, or where the cursor is."""
        self.board.grid.follow(on=not self.board.grid.following)
        self._note()

    def on_scrolled(self, message: Scrolled) -> None:
        """Say whether the newest are followed; look at older requests near the end."""
        self._note()
        if message.table == REQUESTS and message.near_end and self.snapshot.more and not self.paused:
            self.run_worker(self.top.feed.older(), exclusive=True, group="older")

    def action_move(self, step: int) -> None:
        """Look a window earlier or later."""
        feed = self.top.feed
        at_s = (feed.wanted.at_s or feed.snapshot.at_s) + step * feed.wanted.window_s
        feed.want(at_s=None if at_s >= self.top.clock() else at_s)

    def action_now(self) -> None:
        """Look at what is now."""
        self.top.feed.want(at_s=None)

    # -- filter ------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Filter the tab in sight."""
        with self.prevent(FilterLine.Changed):
            self._line.value = text
        self._show_filter(on=bool(text))
        self._apply(text)

    def _apply(self, text: str) -> None:
        board = self.board
        wanted = board.read(text)
        if wanted is not None:
            self.top.feed.want(filters=wanted)
            board.grid.follow(on=True)
        self._draw()

    def _show_filter(self, *, on: bool) -> None:
        with self.prevent(FilterLine.Changed):
            self._line.value = self.board.text
        self._line.display = on
