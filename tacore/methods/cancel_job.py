"""cancel.job: end an agent job that has not ended."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.jobs import asking
from tacore.jobs.views import JobView, view_story
from tacore.ports import Context, Later, Method


class Params(msgspec.Struct, kw_only=True):
    """Which job."""

    job_id: Annotated[str, Meta(description="Its job_id")]


def cancel_job(params: Params, context: Context) -> Later[JobView]:
    """Cancel it; answered once its process is gone. One that is cancelled already is told again."""
    told = asking.desk_of(context).cancel(params.job_id, asking.asker_of(context))
    return told.map(lambda story: view_story(story, context.clock.wall_us()))


METHOD = Method(
    name="cancel.job",
    handler=cancel_job,
    params=Params,
    result=JobView,
    summary="Cancel an agent job: its process is gone when the answer comes",
    pool="agents",
    writes=True,
    renames={"jobId": "job_id"},
    examples=({"job_id": "j1-3fa9"},),
)
