"""Whether the work that is asked for is under way, or done, already."""

from collections.abc import Sequence

from tacore.jobs.limits import covers
from tacore.jobs.rows import Kept
from tacore.model.jobs import Limits

_HOUR_US = 3_600_000_000


def joinable(same: Sequence[Kept], wanted: Limits, now_us: int, result_hours: float) -> Kept | None:
    """Choose among jobs of an ask, newest first, the one that answers it; None where a new one is needed.

    An unfinished one does that may use at least as much as is wanted, and a decision that is to be trusted
    and not older than ``result_hours``.
    """
    for each in same:
        job = each.job
        if job.state in ("queued", "running") and covers(job.limits, wanted):
            return each
        trusted = job.outcome is not None and job.outcome.quality.verdict == "ok"
        if trusted and job.ended_us is not None and now_us - job.ended_us < result_hours * _HOUR_US:
            return each
    return None
