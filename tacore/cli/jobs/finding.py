"""Asking for one job; an id that does not exist gets the nearest one that does."""

from collections.abc import Mapping
from typing import Any

from tacore.client.sync import Client
from tacore.errors import NotFound, TacoreError

GET, LIST = "get.job", "list.jobs"
MOST = 100


def get(client: Client, job_id: str) -> dict[str, Any]:
    """Give a job with everything; NotFound names the nearest."""
    try:
        found: dict[str, Any] = client.call(GET, {"job_id": job_id})
    except NotFound as error:
        raise with_nearest(client, job_id, error) from error
    return found


def with_nearest(client: Client, job_id: str, error: TacoreError) -> TacoreError:
    """Add the nearest id, or the newest job of the symbol that was given for one; other errors stay."""
    if not isinstance(error, NotFound) or "did you mean" in error.message:
        return error
    try:
        jobs = client.call(LIST, {"limit": MOST})["jobs"]
    except TacoreError:
        return error
    near = _nearest(job_id, jobs)
    return NotFound(f"{error.message}{near}", details=error.details) if near else error


def _nearest(job_id: str, jobs: list[Mapping[str, Any]]) -> str:
    newest = next((each for each in jobs if str(each["symbol"]).casefold() == job_id.casefold()), None)
    if newest is not None:
        return f"; did you mean {newest['job_id']}, the newest of {newest['symbol']}?"
    import difflib  # noqa: PLC0415  only for a typing error

    close = difflib.get_close_matches(job_id, [str(each["job_id"]) for each in jobs], n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
