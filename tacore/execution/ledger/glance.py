"""A look at the ledger from another process, which only reads."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tacore.errors import NotFound, Unavailable
from tacore.model.orders import OPEN


def open_orders(path: Path) -> dict[str, int]:
    """Count the open orders by state; NotFound without a ledger, Unavailable where it can't be read."""
    if not path.is_file():
        raise NotFound(f"there is no ledger at {path}: nobody has placed orders there yet")
    query = "SELECT status, count(*) FROM orders WHERE is_open = 1 GROUP BY status"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0)) as ledger:
            return dict.fromkeys(OPEN, 0) | dict(ledger.execute(query).fetchall())
    except sqlite3.Error as error:
        raise Unavailable(f"the ledger at {path} cannot be read: {error}") from error
