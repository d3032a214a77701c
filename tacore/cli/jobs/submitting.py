"""A call that begins an agent job: what to type next, or with ``wait`` its way to a decision."""

from collections.abc import Mapping
from typing import Any

from tacore.cli import call, render
from tacore.cli.exits import ANSWERED, INTERRUPTED, OK, tell
from tacore.cli.globals import Globals
from tacore.cli.jobs import outcome, page, spelled
from tacore.cli.jobs.following import follow, how_to_follow, tell_asides
from tacore.cli.jobs.pursuit import Pursuit
from tacore.cli.progress import Progress
from tacore.client.sync import Client


def run(
    client: Client, method: str, params: Mapping[str, Any], options: Globals, *, wait: bool, trace: bool
) -> int:
    """Begin a job or join it; with ``wait`` follow it to its end. Errors of the service are raised."""
    try:
        view = call.request(client, method, params, trace=trace).data
    except KeyboardInterrupt:
        tell("tacore: interrupted: whether the job began is not known; `tacore jobs` lists them")
        return INTERRUPTED
    if not isinstance(view, Mapping) or "job_id" not in view:  # an older service answers itself
        render.show(view, options)
        return OK
    if view.get("joined") and not options.quiet:
        tell(f"note: job {view['job_id']} was there already for the same work")
    if spelled.has_ended(view):
        return _conclude(view, options)
    if wait:
        return _wait(client, view, options)
    page.show(view, options)
    if not options.quiet:
        tell(f"job {view['job_id']} is {view['state']}: {how_to_follow(view['job_id'])}")
    return OK


def _wait(client: Client, begun: Mapping[str, Any], options: Globals) -> int:
    pursuit = Pursuit(str(begun["job_id"]), begun)
    try:
        with Progress(options) as progress:
            for view in follow(client, pursuit, progress):
                tell_asides(view, progress)
    except KeyboardInterrupt:
        tell(f"tacore: interrupted: job {pursuit.job_id} goes on; {how_to_follow(pursuit.job_id)}")
        return INTERRUPTED
    except Exception:
        tell(f"tacore: job {pursuit.job_id} is no longer followed: {how_to_follow(pursuit.job_id)}")
        raise
    return _conclude(pursuit.whole, options)


def _conclude(view: Mapping[str, Any], options: Globals) -> int:
    error = outcome.error_of(view)
    if error is not None:
        outcome.tell_error(view, error)
        return ANSWERED
    page.show(view, options)
    return OK
