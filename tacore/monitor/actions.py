"""What an operator may do from a page; each tells the command line that does the same."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request
from pydantic import ConfigDict, StringConstraints

from tacore.monitor.guard import permit_action
from tacore.monitor.shown import Shown
from tacore.monitor.site import Here, Site
from tacore.watch import commands

PATIENCE_S = 5.0
JOB_S = 9.0
"""Less than the page waits."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(max_length=500)]


async def _permitted(
    site: Here,
    request: Request,
    x_tacore_action: Annotated[str | None, Header(description="1, which no foreign page can send.")] = None,
) -> None:
    permit_action(request, site)


router = APIRouter(prefix="/api/actions", tags=["actions"], dependencies=[Depends(_permitted)])


class Asked(Shown):
    """What an action needs; anything else is refused."""

    model_config = ConfigDict(extra="forbid")


class OfWorker(Asked):
    """A worker."""

    worker_id: Name
    """Its id, or all."""


class Scale(Asked):
    """How many workers."""

    workers: int
    pool: Name = "fast"
    supervisor: Name | None = None
    """Whose, where the pool has several."""


class Halt(Asked):
    """Why."""

    reason: Reason
    reducing: bool = False
    """Whether to go on taking what makes a position smaller."""


class Resume(Asked):
    """Why."""

    reason: Reason


class Cancel(Asked):
    """Which order."""

    order_id: Name


class OfJob(Asked):
    """Which agent job."""

    job_id: Name


class Clear(Asked):
    """What is to be forgotten."""

    kind: Name | None = None
    """One kind of cached answers; left out: all."""


class Done(Shown):
    """What was set in motion."""

    done: str
    command: str
    """The command line that does the same."""


@router.post("/restart")
async def restart(site: Here, asked: OfWorker) -> Done:
    """Restart a worker after its present work."""
    done = await _admin(site, "admin.restart", {"worker_id": asked.worker_id})
    return Done(done=done, command=commands.restart(asked.worker_id))


@router.post("/drain")
async def drain(site: Here, asked: OfWorker) -> Done:
    """Stop a worker after its present work, and leave its slot empty."""
    done = await _admin(site, "admin.drain_worker", {"worker_id": asked.worker_id})
    return Done(done=done, command=commands.drain(asked.worker_id))


@router.post("/scale")
async def scale(site: Here, asked: Scale) -> Done:
    """Have a supervisor keep that many workers."""
    done = await _admin(site, "admin.scale", asked.model_dump(exclude_none=True))
    return Done(done=done, command=commands.scale(asked.workers, asked.pool, asked.supervisor))


@router.post("/halt")
async def halt(site: Here, asked: Halt) -> Done:
    """Take no orders, or with `reducing` only those that make a position smaller."""
    return await _trading(site, "reducing" if asked.reducing else "halted", asked.reason)


@router.post("/resume")
async def resume(site: Here, asked: Resume) -> Done:
    """Take orders again."""
    return await _trading(site, "active", asked.reason)


@router.post("/cancel")
async def cancel(site: Here, asked: Cancel) -> Done:
    """Cancel an order."""
    order = await site.watch.act("cancel.order", {"order_id": asked.order_id}, timeout_s=PATIENCE_S)
    return Done(done=f"order {asked.order_id} is {order['status']}", command=commands.cancel(asked.order_id))


@router.post("/cancel-job")
async def cancel_job(site: Here, asked: OfJob) -> Done:
    """Cancel an agent job; its process is gone when the answer comes."""
    job = await site.watch.act("cancel.job", {"job_id": asked.job_id}, timeout_s=JOB_S)
    return Done(done=f"job {asked.job_id} is {job['state']}", command=commands.cancel_job(asked.job_id))


@router.post("/retry-job")
async def retry_job(site: Here, asked: OfJob) -> Done:
    """Take a failed or cancelled agent job up again, after its last finished node."""
    job = await site.watch.act("retry.job", {"job_id": asked.job_id}, timeout_s=JOB_S)
    return Done(done=f"job {asked.job_id} is {job['state']}", command=commands.retry_job(asked.job_id))


@router.post("/clear-cache")
async def clear_cache(site: Here, asked: Annotated[Clear | None, Body()] = None) -> Done:
    """Have the workers forget what they cached; what lies in Redis stays: the command clears that, too."""
    kind = None if asked is None else asked.kind
    done = await _admin(site, "admin.clear_cache", {} if kind is None else {"kind": kind})
    return Done(done=done, command=commands.clear_cache(kind))


async def _admin(site: Site, method: str, params: Mapping[str, Any]) -> str:
    answer = await site.watch.act(method, params, timeout_s=PATIENCE_S)
    return str(answer["done"])


async def _trading(site: Site, state: str, reason: str) -> Done:
    told = await site.watch.act("set.trading_state", {"state": state, "reason": reason}, timeout_s=PATIENCE_S)
    return Done(done=f"trading is {told['state']}", command=commands.trading(state, reason))
