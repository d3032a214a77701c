"""What may be read of jobs.db."""

from collections.abc import Sequence
from typing import Any

from tacore.errors import Internal, NotFound
from tacore.jobs import rows
from tacore.jobs.rows import COLUMNS, Kept
from tacore.model.jobs import Ask, Job, JobEvent, JobState, Spent
from tacore.ports.jobs import JobFilter
from tacore.ports.orders import Key

SPENT = "node, model, calls, input_tokens, output_tokens, cost, complete, estimated, estimated_cost"


class Reading:
    """Looks into jobs.db, inside a transaction or outside."""

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        raise Internal("a reader needs a file")

    def find(self, job_id: str) -> Kept:
        """Give a job by its id; NotFound."""
        found = self._jobs("job_id = ?", (job_id,))
        if not found:
            raise NotFound(
                f"there is no job {job_id[:100]!r}: list.jobs has those there are",
                details={"job_id": {"value": job_id[:100]}},
            )
        return found[0]

    def get(self, number: int) -> Kept | None:
        """Give a job by its number; None where it has been pruned."""
        return next(iter(self._jobs("number = ?", (number,))), None)

    def running(self) -> list[Kept]:
        """Give the jobs that are said to run."""
        return self._jobs("state = 'running'")

    def due(self, now_us: int, most: int) -> list[Kept]:
        """Give the queued jobs that may start, who waits longest first."""
        return self._jobs("state = 'queued' AND due_us <= ? ORDER BY number LIMIT ?", (now_us, most))

    def next_due_us(self) -> int | None:
        """Tell when the first queued job may start; None where none is queued."""
        ((found,),) = self._rows("SELECT min(due_us) FROM jobs WHERE state = 'queued'")
        return None if found is None else int(found)

    def of_ask(self, ask: Ask) -> list[Kept]:
        """Give the newest jobs of an ask, newest first."""
        return self._jobs("ask = ? ORDER BY number DESC LIMIT 20", (rows.text_of(ask),))

    def unfinished(self, ask: Ask) -> Kept | None:
        """Give the newest job of an ask that waits or runs."""
        where = "ask = ? AND state IN ('queued', 'running') ORDER BY number DESC LIMIT 1"
        return next(iter(self._jobs(where, (rows.text_of(ask),))), None)

    def was_retried(self, number: int) -> bool:
        """Tell whether an operator has had a job go on."""
        ((queued,),) = self._rows("SELECT count(*) FROM events WHERE job = ? AND kind = 'queued'", (number,))
        return int(queued) > 1

    def furthest(self, number: int) -> float:
        """Tell how far a job has ever come, 0 to 1, in any attempt."""
        sql = "SELECT max(json_extract(data, '$.progress')) FROM events WHERE job = ? AND kind = 'stage'"
        ((found,),) = self._rows(sql, (number,))
        return float(found or 0.0)

    def made_by(
        self, principal: str, key: Key, *, symbol: str | None = None, since_us: int = 0
    ) -> list[Kept]:
        """Give the jobs that a request has made since a moment, newest first; of any symbol for None."""
        where = "principal = ? AND request_key = ? AND key_kind = ? AND created_us >= ?"
        values: list[Any] = [principal, key.text, key.kind, since_us]
        if symbol is not None:
            where += " AND symbol = ?"
            values.append(symbol)
        return self._jobs(f"{where} ORDER BY number DESC LIMIT 50", values)

    def counts(self) -> dict[JobState, int]:
        """Count jobs by state, all states named."""
        found: dict[JobState, int] = {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 0}
        found.update(self._rows("SELECT state, count(*) FROM jobs GROUP BY state"))
        return found

    def ended_before(self, ended_us: int, most: int) -> list[Kept]:
        """Give jobs that ended before a moment, oldest first."""
        return self._jobs("ended_us < ? ORDER BY ended_us LIMIT ?", (ended_us, most))

    def ids(self) -> set[str]:
        """Give the ids of all jobs."""
        return {job_id for (job_id,) in self._rows("SELECT job_id FROM jobs")}

    def whole(self, kept: Kept) -> Job:
        """Give a job with its reports, tool calls and all of its outcome."""
        of = (kept.number,)
        reports = self._rows("SELECT name, title, text FROM reports WHERE job = ? ORDER BY rowid", of)
        calls = self._rows("SELECT call FROM tool_calls WHERE job = ? ORDER BY number", of)
        outcome = next(
            (text for (text,) in self._rows("SELECT outcome FROM outcomes WHERE job = ?", of)), None
        )
        told = list(map(rows.report_of, reports)), list(map(rows.call_of, calls))
        return rows.whole(kept.job, *told, outcome)

    def events(self, number: int, after_id: int) -> list[JobEvent]:
        """Give a job's events after one, oldest first."""
        sql = "SELECT id, at_us, kind, text, data FROM events WHERE job = ? AND id > ? ORDER BY id"
        return list(map(rows.event_of, self._rows(sql, (number, after_id))))

    def jobs(self, only: JobFilter) -> list[Kept]:
        """List jobs, newest first, without what is kept beside their rows."""
        clauses, values = ["1"], list[Any]()
        if only.states:
            clauses.append(f"state IN ({', '.join('?' * len(only.states))})")
            values += only.states
        for clause, value in (
            ("symbol = ?", only.symbol),
            ("engine = ?", only.engine),
            ("created_us >= ?", only.since_us),
        ):
            if value is not None:
                clauses.append(clause)
                values.append(value)
        if only.before_id is not None:
            clauses.append("number < ?")
            values.append(self.find(only.before_id).number)
        where = f"{' AND '.join(clauses)} ORDER BY number DESC LIMIT ?"
        return self._jobs(where, (*values, only.limit))

    def _jobs(self, where: str, values: Sequence[Any] = ()) -> list[Kept]:
        found = self._rows(f"SELECT {COLUMNS} FROM jobs WHERE {where}", values)  # noqa: S608 - our own clauses
        numbers = [row[0] for row in found]
        spent: dict[int, list[Spent]] = {number: [] for number in numbers}
        marks = ", ".join("?" * len(numbers))
        sql = f"SELECT job, {SPENT} FROM spent WHERE job IN ({marks}) ORDER BY rowid"  # noqa: S608 - as above
        for number, *row in self._rows(sql, numbers):
            spent[number].append(rows.spent_of(row))
        return [rows.kept_of(row, spent[row[0]]) for row in found]
