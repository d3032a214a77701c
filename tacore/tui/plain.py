"""A snapshot as a few lines of plain text: for terminals that can't move their cursor, and for ears."""

from collections.abc import Iterable

from tacore.tui import headline
from tacore.tui.figures import moment, ms, rate, share, span, window
from tacore.tui.job_rows import JOBS
from tacore.tui.lines import plain as text_of
from tacore.tui.snapshot import Snapshot, trend
from tacore.tui.table import Row, Table, fit
from tacore.tui.tables import METHODS, WORKERS

WIDTH = 100
_NO_BARS = dict.fromkeys(map(ord, "█░"))
FEW = 12
"""So many of the busiest methods are told."""


def text(snapshot: Snapshot, width: int = WIDTH) -> str:
    """Write it, without colours, bars or a mark that is no word."""
    lines = [*_head(snapshot), *_table(WORKERS, snapshot, width, None)]
    lines += ["", f"methods over {window(snapshot.window_s)}"]
    lines += _table(METHODS, snapshot, width, FEW)
    if snapshot.job_counts is not None or snapshot.jobs_error:
        counts = (snapshot.job_counts or {}).items()
        told = ", ".join(f"{number} {state}" for state, number in counts if number)
        lines += ["", f"agent jobs: {snapshot.jobs_error or told or 'none yet'}"]
        lines += _table(JOBS, snapshot, width, FEW) if snapshot.jobs else ()
    return "\n".join(each.rstrip() for each in lines) + "\n"


def _head(snapshot: Snapshot) -> Iterable[str]:
    health, now = snapshot.health, trend(snapshot)
    state = (
        "unknown, for this is the past" if snapshot.past else "asking" if health is None else health.status
    )
    money = "unknown" if health is None or health.paper is None else "PAPER" if health.paper else "LIVE"
    yield f"{moment(snapshot.at_s)}  {snapshot.endpoint}  service {state}, money {money}"
    yield from (text_of([each]).strip() for each in headline.second(snapshot))
    told = (
        f"{rate(now.rate[-1])} answers a second, p95 {ms(now.p95_ms[-1])} ms, errors {share(now.errors[-1])}"
    )
    if health is not None and health.up:
        told += f", {headline.queued(health)} queued, up {span(float(health.detail.get('uptime_s', 0)))}"
        told += f", journal lag {span(headline.lag_s(health))}"
    yield told
    yield ""


def _table(table: Table, snapshot: Snapshot, width: int, most: int | None) -> Iterable[str]:
    rows = table.rows(snapshot)
    if not rows:
        yield f"no {table.name}"
        return
    laid = fit(table.columns, width)
    shown = list(zip(laid.columns, laid.widths, strict=True))
    gap = " " * laid.gap
    columns = table.columns
    yield gap.join(_fitted(columns[at].title.lower(), wide, columns[at].right) for at, wide in shown)
    for row in rows[:most]:
        yield gap.join(_cell(row, at, wide, right=columns[at].right) for at, wide in shown)
    if most is not None and len(rows) > most:
        yield f"and {len(rows) - most} more"


def _cell(row: Row, at: int, width: int, *, right: bool) -> str:
    return _fitted(row.cells[at].text.translate(_NO_BARS).strip(), width, right)


def _fitted(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
