"""The SQLite that Python was built with, against faults that endanger databases."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation

Version = tuple[int, ...]
NEEDED: Version = (3, 35, 0)
"""ON CONFLICT DO UPDATE without a target, which the journal uses, came with it."""


class Fault(NamedTuple):
    """A fault of the versions from ``first`` up to, not including, ``fixed``.

    ``backports`` are earlier branches' versions that have the repair; later ones of the same branch do too.
    """

    first: Version
    fixed: Version
    backports: tuple[Version, ...]
    what: str
    advice: str


FAULTS = (
    # sqlite.org/wal.html#walresetbug, sqlite.org/releaselog/3_51_3.html
    Fault(
        (3, 7, 0),
        (3, 51, 3),
        ((3, 44, 6), (3, 50, 7)),
        "the WAL-reset bug: where two connections write or checkpoint a WAL database at the same moment, "
        "committed pages may be lost",
        "install a Python whose SQLite is 3.51.3 or later (3.50.7 and 3.44.6 are repaired too; a "
        "distribution may have repaired its own without a new number). Each of tacore's databases has one "
        "writer, which keeps this from happening as long as no other program writes or checkpoints "
        "data/*.db while the service runs",
    ),
    # sqlite.org/news.html, March 2026: withdrawn in favour of 3.51.3 and 3.53.0
    Fault(
        (3, 52, 0),
        (3, 52, 1),
        (),
        "this release was withdrawn, for it does not fit what was written for earlier ones",
        "install a Python whose SQLite is 3.51.3, or 3.53.0 or later",
    ),
    # sqlite.org/releaselog/3_35_5.html
    Fault(
        (3, 35, 0),
        (3, 35, 5),
        (),
        "ALTER TABLE DROP COLUMN may corrupt a database",
        "install a Python whose SQLite is 3.51.3 or later, and drop no column until then",
    ),
)


def examine(_situation: Situation) -> Sequence[Finding]:
    """Look at the version that this Python uses."""
    return judge(sqlite3.sqlite_version)


def judge(version: str) -> Sequence[Finding]:
    """Tell what is known of a version."""
    number = tuple(int(part) for part in version.split("."))
    if number < NEEDED:
        needed = ".".join(map(str, NEEDED))
        return [problem(f"SQLite {version} is too old: {needed} is needed", "install a newer Python")]
    known = [fault for fault in FAULTS if _has(number, fault)]
    told = [warning(f"SQLite {version} has {each.what}", each.advice) for each in known]
    return told or [ok(f"SQLite {version} has no known fault that endangers databases")]


def _has(number: Version, fault: Fault) -> bool:
    repaired = any(number[:2] == each[:2] and number >= each for each in fault.backports)
    return fault.first <= number < fault.fixed and not repaired
