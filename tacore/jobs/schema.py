"""The tables of jobs.db and their migrations, which only the job manager runs.

`PRAGMA user_version` counts the migrations applied; each is one transaction. Times are epoch microseconds,
money is TEXT, exact. ``ask`` is the canonical JSON of what is asked for: equal text is the same work.
``due_us`` is before when a queued job does not start; ``allowed`` is after how many attempts it is given up;
``allotment`` is what an operator's retry adds to its limits; ``request_key`` names the request that made it,
by its id or, with ``key_kind`` explicit, its idempotency key; ``outcome`` is without what is long, which
``outcomes`` has; ``pid`` and ``pid_started`` name its process.
"""

from collections.abc import Sequence

from tacore.migrations import ABOUT

_JOBS = """
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  engine TEXT NOT NULL,
  market TEXT NOT NULL,
  symbol TEXT NOT NULL,
  date TEXT NOT NULL,
  ask TEXT NOT NULL,
  limits TEXT NOT NULL,
  allotment TEXT NOT NULL,
  principal TEXT NOT NULL,
  request_key TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  due_us INTEGER NOT NULL,
  started_us INTEGER,
  running_since_us INTEGER,
  ended_us INTEGER,
  ran_us INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  allowed INTEGER NOT NULL,
  progress REAL NOT NULL DEFAULT 0,
  stage TEXT NOT NULL DEFAULT '',
  pid INTEGER,
  pid_started REAL,
  fault_code TEXT,
  fault_message TEXT,
  cost_currency TEXT NOT NULL,
  action TEXT,
  verdict TEXT,
  outcome TEXT,
  warnings TEXT NOT NULL DEFAULT '[]',
  last_event_id INTEGER NOT NULL DEFAULT 0,
  CHECK ((state = 'running') = (running_since_us IS NOT NULL))
)
"""
_OF = "job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE"
_PARTS = (
    f"CREATE TABLE events ({_OF}, id INTEGER NOT NULL,"
    " at_us INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL,"
    " PRIMARY KEY (job, id)) WITHOUT ROWID",
    f"CREATE TABLE spent ({_OF}, node TEXT NOT NULL,"
    " model TEXT NOT NULL, calls INTEGER NOT NULL, input_tokens INTEGER NOT NULL,"
    " output_tokens INTEGER NOT NULL, cost TEXT, PRIMARY KEY (job, node, model))",
    f"CREATE TABLE reports ({_OF}, name TEXT NOT NULL,"
    " title TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (job, name))",
    f"CREATE TABLE tool_calls (number INTEGER PRIMARY KEY, {_OF}, at_us INTEGER NOT NULL,"
    " node TEXT NOT NULL, tool TEXT NOT NULL, call TEXT NOT NULL)",
)
_INDEXES = (
    "CREATE INDEX jobs_unfinished ON jobs (state, due_us, number) WHERE state IN ('queued', 'running')",
    "CREATE INDEX jobs_by_state ON jobs (state)",
    "CREATE INDEX jobs_by_ask ON jobs (ask, number)",
    "CREATE INDEX jobs_by_symbol ON jobs (symbol, number)",
    "CREATE INDEX jobs_ended ON jobs (ended_us) WHERE ended_us IS NOT NULL",
    "CREATE INDEX tool_calls_by_job ON tool_calls (job)",
)
_REQUESTS = (
    "ALTER TABLE jobs ADD COLUMN key_kind TEXT NOT NULL DEFAULT 'request'",
    "CREATE INDEX jobs_by_request ON jobs (request_key, principal, number)",
)
_ESTIMATES = (
    "ALTER TABLE spent ADD COLUMN complete INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE spent ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE spent ADD COLUMN estimated_cost TEXT",
    "UPDATE spent SET complete = cost IS NOT NULL",
)
_OUTCOMES = (
    "CREATE TABLE outcomes (job INTEGER PRIMARY KEY REFERENCES jobs (number) ON DELETE CASCADE,"
    " outcome TEXT NOT NULL)",
    "INSERT INTO outcomes SELECT number, outcome FROM jobs WHERE outcome IS NOT NULL",
    "UPDATE jobs SET outcome = json_remove(outcome, '$.debates', '$.decision.text', '$.decision.reasoning')"
    " WHERE outcome IS NOT NULL",
)
MIGRATIONS: Sequence[Sequence[str]] = (
    (ABOUT, _JOBS, *_PARTS, *_INDEXES),
    (*_REQUESTS, *_ESTIMATES, *_OUTCOMES),
)
