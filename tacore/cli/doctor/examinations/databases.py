"""The databases' integrity, as SQLite itself judges it."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation

STEPS = 20_000
"""Instructions of SQLite between two looks at the time."""
MOST = 3
SHARE = 0.8
"""How much of the examination's time all checks together may take, so that they end by themselves."""


def examine(situation: Situation) -> Sequence[Finding]:
    """Check each database that is there, in the time there is."""
    others = sorted((situation.home / "data").glob("*.db"))
    paths = [path for path in dict.fromkeys([situation.ledger, situation.database, *others]) if path.exists()]
    deadline = time.monotonic() + situation.wait_s * SHARE
    found = [_check(path, situation, deadline) for path in paths]
    return found or [ok("there are none yet")]


def _check(path: Path, situation: Situation, deadline: float) -> Finding:
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
        ) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
            check = "integrity_check" if path == situation.ledger else "quick_check"
            wrong = [str(line) for (line,) in connection.execute(f"PRAGMA {check}({MOST})")]
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return _unfinished(path)
        return problem(f"{path} can't be opened: {error}", _opening(str(error)))
    except sqlite3.DatabaseError as error:
        return _corrupt(path, situation, str(error))
    if wrong == ["ok"]:
        return ok(f"{path} is sound")
    return _corrupt(path, situation, "; ".join(line for each in wrong for line in each.splitlines()[:MOST]))


def _unfinished(path: Path) -> Finding:
    size = f"{path.stat().st_size / 1e6:,.0f} MB"
    return warning(
        f"{path} ({size}) was not checked to its end in the time there was; nothing was found until then",
        f'give it longer with --wait, or `sqlite3 {path} "PRAGMA quick_check"`',
    )


def _opening(reason: str) -> str:
    if "locked" in reason:
        return "another program has locked it: end what works on it beside the service, and look again"
    if "I/O" in reason:
        return "the disk itself fails: see `dmesg`, and copy the folder to another one before anything else"
    return "see that you may read the file and write its folder, as the service's own user may"


def _corrupt(path: Path, situation: Situation, reason: str) -> Finding:
    return problem(f"{path} is corrupt: {reason}", _rescue(path, situation))


def _rescue(path: Path, situation: Situation) -> str:
    stop = f"`tacore down`, and move {path.name}* from {path.parent} into a folder of their own"
    recover = f'what can be read: `sqlite3 {path.name} ".recover" | sqlite3 recovered.db`'
    if path == situation.ledger:
        return (
            f"orders are at stake: {stop}; put a backup in their place, or there {recover}, as "
            f"{path.name}; then `tacore up`, `tacore reconcile`, and compare with the venue"
        )
    if path == situation.database:
        return (
            f"only the history of requests is in it: {stop}; `tacore up` makes a new one. To save {recover}"
        )
    return f"{stop}; put a backup in their place. To save {recover}"
