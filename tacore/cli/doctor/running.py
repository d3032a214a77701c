"""Make an examination, in bounded time and whatever happens in it; and repairs."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from tacore.cli.doctor.finding import Finding, problem
from tacore.cli.doctor.registry import Examine
from tacore.cli.doctor.situation import Situation
from tacore.errors import TacoreError


def findings(name: str, examine: Examine, situation: Situation) -> Sequence[Finding]:
    """Give what an examination finds; one that hangs or fails is itself a finding.

    It runs on a thread that keeps nobody from ending: what hangs in it is left behind.
    """
    found: list[Sequence[Finding]] = []
    thread = threading.Thread(
        target=lambda: found.append(_attempt(examine, situation)), name=name, daemon=True
    )
    thread.start()
    thread.join(situation.wait_s)
    if found:
        return found[0]
    seen = f"looking at this was not finished within {situation.wait_s:g} s"
    return [problem(seen, "something hangs, or is slow: look again with a longer --wait")]


def repaired(finding: Finding) -> Finding:
    """Do what is safe to do about it; what can't be repaired stays as it is found."""
    if finding.repair is None:
        return finding
    try:
        done = finding.repair()
    except OSError as error:
        return replace(finding, seen=f"{finding.seen}; repairing it failed: {error}", repair=None)
    return Finding("fixed", f"{finding.seen}: {done}")


def _attempt(examine: Examine, situation: Situation) -> Sequence[Finding]:
    try:
        return examine(situation)
    except TacoreError as error:
        return [problem(error.message, "mend that, and look again")]
    except OSError as error:
        return [problem(f"this can't be looked at: {error}", "run it as the user whose service it is")]
    except Exception as error:  # one defect must not hide what the others find
        seen = f"the examination itself failed: {type(error).__name__}: {error}"
        return [problem(seen, "this is a defect of tacore doctor: report it with these words")]
