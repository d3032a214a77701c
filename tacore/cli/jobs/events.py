"""`tacore jobs logs JOB`: what has happened to a job, and what follows."""

from collections.abc import Mapping
from typing import Any

from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.jobs import finding, outcome
from tacore.cli.jobs.command import one
from tacore.cli.jobs.following import follow
from tacore.cli.jobs.pursuit import Pursuit
from tacore.cli.printable import printable
from tacore.cli.progress import Progress
from tacore.cli.stream import Column, Stream
from tacore.cli.words import Words
from tacore.client.sync import Client

FIELDS = ("id", "at", "kind", "text", "data")
LINE = (Column("at", 20), Column("kind", 8), Column("text", 0))


def check(words: Words) -> None:
    """Refuse what names no job."""
    one("logs", words)


def logs(client: Client, words: Words, options: Globals) -> int:
    """Write the events so far, and with -f those that follow, until the job has ended."""
    job_id = one("logs", words)
    following = not words.options.keys().isdisjoint({"-f", "--follow"})
    stream = Stream("jobs logs", LINE, _readable, options, fields=FIELDS, follow=following)
    if not following:
        stream.write(finding.get(client, job_id).get("events") or [])
        return OK
    pursuit = Pursuit(job_id)
    with Progress(options) as progress:
        for view in follow(client, pursuit, progress):
            if view.get("events"):
                progress.aside()
                stream.write(view["events"])
    return outcome.tell(pursuit.view, options)


def _readable(event: Mapping[str, Any]) -> dict[str, str]:
    at = str(event.get("at"))
    return {
        "at": f"{at[:19]}Z",
        "kind": str(event.get("kind")),
        "text": printable(str(event.get("text"))),
    }
