"""Following one job to its end, with a line on a terminal that says how far it is."""

import time
from collections.abc import Iterator

from tacore.cli.exits import tell
from tacore.cli.jobs import spelled
from tacore.cli.jobs.finding import GET, with_nearest
from tacore.cli.jobs.pursuit import ANSWER_S, Pursuit
from tacore.cli.jobs.spelled import View
from tacore.cli.printable import printable
from tacore.cli.progress import Progress
from tacore.client.sync import Client
from tacore.errors import NotFound

LOOK_S = 0.25
ASIDE = ("retry", "resumed", "warning")
"""Events that a person who waits should see go by."""


def follow(client: Client, pursuit: Pursuit, progress: Progress) -> Iterator[View]:
    """Yield a job as each answer has it, the one with its end last.

    A service that is away is waited for, which standard error says. NotFound names the nearest id.
    """
    while True:
        pause = _ask(client, pursuit, progress)
        if not pursuit.trouble:
            yield pursuit.view
            if pursuit.ended:
                return
        _rest(pursuit, progress, pause)


def tell_asides(view: View, progress: Progress) -> None:
    """Say on a terminal what slows a job down."""
    for event in view.get("events") or ():
        if progress.on and event["kind"] in ASIDE:
            progress.aside()
            tell(printable(f"{event['kind']}: {event['text']}"))


def how_to_follow(job_id: str) -> str:
    """Say what to type for a job that goes on."""
    return f"`tacore jobs logs -f {job_id}` follows it, `tacore jobs cancel {job_id}` ends it"


def _ask(client: Client, pursuit: Pursuit, progress: Progress) -> float:
    """Ask once; the line goes on while the service holds the answer back."""
    question = pursuit.question(time.monotonic())
    course = client.course(GET, question, timeout_s=ANSWER_S, retries=0)
    with client.engine() as engine:
        engine.add(course)
        while course.reply is None:
            _show(pursuit, progress)
            engine.step(LOOK_S if progress.on else None)
    trouble = pursuit.trouble
    try:
        pause = pursuit.heard(course.reply, time.monotonic())
    except NotFound as error:
        raise with_nearest(client, pursuit.job_id, error) from error
    _tell_trouble(trouble, pursuit, progress)
    return pause


def _tell_trouble(before: str, pursuit: Pursuit, progress: Progress) -> None:
    if bool(before) == bool(pursuit.trouble):
        return
    progress.aside()
    tell(f"tacore: {pursuit.trouble}: asking again" if pursuit.trouble else "tacore: it answers again")


def _rest(pursuit: Pursuit, progress: Progress, pause: float) -> None:
    until = time.monotonic() + pause
    while (left := until - time.monotonic()) > 0:
        _show(pursuit, progress)
        time.sleep(min(left, LOOK_S))


def _show(pursuit: Pursuit, progress: Progress) -> None:
    if not pursuit.view or not progress.due():
        return
    text = spelled.line(pursuit.view, pursuit.elapsed_s(time.monotonic()))
    away = "  (the service is away)" if pursuit.trouble else ""
    progress.show(text + away, float(pursuit.view.get("progress") or 0))
