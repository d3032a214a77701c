"""The terminal screen of `tacore top`."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tacore.errors import TacoreError
from tacore.tui import actions
from tacore.tui.actions import Action, Question
from tacore.tui.details import Learned, sheet_of
from tacore.tui.feed import Feed, Wanted
from tacore.tui.messages import Seen
from tacore.tui.screens.confirm import ConfirmScreen
from tacore.tui.screens.detail import DetailScreen, SheetOf
from tacore.tui.screens.help import HelpScreen
from tacore.tui.screens.main import MainScreen
from tacore.tui.snapshot import Snapshot
from tacore.tui.table import Row
from tacore.tui.tables import TABLES
from tacore.watch.jobs import AGAIN, ENDED, mark
from tacore.watch.watch import Watch

THEMES = ("textual-dark", "textual-light", "nord", "gruvbox", "dracula", "solarized-light", "textual-ansi")
"""What `t` goes through; the palette has all."""


class TopApp(App[None]):
    """Shows what a feed sees; the feed and its watch live as long as the app runs."""

    TITLE = "tacore top"
    CSS_PATH = "top.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "keys", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c,ctrl+q", "quit", "Quit, from anywhere", show=False, priority=True),
        Binding("t", "next_theme", "Next theme", show=False),
        Binding("ctrl+p", "command_palette", "Find a command", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend; `fg` comes back", show=False),
    ]

    def __init__(
        self,
        open_watch: Callable[[], Watch],
        wanted: Wanted,
        *,
        tab: str = "workers",
        text: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.clock = clock
        self._open_watch = open_watch
        self._first = (wanted, tab, text)
        self._marked: tuple[object, ...] = ()
        self._learned: Mapping[str, Any] = {}

    async def on_mount(self) -> None:
        """Begin to look."""
        wanted, tab, text = self._first
        self.watch_service = self._open_watch()
        self.feed = Feed(self.watch_service, wanted, clock=self.clock)
        self.main = MainScreen(tab, text, self.feed.snapshot)
        await self.push_screen(self.main)
        self.run_worker(self.feed.run(self._publish), group="feed")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, self.exit)

    async def on_unmount(self) -> None:
        """Look no more."""
        self.workers.cancel_all()
        await self.watch_service.close()

    def _publish(self, snapshot: Snapshot) -> None:
        self.post_message(Seen(snapshot))

    def on_seen(self, message: Seen) -> None:
        """Show what was seen."""
        self.main.put(message.snapshot)
        if isinstance(self.screen, DetailScreen) and not self.main.paused:
            self._renew(self.screen, message.snapshot)

    # -- details -----------------------------------------------------------------------------------

    def sheet_of(self, table: str, row: Row, more: Learned = None) -> SheetOf:
        """Give what lays a row's details out; ``more`` is what was learned of it since."""
        return sheet_of(table, row.source, self.main.snapshot.window_s, more)

    def show_details(self, table: str, row: Row) -> None:
        """Show a row's details, and what more can be learned of it."""
        sheet_of = self.sheet_of(table, row)
        if isinstance(self.screen, DetailScreen):
            self.screen.put(table, row.key, sheet_of)
        else:
            self.push_screen(DetailScreen(table, row.key, sheet_of))
        self._marked = mark(row.source) if table == "jobs" else ()
        self.run_worker(self._learn(table, row), exclusive=True, group="details")

    def show_neighbour(self, step: int) -> None:
        """Show the details of the row below or above."""
        row = self.main.neighbour(step)
        if row is not None:
            self.show_details(self.main.board.table.name, row)

    async def _learn(self, table: str, row: Row) -> None:
        more: Learned = None
        with contextlib.suppress(TacoreError):
            if table == "requests":
                more = await self.watch_service.by_request_id(row.source.request_id)
            elif table == "orders":
                more = await self.watch_service.ask("get.order", {"order_id": row.key})
            elif table == "jobs":
                more = self._learned = await self.watch_service.job(row.key)
        open_ = self.screen
        if more is not None and isinstance(open_, DetailScreen) and open_.key == row.key:
            open_.put(table, row.key, self.sheet_of(table, row, more))

    def _renew(self, open_: DetailScreen, snapshot: Snapshot) -> None:
        if open_.table not in ("workers", "methods", "jobs"):
            return
        for row in TABLES[open_.table].rows(snapshot):
            if row.key == open_.key:
                self._renew_row(open_, row)

    def _renew_row(self, open_: DetailScreen, row: Row) -> None:
        """Show a row anew; of a job the rest is asked for only where there is news of it."""
        more: Learned = None
        if open_.table == "jobs":
            more = {**self._learned, **row.source} if self._learned.get("job_id") == row.key else None
            if (news := mark(row.source)) != self._marked:
                self._marked = news
                self.run_worker(self._learn("jobs", row), exclusive=True, group="details")
        open_.put(open_.table, row.key, self.sheet_of(open_.table, row, more))

    # -- actions -----------------------------------------------------------------------------------

    def supervisors(self, pool: str) -> dict[str, int]:
        """Give the supervisors of a pool, with how many workers each shall keep."""
        health = self.feed.snapshot.health
        parts = {} if health is None else health.detail.get("components", {})
        told = parts.get("workers", {}).get("supervisors", [])
        return {each["supervisor"]: int(each["wanted"]) for each in told if each["pool"] == pool}

    def cancel(self, table: str, row: Mapping[str, Any]) -> None:
        """Ask whether an order or an agent job shall be cancelled."""
        if table == "orders":
            self.confirm(actions.cancel(row))
        elif row["state"] in ENDED:
            self.notify(f"{row['job_id']} is {row['state']}: it has ended", severity="warning", markup=False)
        else:
            self.confirm(actions.cancel_job(row))

    def retry(self, job: Mapping[str, Any]) -> None:
        """Ask whether an agent job shall be taken up again."""
        if job["state"] in AGAIN:
            self.confirm(actions.retry_job(job))
        else:
            told = f"{job['job_id']} is {job['state']}: only what failed or was cancelled is taken up again"
            self.notify(told, severity="warning", markup=False)

    def confirm(self, asked: Action | Question) -> None:
        """Ask whether something shall be done, and do it."""
        health = self.feed.snapshot.health
        if self.feed.snapshot.past:
            self.notify("this is the past: L comes back to now", severity="warning")
        elif health is None or not health.up:
            self.notify(f"there is no broker at {self.feed.snapshot.endpoint} to ask", severity="error")
        else:
            money = "" if health.paper is None else "PAPER" if health.paper else "LIVE"
            self.push_screen(ConfirmScreen(asked, money), self._confirmed)

    def _confirmed(self, action: Action | None) -> None:
        if action is not None:
            self.run_worker(self._perform(action), group="actions")

    async def _perform(self, action: Action) -> None:
        try:
            done = await self.watch_service.act(action.method, action.params, timeout_s=action.timeout_s)
        except TacoreError as error:
            self.notify(f"{error.message}", title=action.title, severity="error", timeout=15, markup=False)
        else:
            told = done.get("done") or done.get("state") or done.get("status") or "done"
            self.notify(str(told), title=action.title, markup=False)
        self.feed.look()

    # -- the rest ----------------------------------------------------------------------------------

    def copy(self, text: str, what: str) -> None:
        """Copy a text by the terminal, which works over ssh."""
        self.copy_to_clipboard(text)
        self.notify(what, title="Copied", timeout=3, markup=False)

    def action_keys(self) -> None:
        """Show every key."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.BINDINGS))

    def action_next_theme(self) -> None:
        """Take the next theme."""
        place = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(place + 1) % len(THEMES)]
        self.notify(self.theme, title="Theme", timeout=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """List what the palette finds."""
        yield SystemCommand("Help", "Every key, and how filters are written", self.action_keys)
        yield SystemCommand("Theme", "Choose among all themes", self.action_change_theme)
        yield SystemCommand("Quit", "Leave the service as it is, and end this screen", self.action_quit)
        if screen is not self.main:
            return
        main = self.main
        for name in TABLES:
            yield SystemCommand(f"Show {name}", f"The tab of {name}", partial(main.action_tab, name))
        yield SystemCommand("Window", "The next of 10 s, 5 min, 1 h", main.action_window)
        yield SystemCommand("Pause", "Keep the tables as they are, or go on", main.action_pause)
        yield SystemCommand("Scale workers", "How many workers a pool keeps", main.action_scale)
        health = self.feed.snapshot.health
        now = None if health is None else health.trading
        for state, title in (
            ("halted", "Halt trading"),
            ("reducing", "Reduce only"),
            ("active", "Resume trading"),
        ):
            yield SystemCommand(title, "Asks first", partial(self.confirm, actions.trading(state, now)))
