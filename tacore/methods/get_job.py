"""get.job: an agent job with what has happened to it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.jobs import asking
from tacore.jobs.views import JobView, view_story
from tacore.ports import Context, Later, Method

MOST_WAIT_S = 30


class Params(msgspec.Struct, kw_only=True):
    """Which job, and since when."""

    job_id: Annotated[str, Meta(description="Its job_id")]
    after_id: Annotated[int, Meta(ge=0, description="Only events after this one")] = 0
    wait_s: Annotated[
        float, Meta(ge=0, le=MOST_WAIT_S, description="Wait so long for a newer event or its end")
    ] = 0
    whole: Annotated[
        bool | None,
        Meta(
            description="With reports, tool_calls, usage; left out: unless after_id is there, and at its end"
        ),
    ] = None


def get_job(params: Params, context: Context) -> Later[JobView]:
    """Tell it."""
    told = asking.desk_of(context).job(
        params.job_id,
        after_id=params.after_id,
        wait_s=params.wait_s,
        whole=params.after_id == 0 if params.whole is None else params.whole,
        asker=asking.asker_of(context),
    )
    return told.map(lambda story: view_story(story, context.clock.wall_us()))


METHOD = Method(
    name="get.job",
    handler=get_job,
    params=Params,
    result=JobView,
    summary="Show an agent job: state, progress, cost, reports, decision",
    pool="agents",
    waits=True,
    renames={"jobId": "job_id", "afterId": "after_id"},
    examples=({"job_id": "j1-3fa9"}, {"job_id": "j1-3fa9", "after_id": 12, "wait_s": 20}),
)
