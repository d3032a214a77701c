"""`tacore jobs cancel` and `tacore jobs retry`."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import render
from tacore.cli.exits import INTERRUPTED, OK, PARTLY, Usage, code_of, explain, tell
from tacore.cli.globals import Globals
from tacore.cli.jobs import finding, following, listing, spelled
from tacore.cli.words import Words
from tacore.client.sync import Client
from tacore.errors import NoAnswer, TacoreError

CANCEL, RETRY = "cancel.job", "retry.job"
LEFT_OUT = frozenset({"reports", "debates", "tool_calls", "usage", "events"})
"""What a row of a list does not have."""


def check(words: Words) -> None:
    """Refuse what names no job."""
    if not words.rest:
        raise Usage("it needs a JOB, or several: `tacore jobs` lists them")


def cancel(client: Client, words: Words, options: Globals) -> int:
    """Cancel jobs; a person is asked first."""
    job_ids = list(dict.fromkeys(words.rest))
    sure = not words.options.keys().isdisjoint({"-y", "--yes"})
    if not sure and sys.stdin.isatty() and sys.stderr.isatty() and not _agreed(client, job_ids):
        tell("nothing was cancelled")
        return INTERRUPTED
    return _change(client, CANCEL, job_ids, options)[0]


def retry(client: Client, words: Words, options: Globals) -> int:
    """Take failed or cancelled jobs up again."""
    code, done = _change(client, RETRY, list(dict.fromkeys(words.rest)), options)
    for view in done:
        if not options.quiet and not spelled.has_ended(view):
            tell(f"job {view['job_id']} is {view['state']}: {following.how_to_follow(view['job_id'])}")
    return code


def _agreed(client: Client, job_ids: Sequence[str]) -> bool:
    """Show what would be lost, and ask."""
    for job_id in job_ids:
        view = finding.get(client, job_id)
        used = spelled.line(view, float(view.get("elapsed_s") or 0))
        tell(f"{job_id}  {view['state']}  {spelled.percent(view)}  {used}")
    many = "this job" if len(job_ids) == 1 else f"these {len(job_ids)} jobs"
    sys.stderr.write(f"cancel {many}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _change(
    client: Client, method: str, job_ids: Sequence[str], options: Globals
) -> tuple[int, list[Mapping[str, Any]]]:
    done: list[Mapping[str, Any]] = []
    failed: list[tuple[str, TacoreError]] = []
    asked = ({"job_id": each} for each in job_ids)
    for job_id, each in zip(job_ids, client.map(method, asked, ordered=True), strict=True):
        if each.reply.error is None:
            done.append(each.reply.data)
        else:
            failed.append((job_id, finding.with_nearest(client, job_id, each.reply.error)))
    if failed and not done and isinstance(failed[0][1], NoAnswer):
        raise failed[0][1]
    if done:
        rows = [{name: each for name, each in view.items() if name not in LEFT_OUT} for view in done]
        listing.show(rows, options) if listing.is_table(options) else render.show(rows, options)
    for job_id, error in failed:
        said = explain(error, method)
        tell(said if job_id in said else f"{job_id}: {said}")
    if not failed:
        return OK, done
    return (PARTLY if done else code_of(failed[-1][1])), done
