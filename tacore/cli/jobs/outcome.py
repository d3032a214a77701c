"""How a job ended, as standard error and the exit code say it."""

from tacore.cli.exits import ANSWERED, OK
from tacore.cli.exits import tell as say
from tacore.cli.globals import Globals
from tacore.cli.jobs import page, spelled
from tacore.cli.jobs.spelled import View
from tacore.cli.printable import printable
from tacore.errors import TacoreError

_CANCELLED = "cancelled"


def error_of(view: View) -> TacoreError | None:
    """Give why a job that has ended decided nothing; None for one that did."""
    if view.get("state") == "done":
        return None
    job_id = view.get("job_id")
    told = view.get("error") or {}
    code = _CANCELLED if view.get("state") == _CANCELLED else str(told.get("code") or "failed")
    said = f": {told['message']}" if told.get("message") else ""
    error = TacoreError(f"job {job_id} {view.get('state')}{said}", details={"job_id": job_id})
    error.code = code
    return error


def tell(view: View, options: Globals) -> int:
    """Say how a job ended; give the exit code."""
    error = error_of(view)
    if error is None:
        if not options.quiet:
            say(f"job {view.get('job_id')} is done: {spelled.decision(view)} {spelled.subject(view)}")
        page.tell_degraded(view, options)
        return OK
    tell_error(view, error)
    return ANSWERED


def tell_error(view: View, error: TacoreError) -> None:
    """Say why there is no decision, and what can be done."""
    job_id = view.get("job_id")
    say(printable(f"tacore: {error.code}: {error.message}"))
    say(
        f"  `tacore jobs show {job_id}` shows what there is, "
        f"`tacore jobs retry {job_id}` goes on after the last finished step"
    )
