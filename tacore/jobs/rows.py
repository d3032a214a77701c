"""Rows of jobs.db as jobs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tacore.model.jobs import Ask, Fault, Job, JobEvent, Limits, Outcome, Report, Spent, ToolCall

COLUMNS = (
    "number, job_id, state, ask, limits, allotment, principal, created_us, updated_us, due_us, started_us,"
    " running_since_us, ended_us, ran_us, attempts, allowed, progress, stage, pid, pid_started, fault_code,"
    " fault_message, cost_currency, outcome, warnings, last_event_id"
)
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_data = msgspec.json.Encoder(decimal_format="number").encode
_ask = msgspec.json.Decoder(Ask).decode
_limits = msgspec.json.Decoder(Limits).decode
_outcome = msgspec.json.Decoder(Outcome).decode
_strings = msgspec.json.Decoder(list[str]).decode
_data = msgspec.json.Decoder(dict[str, Any]).decode
_call = msgspec.json.Decoder(ToolCall).decode


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A job, and what only its manager needs to know of it."""

    number: int
    job: Job
    allotment: Limits
    due_us: int
    allowed: int
    pid: int | None
    pid_started: float | None


def text_of(value: object) -> str:
    """Write a struct or a mapping as JSON, the same text for the same value."""
    return _encode(value).decode()


def data_of(data: Mapping[str, Any]) -> str:
    """Write what an event tells, in which money is a number."""
    return _encode_data(data).decode()


def kept_of(row: Sequence[Any], spent: Sequence[Spent] = ()) -> Kept:
    """Read a row of the columns, and the job's spent rows."""
    got = dict(zip(COLUMNS.replace(",", " ").split(), row, strict=True))
    code, message = got["fault_code"], got["fault_message"]
    job = Job(
        job_id=got["job_id"],
        ask=_ask(got["ask"]),
        limits=_limits(got["limits"]),
        principal=got["principal"],
        state=got["state"],
        created_us=got["created_us"],
        updated_us=got["updated_us"],
        started_us=got["started_us"],
        running_since_us=got["running_since_us"],
        ended_us=got["ended_us"],
        ran_s=got["ran_us"] / 1e6,
        attempts=got["attempts"],
        progress=got["progress"],
        stage=got["stage"],
        spent=tuple(spent),
        cost_currency=got["cost_currency"],
        fault=None if code is None else Fault(code=code, message=message),
        outcome=None if got["outcome"] is None else _outcome(got["outcome"]),
        warnings=_strings(got["warnings"]),
        last_event_id=got["last_event_id"],
    )
    return Kept(
        number=got["number"],
        job=job,
        allotment=_limits(got["allotment"]),
        due_us=got["due_us"],
        allowed=got["allowed"],
        pid=got["pid"],
        pid_started=got["pid_started"],
    )


def spent_of(row: Sequence[Any]) -> Spent:
    """Read node, model, calls, input_tokens, output_tokens, cost, complete, estimated, estimated_cost."""
    node, model, calls, read, written, cost, complete, estimated, may_cost = row
    return Spent(
        node=node,
        model=model,
        calls=calls,
        input_tokens=read,
        output_tokens=written,
        cost=None if cost is None else Decimal(cost),
        complete=bool(complete),
        estimated=bool(estimated),
        estimated_cost=None if may_cost is None else Decimal(may_cost),
    )


def spent_row(spent: Spent) -> Sequence[Any]:
    """Write what `spent_of` reads."""
    fields = msgspec.structs.astuple(spent)
    return tuple(str(each) if isinstance(each, Decimal) else each for each in fields)


def event_of(row: Sequence[Any]) -> JobEvent:
    """Read id, at_us, kind, text, data."""
    number, at_us, kind, text, data = row
    return JobEvent(id=number, at_us=at_us, kind=kind, text=text, data=_data(data))


def report_of(row: Sequence[Any]) -> Report:
    """Read name, title, text."""
    return Report(name=row[0], title=row[1], text=row[2])


def call_of(row: Sequence[Any]) -> ToolCall:
    """Read the call."""
    return _call(row[0])


def whole(job: Job, reports: Sequence[Report], calls: Sequence[ToolCall], outcome: str | None) -> Job:
    """Give a job with what is kept beside its row; ``outcome`` is JSON."""
    changes: Mapping[str, Any] = {"reports": tuple(reports), "tool_calls": tuple(calls)}
    found = None if outcome is None else msgspec.structs.replace(_outcome(outcome), **changes)
    return msgspec.structs.replace(job, outcome=found, **changes)


def bare(outcome: Outcome) -> Outcome:
    """Give an outcome without what is kept in tables of its own."""
    return msgspec.structs.replace(outcome, reports=(), tool_calls=())


def brief(outcome: Outcome) -> Outcome:
    """Give an outcome as lists show it, without what is long."""
    decision = msgspec.structs.replace(outcome.decision, text="", reasoning="")
    return msgspec.structs.replace(bare(outcome), decision=decision, debates=())
