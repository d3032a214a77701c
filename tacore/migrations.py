"""Brings a database that one process owns up to its newest schema."""

import sqlite3
import uuid
from collections.abc import Sequence

from tacore.errors import ConfigurationError

Steps = Sequence[Sequence[str]]
"""The statements of each step; the first step makes ABOUT."""
ABOUT = """
CREATE TABLE about (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  store_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  created_us INTEGER NOT NULL
)
"""


def migrate(connection: sqlite3.Connection, steps: Steps, name: str, wall_us: int) -> None:
    """Take the steps that are left, a transaction for each; the first gives the store its id.

    Raises ConfigurationError where a later tacore has written the file; ``name`` is what it is called then.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise ConfigurationError(
            f"{name} has schema {version}; allowed: up to {len(steps)}, so a later tacore wrote it",
            details={"schema": version, "allowed": len(steps)},
        )
    for number in range(version + 1, len(steps) + 1):
        _take(connection, steps[number - 1], number, wall_us)


def _take(connection: sqlite3.Connection, statements: Sequence[str], number: int, wall_us: int) -> None:
    run = connection.execute
    run("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            run(statement)
        run("INSERT OR IGNORE INTO about VALUES (1, ?, 0, ?)", (uuid.uuid4().hex, wall_us))
        run(f"PRAGMA user_version = {number}")
        run("COMMIT")
    except BaseException:
        if connection.in_transaction:
            run("ROLLBACK")
        raise
