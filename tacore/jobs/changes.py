"""What may be done to jobs.db within a transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from tacore.clock import Clock
from tacore.errors import Internal
from tacore.jobs import rows
from tacore.jobs.limits import sum_of
from tacore.jobs.reads import SPENT, Reading
from tacore.jobs.rows import Kept
from tacore.model.jobs import TRANSITIONS, Ask, EventKind, JobState, Limits, Outcome, Report, Spent, ToolCall
from tacore.ports.orders import Key

_SET = frozenset(
    (
        "ask",
        "limits",
        "due_us",
        "started_us",
        "running_since_us",
        "ended_us",
        "ran_us",
        "attempts",
        "allowed",
        "progress",
        "stage",
        "pid",
        "pid_started",
        "fault_code",
        "fault_message",
        "action",
        "verdict",
        "outcome",
        "warnings",
    )
)


class Changes(Reading):
    """An open transaction: everything that may be done to jobs."""

    def __init__(self, run: Any, prefix: str, clock: Clock) -> None:  # noqa: ANN401 - sqlite3's execute
        self._run = run
        self._prefix = prefix
        self._clock = clock

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        found: list[Any] = self._run(sql, values).fetchall()
        return found

    def add(self, ask: Ask, limits: Limits, *, principal: str, key: Key, allowed: int, currency: str) -> Kept:
        """Queue a job under an id of our own, which no other job of any store has."""
        now_us = self._clock.wall_us()
        asked = (ask.engine, ask.market, ask.symbol, ask.date, rows.text_of(ask))
        may = rows.text_of(limits)
        sql = (
            "INSERT INTO jobs (job_id, state, engine, market, symbol, date, ask, limits, allotment,"
            " principal, request_key, key_kind, created_us, updated_us, due_us, allowed, cost_currency)"
            " VALUES (lower(hex(randomblob(16))), 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        values = (*asked, may, may, principal, key.text, key.kind, now_us, now_us, now_us, allowed, currency)
        number = self._run(sql, values).lastrowid
        self._run("UPDATE jobs SET job_id = ? WHERE number = ?", (f"j{number}-{self._prefix}", number))
        self.note(number, "queued", f"{ask.symbol} as of {ask.date} waits for its turn")
        return self._there(number)

    def move(self, kept: Kept, state: JobState, **changes: Any) -> None:  # noqa: ANN401 - columns
        """Give a job its next state; Internal where the table of transitions does not list it."""
        if state not in TRANSITIONS[kept.job.state]:
            raise Internal(f"job {kept.job.job_id} can't go from {kept.job.state} to {state}")
        if state != "running":
            changes |= {"running_since_us": None, "pid": None, "pid_started": None}
        self._update(kept.number, {"state": state, **changes})

    def set(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - columns
        """Change columns of a job."""
        self._update(number, changes)

    def note(self, number: int, kind: EventKind, text: str, data: Mapping[str, Any] | None = None) -> None:
        """Keep an event."""
        now_us = self._clock.wall_us()
        self._run(
            "UPDATE jobs SET last_event_id = last_event_id + 1, updated_us = ? WHERE number = ?",
            (now_us, number),
        )
        self._run(
            "INSERT INTO events SELECT number, last_event_id, ?, ?, ?, ? FROM jobs WHERE number = ?",
            (now_us, kind, text, rows.data_of(data or {}), number),
        )

    def spend(self, number: int, spent: Spent) -> None:
        """Add what calls have used to the sums of their node and model."""
        same = (number, spent.node, spent.model)
        was = self._rows(f"SELECT {SPENT} FROM spent WHERE job = ? AND node = ? AND model = ?", same)  # noqa: S608
        now = sum_of(rows.spent_of(was[0]), spent) if was else spent
        self._run(
            f"INSERT INTO spent (job, {SPENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own
            " ON CONFLICT DO UPDATE SET calls = excluded.calls, input_tokens = excluded.input_tokens,"
            " output_tokens = excluded.output_tokens, cost = excluded.cost, complete = excluded.complete,"
            " estimated = excluded.estimated, estimated_cost = excluded.estimated_cost",
            (number, *rows.spent_row(now)),
        )

    def write(self, number: int, report: Report) -> None:
        """Keep a report, in place of the one of its name."""
        self._run(
            "INSERT INTO reports VALUES (?, ?, ?, ?) ON CONFLICT (job, name)"
            " DO UPDATE SET title = excluded.title, text = excluded.text",
            (number, report.name, report.title, report.text),
        )

    def look(self, number: int, call: ToolCall) -> None:
        """Keep an agent's look at data."""
        values = (number, call.at_us, call.node, call.tool, rows.text_of(call))
        self._run("INSERT INTO tool_calls (job, at_us, node, tool, call) VALUES (?, ?, ?, ?, ?)", values)

    def conclude(self, kept: Kept, outcome: Outcome) -> str:
        """Keep what a run has given beside the job's row; give the JSON of what is short for its column."""
        for report in outcome.reports:
            self.write(kept.number, report)
        ((looks,),) = self._rows("SELECT count(*) FROM tool_calls WHERE job = ?", (kept.number,))
        if len(outcome.tool_calls) > looks:  # what an earlier attempt looked at was told then
            self._run("DELETE FROM tool_calls WHERE job = ?", (kept.number,))
            for call in outcome.tool_calls:
                self.look(kept.number, call)
        whole = rows.text_of(rows.bare(outcome))
        self._run("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (kept.number, whole))
        return rows.text_of(rows.brief(outcome))

    def remove(self, number: int) -> None:
        """Forget a job."""
        self._run("DELETE FROM jobs WHERE number = ?", (number,))

    def _update(self, number: int, changes: Mapping[str, Any]) -> None:
        wrong = changes.keys() - _SET - {"state"}
        if wrong:
            raise Internal(f"jobs have no {', '.join(sorted(wrong))}")
        names = ", ".join(f"{name} = ?" for name in changes)
        values = (*changes.values(), self._clock.wall_us(), number)
        self._run(f"UPDATE jobs SET {names}, updated_us = ? WHERE number = ?", values)  # noqa: S608 - checked

    def _there(self, number: int) -> Kept:
        found = self.get(number)
        if found is None:
            raise Internal(f"job {number} is not there after it was written")
        return found
