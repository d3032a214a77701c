"""What the read queries give and take: plain named tuples."""

from typing import NamedTuple


class LogRow(NamedTuple):
    """One row of the view ``request_logs``.

    ``request_data``, ``response_data`` and ``error`` are JSON texts, None where they were not kept; a
    truncated one is cut and no longer JSON. ``created_at`` is when the request came, ``answered_at`` when its
    answer was made, ISO 8601 UTC. ``tries`` and ``steps`` are JSON lists of `tacore.wire.trace.Try` and
    ``Step``, None where there is nothing to tell; `tacore.store.spans` makes a waterfall of them.
    """

    id: int
    request_id: str | int
    method: str | None
    worker_id: str
    client_id: str
    request_data: str | None
    response_data: str | None
    processing_time_ms: float
    status: str
    error: str | None
    created_at: str
    answered_at: str
    code: str | None
    principal: str
    attempts: int
    queue_ms: float
    request_truncated: int
    response_truncated: int
    tries: str | None = None
    steps: str | None = None


class Filters(NamedTuple):
    """Which rows to give; None means any.

    ``status`` is success or error; ``since_us`` and ``until_us`` bound the time of the answer, in epoch
    microseconds, the first included, the second not. ``text`` is looked for in params, answer and error, as
    written. A ``request_id`` matches the integer and the text that are spelled alike. Without ``watchers``
    what screens ask (web page, `tacore top`) to show themselves is left out.
    """

    method: str | None = None
    status: str | None = None
    worker: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    request_id: str | int | None = None
    text: str | None = None
    watchers: bool = True


class Page(NamedTuple):
    """Rows, and where to look on.

    ``next_id`` continues the same query (`Reader.before` or `Reader.since`); ``done`` says that it would find
    nothing more at present. A query stops after so many ids even if it found little.
    """

    rows: list[LogRow]
    next_id: int
    done: bool


class MethodRate(NamedTuple):
    """One method over a window; times are in milliseconds, the percentiles within 6.25 %."""

    method: str
    requests: int
    errors: int
    per_s: float
    error_rate: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    mean_queue_ms: float


class Point(NamedTuple):
    """All methods, or one, over ten seconds that began at ``start_s`` (epoch seconds)."""

    start_s: int
    requests: int
    errors: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Total(NamedTuple):
    """All answers of one method with one outcome since the database was made; success has no ``code``."""

    method: str
    code: str | None
    requests: int
    mean_ms: float


class Worker(NamedTuple):
    """The newest status of a worker; times are epoch microseconds."""

    worker_id: str
    at_us: int
    pool: str
    pid: int
    host: str
    state: str
    in_flight: int
    processed: int
    started_us: int
    last_seen_us: int
    version: str
    cpu_s: float
    rss_bytes: int


class GaugeValue(NamedTuple):
    """The last and the largest value of a gauge within ten seconds that began at ``start_s``."""

    start_s: int
    name: str
    subject: str
    at_us: int
    value: float
    max_value: float
