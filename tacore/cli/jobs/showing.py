"""`tacore jobs show JOB`: everything that is known of a job."""

from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.jobs import finding, page
from tacore.cli.jobs.command import one
from tacore.cli.words import Words
from tacore.client.sync import Client


def check(words: Words) -> None:
    """Refuse what names no job."""
    one("show", words)


def show(client: Client, words: Words, options: Globals) -> int:
    """Show a job."""
    page.show(finding.get(client, one("show", words)), options, full="--full" in words.options)
    return OK
