"""retry.job: take up an agent job again that failed or was cancelled."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.jobs import asking
from tacore.jobs.views import JobView, view_story
from tacore.ports import Context, Later, Method


class Params(msgspec.Struct, kw_only=True):
    """Which job."""

    job_id: Annotated[str, Meta(description="Its job_id")]


def retry_job(params: Params, context: Context) -> Later[JobView]:
    """Queue it again, with as much to use as it had at first."""
    told = asking.desk_of(context).retry(params.job_id, asking.asker_of(context))
    return told.map(lambda story: view_story(story, context.clock.wall_us()))


METHOD = Method(
    name="retry.job",
    handler=retry_job,
    params=Params,
    result=JobView,
    summary="Take a failed or cancelled agent job up again after its last finished node",
    pool="agents",
    writes=True,
    renames={"jobId": "job_id"},
    examples=({"job_id": "j1-3fa9"},),
)
