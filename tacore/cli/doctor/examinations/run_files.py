"""What processes leave in the home for each other: pid files and locks, those of dead ones above all."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from tacore.cli.doctor import left_behind
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation
from tacore.settings.problems import shorten

ADVICE = "`tacore doctor --fix` removes it"


def examine(situation: Situation) -> Sequence[Finding]:
    """Find pid files of processes that are gone, and locks that nobody holds."""
    owner = situation.ledger.with_name(f"{situation.ledger.name}.owner")
    writers = situation.database.with_name(f"{situation.database.name}.lock")
    # The ledger's own lock stays for good: only its owner's record tells of a process.
    records = [*sorted(situation.run_dir.glob("*.json")), owner]
    locks = [*sorted(situation.run_dir.glob("*.lock")), writers]
    found = [finding for path in records if path.exists() for finding in _record(path)]
    found += [finding for path in locks if path.exists() for finding in _lock(path)]
    there = sum(path.exists() for path in (*records, *locks))
    return found or [ok(f"{there} pid files and locks, each of a living process" if there else "none")]


def _record(path: Path) -> Iterable[Finding]:
    said = left_behind.announced(path)
    if said.alive or left_behind.is_held(path.with_suffix(".lock")):
        return  # one in a container has a lock that we see, and a pid that we do not
    if said.pid is None:
        seen = f"{path} is no pid file: it can't be read, or says nothing of a process"
    elif said.reused:
        seen = f"{path} is of pid {said.pid}, which is another process by now; its own has died"
    else:
        seen = f"{path} is of pid {said.pid}, which is dead"
    yield problem(seen, ADVICE, lambda: left_behind.remove_record(path))


def _lock(path: Path) -> Iterable[Finding]:
    if not left_behind.is_held(path):
        yield problem(
            f"{path} is a stale lock: the process that made it is gone, and nobody holds it",
            ADVICE,
            lambda: left_behind.remove_lock(path),
        )
        return
    holder = left_behind.holder(path)
    record = path.with_suffix(".json")
    known = left_behind.announced(record)
    if holder is None or path.name == "refresher.lock" or (known.alive and known.pid == holder):
        return
    if path.parent.name != "run":  # the journal writer announces nothing
        return
    yield warning(
        f"{path} is held by pid {holder} ({_command(holder)}), which is not announced in {record.name}",
        f"it is starting or ending just now, or it hangs: look again, then `kill {holder}`",
    )


def _command(pid: int) -> str:
    try:
        return shorten(" ".join(psutil.Process(pid).cmdline()), 60)
    except psutil.Error:
        return "?"
