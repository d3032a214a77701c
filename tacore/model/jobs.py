"""Agent jobs: what is asked of a team of LLM agents, how far it has come, and what it decided.

Times are epoch microseconds, money and prices Decimal. Every struct survives JSON, in which jobs.db keeps it.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import msgspec

Engine = Literal["tradingagents_cn", "tradingagents"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Action = Literal["buy", "hold", "sell"]
AnalystName = Literal["market", "fundamentals", "news", "social"]
Verdict = Literal["ok", "degraded"]
EventKind = Literal[
    "queued", "started", "stage", "tool", "report", "usage", "retry", "resumed", "warning", "ended"
]

ENGINES: tuple[Engine, ...] = ("tradingagents_cn", "tradingagents")
ANALYSTS: tuple[AnalystName, ...] = ("market", "fundamentals", "news", "social")
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "": frozenset({"queued"}),
        "queued": frozenset({"running", "failed", "cancelled"}),
        "running": frozenset({"queued", "done", "failed", "cancelled"}),  # queued: waits to be resumed
        "done": frozenset(),
        "failed": frozenset({"queued"}),  # an operator's retry goes on after the last finished node
        "cancelled": frozenset({"queued"}),
    }
)
"""Which state may follow which; "" is a job that is not there yet."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is for, in its canonical form: two jobs with equal asks are the same work.

    ``symbol`` is tacore's own spelling, ``date`` the session (YYYY-MM-DD) as of whose close everything is
    seen. ``debate_rounds`` are of bull and bear, ``risk_rounds`` of the three views of risk.
    """

    engine: Engine
    market: str
    symbol: str
    date: str
    analysts: tuple[AnalystName, ...]
    debate_rounds: int
    risk_rounds: int
    quick_model: str
    deep_model: str


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a job may use in all its attempts: seconds of running, tokens, money in the prices' currency."""

    max_s: float
    max_tokens: int
    max_cost: Decimal | None = None


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What one model used in one node.

    ``cost`` is the sum of the calls whose price and tokens are known, None where there is none; ``complete``
    tells whether that is all of them. ``estimated`` tells that tokens of a call are an estimate, since its
    server counted none: what that may have cost is ``estimated_cost``, beside ``cost``, and limits heed both.
    """

    node: str
    model: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    complete: bool = True
    estimated: bool = False
    estimated_cost: Decimal | None = None


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """One look of an agent at data: what it asked, and whose data of which day it was given.

    ``as_of`` is the newest data's day or moment (ISO 8601), ``size`` the characters given, ``error`` what the
    agent was told instead.
    """

    at_us: int
    node: str
    tool: str
    arguments: Mapping[str, Any] = {}
    source: str = ""
    as_of: str = ""
    simulated: bool = False
    stale: bool = False
    size: int = 0
    took_ms: float = 0.0
    error: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent wrote, in Markdown. ``name`` is its key: market, news, investment_plan ..."""

    name: str
    title: str
    text: str


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """One turn in a debate."""

    debate: Literal["investment", "risk"]
    speaker: str
    text: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the agents decided. ``confidence`` and ``risk_score`` are 0 to 1; None where they gave none."""

    action: Action
    confidence: float | None = None
    target_price: Decimal | None = None
    risk_score: float | None = None
    horizon: str = ""
    reasoning: str = ""
    text: str = ""


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One reason not to trust a decision; ``code`` is stable: default_decision, empty_report ..."""

    code: str
    message: str


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a decision is to be trusted: ok without a flaw, else degraded."""

    verdict: Verdict
    flaws: Sequence[Flaw] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished run gives.

    ``price`` is the instrument's close on the ask's date, in ``currency``; ``source``, ``simulated`` and
    ``as_of`` are of the data behind it. ``engine_version`` names the checkout's version and commit.
    """

    decision: Decision
    quality: Quality
    reports: Sequence[Report] = ()
    debates: Sequence[Speech] = ()
    tool_calls: Sequence[ToolCall] = ()
    price: Decimal | None = None
    currency: str = ""
    source: str = ""
    simulated: bool = False
    as_of: str = ""
    engine_version: str = ""


class JobEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a job; ``id`` rises within a job from 1."""

    id: int
    at_us: int
    kind: EventKind
    text: str
    data: Mapping[str, Any] = {}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job failed; ``code`` is stable: model_unauthorized, time_limit, child_died ..."""

    code: str
    message: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as jobs.db has it.

    ``progress`` is 0 to 1, ``stage`` the node at work. ``ran_s`` is what its attempts ran, the one under way
    left out; ``running_since_us`` is when that began, ``started_us`` when the first did. ``outcome`` is there
    once done; ``reports`` and ``tool_calls`` so far while it runs.
    """

    job_id: str
    ask: Ask
    limits: Limits
    principal: str
    state: JobState
    created_us: int
    updated_us: int
    started_us: int | None = None
    running_since_us: int | None = None
    ended_us: int | None = None
    ran_s: float = 0.0
    attempts: int = 0
    progress: float = 0.0
    stage: str = ""
    spent: Sequence[Spent] = ()
    cost_currency: str = ""
    fault: Fault | None = None
    outcome: Outcome | None = None
    reports: Sequence[Report] = ()
    tool_calls: Sequence[ToolCall] = ()
    warnings: Sequence[str] = ()
    last_event_id: int = 0
