"""The tabs: each with a table, its filter and its order of rows."""

import time
from dataclasses import dataclass, field

from textual.widgets import ContentSwitcher

from tacore.errors import InvalidParams
from tacore.store.rows import Filters
from tacore.tui.feed import OWN
from tacore.tui.snapshot import Snapshot
from tacore.tui.table import Order, Row, Table, Test, arranged, reads
from tacore.tui.tables import TABLES
from tacore.tui.widgets.grid import Grid
from tacore.watch import filters
from tacore.watch.jobs import DOCTOR, NEEDS, START

REQUESTS, JOBS = "requests", "jobs"


@dataclass
class Board:
    """A tab's own state; ``problem`` says what is wrong with the filter's text."""

    table: Table
    grid: Grid
    text: str = ""
    problem: str = ""
    tests: list[Test] = field(default_factory=list)
    drawn: tuple[object, str] | None = None
    _all: list[Row] = field(default_factory=list)

    def read(self, text: str) -> Filters | None:
        """Take another filter; those of requests are for the journal, and given."""
        self.text, self.problem, self.drawn = text, "", None
        try:
            if self.table.name == REQUESTS:
                return filters.parse(text, time.time()) if text.strip() else OWN
            self.tests = reads(self.table, text)
        except InvalidParams as error:
            self.problem = error.message
        return None

    def next_column(self) -> None:
        """Order by the next column, round to how rows come; numbers begin with the largest."""
        names: list[str | None] = [None, *(each.name for each in self.table.columns)]
        name = names[(names.index(self.grid.order.column) + 1) % len(names)]
        self.order_by(name)

    def order_by(self, name: str | None) -> None:
        """Order by a column; by the same one again the other way round."""
        order = self.grid.order
        if name is not None and name == order.column:
            self.turn()
            return
        right = name is not None and self.table.columns[self.table.position(name)].right
        self.grid.order, self.drawn = Order(name, descending=right), None

    def turn(self) -> None:
        """Turn the order round."""
        order = self.grid.order
        if order.column is not None:
            self.grid.order, self.drawn = order._replace(descending=not order.descending), None

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot's part, if it is another than the one that is drawn."""
        part = getattr(snapshot, self.table.part)
        error = self.error(snapshot)
        if self.drawn is not None and self.drawn[0] is part and self.drawn[1] == error:
            return
        self.drawn = (part, error)
        self._all = self.table.rows(snapshot, self._all)
        rows = arranged(self.table, self._all, self.tests, self.grid.order)
        self.grid.put(rows, self._empty(snapshot, error))

    def error(self, snapshot: Snapshot) -> str:
        """Tell why the table can't be shown as it is now."""
        return str(getattr(snapshot, f"{self.table.part}_error"))

    def _empty(self, snapshot: Snapshot, error: str) -> str:
        if error:
            return error
        if self.text:
            looking = ", looking further back" if snapshot.more and self.table.name == REQUESTS else ""
            return f"nothing passes the filter {self.text!r}{looking}"
        if self.table.name == JOBS:
            return f"no agent jobs yet; one is started by\n{START}\n{NEEDS}; `{DOCTOR}` says what is lacking"
        return f"no {self.table.name} {'then' if snapshot.past else 'yet'}"


class Boards(ContentSwitcher):
    """Holds the tables, of which one is in sight."""

    def __init__(self, chosen: str) -> None:
        self.all = {name: Board(table, Grid(table, id=name)) for name, table in TABLES.items()}
        super().__init__(*(each.grid for each in self.all.values()), initial=chosen)

    @property
    def now(self) -> Board:
        """Give the tab that is in sight."""
        return self.all[self.current or next(iter(self.all))]

    def choose(self, name: str) -> Board:
        """Bring a tab into sight."""
        self.current = name
        self.now.grid.focus()
        return self.now
