"""The tables of ledger.db and their migrations, which only the executor runs.

`PRAGMA user_version` counts the migrations applied; each is one transaction. Plain DDL and not sqlite-utils:
triggers, partial indexes and foreign keys are most of it. Money and quantities are TEXT, exact; times are
epoch microseconds, ``market_us`` on the market's own clock. ``is_open`` follows from an order's status: an
index on it is touched once in an order's life, one on the status with every step.
"""

from collections.abc import Sequence

from tacore.migrations import ABOUT

_ORDERS = """
CREATE TABLE orders (
  number INTEGER PRIMARY KEY,
  client_order_id TEXT NOT NULL,
  account TEXT NOT NULL,
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  key_kind TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  venue TEXT NOT NULL,
  paper INTEGER NOT NULL,
  market TEXT NOT NULL,
  symbol TEXT NOT NULL,
  currency TEXT NOT NULL,
  side TEXT NOT NULL,
  quantity TEXT NOT NULL,
  order_type TEXT NOT NULL,
  time_in_force TEXT NOT NULL,
  status TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  market_us INTEGER NOT NULL,
  limit_price TEXT,
  stop_price TEXT,
  reserve_price TEXT NOT NULL,
  filled_quantity TEXT NOT NULL DEFAULT '0',
  average_price TEXT,
  fees TEXT NOT NULL DEFAULT '0',
  triggered INTEGER NOT NULL,
  matched_us INTEGER,
  venue_order_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  warnings TEXT,
  tags TEXT,
  filled_cost TEXT NOT NULL DEFAULT '0',
  halting INTEGER NOT NULL DEFAULT 0
)
"""
_EVENTS = """
CREATE TABLE events (
  order_number INTEGER NOT NULL REFERENCES orders (number),
  number INTEGER NOT NULL,
  what TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  market_us INTEGER,
  details TEXT,
  PRIMARY KEY (order_number, number)
) WITHOUT ROWID
"""
_FILLS = """
CREATE TABLE fills (
  number INTEGER PRIMARY KEY,
  order_number INTEGER NOT NULL REFERENCES orders (number),
  account TEXT NOT NULL,
  venue TEXT NOT NULL,
  trade_id TEXT NOT NULL,
  market TEXT NOT NULL,
  symbol TEXT NOT NULL,
  currency TEXT NOT NULL,
  side TEXT NOT NULL,
  quantity TEXT NOT NULL,
  price TEXT NOT NULL,
  fee TEXT NOT NULL,
  fee_currency TEXT NOT NULL,
  market_us INTEGER NOT NULL,
  at_us INTEGER NOT NULL
)
"""
_POSITIONS = """
CREATE TABLE positions (
  account TEXT NOT NULL,
  market TEXT NOT NULL,
  symbol TEXT NOT NULL,
  currency TEXT NOT NULL,
  quantity TEXT NOT NULL,
  cost TEXT NOT NULL,
  realised TEXT NOT NULL,
  fees TEXT NOT NULL,
  PRIMARY KEY (account, market, symbol)
) WITHOUT ROWID
"""
_SMALL = (
    "CREATE TABLE cash (account TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL,"
    " PRIMARY KEY (account, currency)) WITHOUT ROWID",
    "CREATE TABLE accounts (account TEXT PRIMARY KEY, opened_us INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE openings (account TEXT NOT NULL REFERENCES accounts (account), currency TEXT NOT NULL,"
    " amount TEXT NOT NULL, PRIMARY KEY (account, currency)) WITHOUT ROWID",
    "CREATE TABLE trading_states (number INTEGER PRIMARY KEY, state TEXT NOT NULL, since_us INTEGER NOT NULL,"
    " by TEXT NOT NULL, reason TEXT NOT NULL)",
    "CREATE TABLE day_marks (account TEXT NOT NULL, day TEXT NOT NULL, equity TEXT NOT NULL,"
    " at_us INTEGER NOT NULL, PRIMARY KEY (account, day)) WITHOUT ROWID",
)
ENDED_ONLY = "status IN ('cancelled', 'expired')"
"""Spelled as in the index of what has ended, or SQLite does not use it."""
_INDEXES = (
    "CREATE UNIQUE INDEX orders_by_key ON orders (account, principal, key_kind, key)",
    "CREATE INDEX orders_open ON orders (account, number) WHERE is_open = 1",
    f"CREATE INDEX orders_ended ON orders (updated_us) WHERE {ENDED_ONLY}",
    "CREATE INDEX orders_by_time ON orders (account, created_us)",
    "CREATE UNIQUE INDEX fills_by_trade ON fills (account, venue, trade_id)",
    "CREATE INDEX fills_by_order ON fills (order_number)",
    "CREATE INDEX fills_by_symbol ON fills (account, market, symbol, side, market_us)",
    "CREATE INDEX fills_by_time ON fills (account, at_us)",
)


def _kept(table: str, *verbs: str) -> list[str]:
    """Write the triggers that keep a table as it was written."""
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are kept for ever'); END"
        for verb in verbs
    ]


def _not_replaced(table: str, *same: str) -> str:
    """Refuse REPLACE, which deletes without calling a trigger."""
    found = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in same)  # noqa: S608 - own names
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {found} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are kept for ever'); END"
    )


_TRIGGERS = (
    *_kept("events", "UPDATE", "DELETE"),
    *_kept("fills", "UPDATE", "DELETE"),
    *_kept("openings", "UPDATE", "DELETE"),
    *_kept("trading_states", "UPDATE", "DELETE"),
    *_kept("orders", "DELETE"),
    _not_replaced("events", "order_number = NEW.order_number AND number = NEW.number"),
    _not_replaced(
        "fills",
        "number = NEW.number",
        "account = NEW.account AND venue = NEW.venue AND trade_id = NEW.trade_id",
    ),
)
MIGRATIONS: Sequence[Sequence[str]] = (
    (ABOUT, _ORDERS, _EVENTS, _FILLS, _POSITIONS, *_SMALL, *_INDEXES, *_TRIGGERS),
)
