"""Agent jobs: the service's own answers, passed on digit by digit."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from tacore.model.jobs import ENGINES, TRANSITIONS
from tacore.monitor.shown import MOMENT, Given, Moment, PassedOn, Shown, exact, words
from tacore.monitor.site import Here
from tacore.store.moments import moment_us
from tacore.watch import commands
from tacore.watch.jobs import DOCTOR, NEEDS, START, iso

router = APIRouter(tags=["jobs"])
AGE_S = 1.0
_WORD = "|".join(each for each in TRANSITIONS if each)
_STATES = words(f"({_WORD})(,({_WORD}))*")
_ENGINE = words("|".join(ENGINES))
Text = Annotated[str | None, Given]


class JobCommands(Shown):
    """The command lines that do or show the same."""

    show: str
    cancel: str
    retry: str


class Tokens(PassedOn):
    """What the models read and wrote."""

    input: int
    output: int
    total: int
    calls: int


class Cost(PassedOn):
    """What that costs."""

    amount: float | None
    """The sum of what has a price; null where nothing has."""
    currency: str
    complete: bool
    """False where a model has no price: the amount is a lower bound."""


class Fault(PassedOn):
    """Why a job failed."""

    code: str
    message: str


class Flaw(PassedOn):
    """A reason not to trust a decision."""

    code: str
    message: str


class Quality(PassedOn):
    """Whether a decision is to be trusted."""

    verdict: str
    """ok or degraded."""
    flaws: list[Flaw]


class Job(PassedOn):
    """An agent job as `list.jobs` tells it."""

    job_id: str
    state: str
    engine: str
    market: str
    symbol: str
    date: str
    created_at: str
    updated_at: str
    started_at: str | None
    ended_at: str | None
    elapsed_s: float
    """Running time of all attempts."""
    attempts: int
    progress: float
    """From 0 to 1."""
    stage: str
    tokens: Tokens
    cost: Cost
    error: Fault | None
    recommendation: str | None
    """buy, hold or sell."""
    confidence: float | None
    quality: Quality | None
    simulated: bool
    warnings: list[str]
    commands: JobCommands


class WholeJob(Job):
    """A job as `get.job` tells it: also what each agent wrote, said and looked at."""

    reports: list[dict[str, Any]]
    debates: list[dict[str, Any]]
    tool_calls: list[dict[str, Any]]
    usage: list[dict[str, Any]]
    events: list[dict[str, Any]]
    last_event_id: int


class ListCommands(Shown):
    """Command lines for a list that is empty."""

    start: str
    doctor: str
    """Tells what a first job lacks."""


class Jobs(PassedOn):
    """Agent jobs, newest first; `before_id` with `next_before_id` gives the next page."""

    jobs: list[Job]
    counts: dict[str, int]
    """All jobs that are kept, by state."""
    next_before_id: str | None
    needs: str
    """What must be set before a first job can run."""
    commands: ListCommands


@router.get("/api/jobs", response_model=Jobs)
async def jobs(
    site: Here,
    state: Annotated[
        Text, Query(description="States, separated by commas.", json_schema_extra=_STATES)
    ] = None,
    symbol: Annotated[Text, Query(description="Of this symbol.")] = None,
    engine: Annotated[Text, Query(description="Of this engine.", json_schema_extra=_ENGINE)] = None,
    since: Annotated[
        Moment, Query(description="Asked since: a moment, or an age like 5m.", json_schema_extra=MOMENT)
    ] = None,
    before_id: Annotated[Text, Query(description="Only older than this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> Response:
    """List agent jobs, newest first."""
    moment = None if since is None else iso(moment_us("since", since, time.time()))
    asked = {"symbol": symbol, "engine": engine, "since": moment, "before_id": before_id, "limit": limit}
    given: dict[str, Any] = {name: each for name, each in asked.items() if each is not None}
    if state:
        given["state"] = [each for each in state.split(",") if each]
    told = await site.watch.jobs(given, max_age_s=AGE_S)
    ways = {"start": START, "doctor": DOCTOR}
    return exact({**told, "jobs": [_job(each) for each in told["jobs"]], "needs": NEEDS, "commands": ways})


@router.get("/api/jobs/{job_id}", response_model=WholeJob)
async def job(
    site: Here,
    job_id: Annotated[str, Path(min_length=1)],
    after_id: Annotated[int, Query(ge=0, le=2**53, description="Only events after this one.")] = 0,
) -> Response:
    """Show an agent job with its decision, evidence, reports and events."""
    return exact(_job(await site.watch.job(job_id, after_id, max_age_s=AGE_S)))


def _job(told: Mapping[str, Any]) -> dict[str, Any]:
    id_ = str(told["job_id"])
    ways = {
        "show": commands.of_job(id_),
        "cancel": commands.cancel_job(id_),
        "retry": commands.retry_job(id_),
    }
    return {**told, "commands": ways}
