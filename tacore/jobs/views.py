"""Jobs as answers show them: times are ISO 8601 UTC, money and prices JSON numbers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tacore.model.jobs import Decision, Fault, Job, JobEvent, Limits, Quality, Report, Speech, Spent, ToolCall
from tacore.ports.jobs import JobStory


class TokensView(msgspec.Struct, kw_only=True):
    """Tokens and calls of the models, over all attempts."""

    input: int = 0
    output: int = 0
    total: int = 0
    calls: int = 0


class CostView(msgspec.Struct, kw_only=True):
    """What has a price; ``amount`` is None where nothing has, ``complete`` false where a call has none."""

    amount: Decimal | None
    currency: str
    complete: bool


class ToolCallView(msgspec.Struct, kw_only=True):
    """An agent's look at data."""

    at: datetime
    node: str
    tool: str
    arguments: Mapping[str, Any]
    source: str
    as_of: str
    simulated: bool
    stale: bool
    size: int
    took_ms: float
    error: str


class JobEventView(msgspec.Struct, kw_only=True):
    """Something that happened to a job."""

    id: int
    at: datetime
    kind: str
    text: str
    data: Mapping[str, Any] = {}


class DecisionView(msgspec.Struct, kw_only=True):
    """What was decided; in lists reasoning and text are left out."""

    action: str
    confidence: float | None
    target_price: Decimal | None
    risk_score: float | None
    horizon: str
    reasoning: str | UnsetType = UNSET
    text: str | UnsetType = UNSET


class JobView(msgspec.Struct, kw_only=True):
    """A job: what was asked, how far it is, what it has used, and what it decided.

    ``signal`` and ``recommendation`` are the decision's action; ``quality`` says whether to trust it. In
    lists reports, debates, tool_calls, usage, events and the decision's texts are left out, the first four
    also while a job is followed, until it has ended.
    """

    job_id: str
    state: str
    engine: str
    market: str
    symbol: str
    date: str
    analysts: list[str]
    debate_rounds: int
    risk_rounds: int
    quick_model: str
    deep_model: str
    principal: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    elapsed_s: float
    attempts: int
    progress: float
    stage: str
    tokens: TokensView
    cost: CostView
    limits: Limits
    error: Fault | None = None
    signal: str | None = None
    recommendation: str | None = None
    confidence: float | None = None
    decision: DecisionView | None = None
    quality: Quality | None = None
    price: Decimal | None = None
    currency: str = ""
    source: str = ""
    simulated: bool = False
    as_of: str = ""
    engine_version: str = ""
    reports: list[Report] | UnsetType = UNSET
    debates: list[Speech] | UnsetType = UNSET
    tool_calls: list[ToolCallView] | UnsetType = UNSET
    usage: list[Spent] | UnsetType = UNSET
    events: list[JobEventView] | UnsetType = UNSET
    last_event_id: int = 0
    joined: bool = False
    warnings: list[str] = []


def view_story(story: JobStory, now_us: int) -> JobView:
    """Show a job with everything that is told of it."""
    job = story.job
    view = view_job(job, now_us)
    view.events = [_event(each) for each in story.events]
    view.joined = story.joined
    if story.whole:
        _all_of(view, job)
    return view


def _all_of(view: JobView, job: Job) -> None:
    outcome = job.outcome
    view.reports = list(job.reports if outcome is None else outcome.reports)
    view.debates = [] if outcome is None else list(outcome.debates)
    view.tool_calls = [
        _tool_call(each) for each in (job.tool_calls if outcome is None else outcome.tool_calls)
    ]
    if view.decision is not None and outcome is not None:
        view.decision.reasoning, view.decision.text = outcome.decision.reasoning, outcome.decision.text
    view.usage = list(job.spent)


def view_job(job: Job, now_us: int) -> JobView:
    """Show a job as a list does."""
    ask = job.ask
    view = JobView(
        job_id=job.job_id,
        state=job.state,
        engine=ask.engine,
        market=ask.market,
        symbol=ask.symbol,
        date=ask.date,
        analysts=list(ask.analysts),
        debate_rounds=ask.debate_rounds,
        risk_rounds=ask.risk_rounds,
        quick_model=ask.quick_model,
        deep_model=ask.deep_model,
        principal=job.principal,
        created_at=_time(job.created_us),
        updated_at=_time(job.updated_us),
        started_at=None if job.started_us is None else _time(job.started_us),
        ended_at=None if job.ended_us is None else _time(job.ended_us),
        elapsed_s=round(elapsed_s(job, now_us), 3),
        attempts=job.attempts,
        progress=job.progress,
        stage=job.stage,
        tokens=_tokens(job.spent),
        cost=_cost(job.spent, job.cost_currency),
        limits=job.limits,
        error=job.fault,
        last_event_id=job.last_event_id,
        warnings=list(job.warnings),
    )
    if job.outcome is not None:
        _decided(view, job)
    return view


def elapsed_s(job: Job, now_us: int) -> float:
    """Give the seconds that a job has run in all of its attempts, the present one included."""
    under_way = 0 if job.running_since_us is None else max(0, now_us - job.running_since_us)
    return job.ran_s + under_way / 1e6


def _decided(view: JobView, job: Job) -> None:
    outcome = job.outcome
    if outcome is None:
        return
    view.decision, view.quality = _decision(outcome.decision), outcome.quality
    view.signal = view.recommendation = outcome.decision.action
    view.confidence = outcome.decision.confidence
    view.price, view.currency, view.source = outcome.price, outcome.currency, outcome.source
    view.simulated, view.as_of, view.engine_version = outcome.simulated, outcome.as_of, outcome.engine_version
    view.warnings += [f"DEGRADED: {each.code}: {each.message}" for each in outcome.quality.flaws]


def _decision(decision: Decision) -> DecisionView:
    return DecisionView(
        action=decision.action,
        confidence=decision.confidence,
        target_price=decision.target_price,
        risk_score=decision.risk_score,
        horizon=decision.horizon,
    )


def _tokens(spent: Sequence[Spent]) -> TokensView:
    read, written = sum(each.input_tokens for each in spent), sum(each.output_tokens for each in spent)
    calls = sum(each.calls for each in spent)
    return TokensView(input=read, output=written, total=read + written, calls=calls)


def _cost(spent: Sequence[Spent], currency: str) -> CostView:
    priced = [each.cost for each in spent if each.cost is not None]
    amount = sum(priced, Decimal(0)) if priced else None
    return CostView(amount=amount, currency=currency, complete=all(each.complete for each in spent))


def _tool_call(call: ToolCall) -> ToolCallView:
    fields = msgspec.structs.asdict(call)
    return ToolCallView(at=_time(fields.pop("at_us")), **fields)


def _event(event: JobEvent) -> JobEventView:
    return JobEventView(id=event.id, at=_time(event.at_us), kind=event.kind, text=event.text, data=event.data)


def _time(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)
