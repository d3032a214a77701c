"""What screens say of agent jobs: views of what `list.jobs` and `get.job` answer."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

AGENTS = "agents"
"""The pool of the job manager."""
UNSERVED = (
    "agent jobs: no job manager runs here; `tacore worker spawn --pool agents` starts one (`tacore up` does, "
    "unless told --no-agents)"
)
NEEDS = "they need a checkout (TRADINGAGENTS_PATH), a model (agents.model.quick) and its key"
"""What must be set before a first job can run."""
START = "tacore call analyze.stock --symbol AAPL --analysis-type agents"
"""What starts a first one."""
DOCTOR = "tacore agents doctor"
"""What tells which of the needs is lacking."""
DEGRADED = "DEGRADED"
LAST_S = 253_402_300_799
"""The end of the year 9999."""
ENDED = frozenset({"done", "failed", "cancelled"})
AGAIN = frozenset({"failed", "cancelled"})
"""States from which a job can be taken up again."""

Told = Mapping[str, Any]


class Spending(NamedTuple):
    """What the jobs of one engine and pair of models used; ``cost`` is None where no model has a price."""

    engine: str
    quick_model: str
    deep_model: str
    seconds: float
    input_tokens: int
    output_tokens: int
    cost: float | None
    currency: str


def degraded(job: Told) -> bool:
    """Tell whether a job's decision is not to be trusted."""
    return (job.get("quality") or {}).get("verdict") == "degraded"


def decided(job: Told) -> str:
    """Write a decision, or why there is none: BUY, BUY DEGRADED, time_limit; empty while there is neither."""
    fault = job.get("error")
    if fault:
        return str(fault.get("code", "failed"))
    action = str(job.get("recommendation") or job.get("signal") or "").upper()
    return f"{action} {DEGRADED}".strip() if degraded(job) else action


def other_warnings(job: Told) -> list[str]:
    """Give the warnings that are none of the decision's flaws, which are shown by themselves."""
    return [str(each) for each in job.get("warnings", ()) if not str(each).startswith(f"{DEGRADED}:")]


def mark(job: Told) -> tuple[Any, ...]:
    """Give what is another one whenever there is more to learn of a job."""
    return tuple(job.get(name) for name in ("job_id", "state", "last_event_id", "updated_at", "progress"))


def iso(at_us: int) -> str:
    """Write a moment (epoch microseconds) as `list.jobs` reads it."""
    return (
        datetime.fromtimestamp(min(max(0, at_us // 1_000_000), LAST_S), UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z")
    )


def spending(jobs: Iterable[Told]) -> list[Spending]:
    """Sum up what jobs used, by engine and models."""
    found: dict[tuple[str, str, str, str], list[Told]] = {}
    for job in jobs:
        key = (job["engine"], job["quick_model"], job["deep_model"], job["cost"]["currency"])
        found.setdefault(key, []).append(job)
    return [_sum(*key, jobs=each) for key, each in found.items()]


def _sum(engine: str, quick: str, deep: str, currency: str, jobs: list[Told]) -> Spending:
    costs = [float(job["cost"]["amount"]) for job in jobs if job["cost"]["amount"] is not None]
    return Spending(
        engine=engine,
        quick_model=quick,
        deep_model=deep,
        seconds=sum(float(job["elapsed_s"]) for job in jobs),
        input_tokens=sum(int(job["tokens"]["input"]) for job in jobs),
        output_tokens=sum(int(job["tokens"]["output"]) for job in jobs),
        cost=sum(costs) if costs else None,
        currency=currency,
    )
