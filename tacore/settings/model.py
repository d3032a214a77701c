"""The settings: every field, its bounds, its default and what it is for.

A Settings is frozen, absolute in its paths, and survives JSON, in which it is handed to child processes.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from tacore.settings import names
from tacore.settings.cache import Cache
from tacore.settings.section import Section
from tacore.settings.types import (
    Home,
    Host,
    HostNames,
    Lower,
    Number,
    OnOff,
    Port,
    RedisUrl,
    Upper,
    Whole,
    Workers,
    default_workers,
    is_everywhere,
    is_loopback,
)


class Redis(Section):
    """The shared cache."""

    url: RedisUrl = Field("", json_schema_extra={"allowed": "empty, or a redis://, rediss:// or unix:// URL"})
    """Where the shared cache is; empty means that each process caches for itself."""
    max_connections: Whole = Field(20, ge=1, le=10_000)
    """Connections that one process may hold open to Redis."""
    timeout_ms: Whole = Field(75, ge=5, le=10_000)
    """How long one exchange with Redis may take; a longer one counts as a miss, and Redis as away."""
    retry_s: Number = Field(0.5, ge=0.05, le=300)
    """How soon to look for a Redis that was away; it doubles, up to 16 times that, while it keeps failing."""


class Zmq(Section):
    """The broker's sockets."""

    bind: Host = Field(names.LOOPBACK, json_schema_extra={"allowed": "an IP address, a host name or *"})
    """Interface that both sockets listen on; beyond loopback see security.trust_network."""
    frontend_port: Port = names.DEFAULT_FRONTEND_PORT
    """Port that clients connect to."""
    backend_port: Port = names.DEFAULT_BACKEND_PORT
    """Port that workers connect to."""
    hwm: Whole = Field(1000, ge=1, le=1_000_000)
    """Messages that ZeroMQ queues for one peer before it holds back (its high-water mark)."""
    max_message_bytes: Whole = Field(1_048_576, ge=1024, le=268_435_456)
    """Largest frame a client may send; above it the request is refused."""
    max_frames: Whole = Field(8, ge=3, le=64)
    """Frames that one client message may have, envelope included."""


class Api(Section):
    """The monitor's HTTP server."""

    bind: Host = Field(names.LOOPBACK, json_schema_extra={"allowed": "an IP address, a host name or *"})
    """Interface that the monitor listens on; beyond loopback see security.trust_network."""
    port: Port = names.DEFAULT_API_PORT
    """Port of the monitor's pages and HTTP interface."""
    actions: Annotated[Literal["auto", "on", "off"], OnOff] = "auto"
    """Whether the monitor may restart, drain, scale, halt and cancel; auto: only while bound to loopback."""
    names: HostNames = Field("", json_schema_extra={"allowed": "host names, separated by commas"})
    """Further host names by which browsers and Prometheus reach the monitor; others are refused."""


class Broker(Section):
    """Queues and deadlines."""

    default_timeout_ms: Whole = Field(5000, ge=1, le=86_400_000)
    """Patience of a client that states none in its request."""
    max_timeout_ms: Whole = Field(600_000, ge=1, le=86_400_000)
    """Longest patience that is honoured; a client asking for more gets this."""
    queue_limit: Whole = Field(10_000, ge=1, le=10_000_000)
    """Requests that may wait for one pool; the next is answered overloaded at once."""
    unserved_wait_s: Number = Field(2.0, ge=0, le=60)
    """How long a request waits for a worker that serves its method before it is answered unavailable."""
    drain_s: Number = Field(10.0, ge=0, le=3600)
    """How long an orderly stop waits for the requests in flight."""
    batch_max: Whole = Field(128, ge=1, le=1024)
    """Requests that may travel to a worker in one message."""
    max_depth: Whole = Field(64, ge=1, le=512)
    """Deepest nesting of objects and arrays in a request's JSON."""
    lanes: bool = True
    """Exchange batches with workers on this host over Unix sockets where the system can; ZeroMQ otherwise."""
    direct: bool = True
    """Read and write clients' connections without ZeroMQ's threads where the system can; ZeroMQ otherwise."""


class Worker(Section):
    """Worker processes and their supervisors."""

    count: Workers = Field(
        default_factory=default_workers,
        json_schema_extra={"default": "twice the CPU cores"},
    )
    """Worker processes that `tacore up` and `tacore worker spawn` start."""
    pool: str = Field(
        "fast", pattern=r"^[a-z][a-z0-9_-]{0,31}$", json_schema_extra={"allowed": "a short name"}
    )
    """Pool that workers join unless told otherwise."""
    heartbeat_s: Number = Field(1.0, ge=0.05, le=60)
    """Time between two heartbeats, in each direction."""
    missed_heartbeats: Whole = Field(3, ge=1, le=100)
    """Heartbeats in a row that may be missing before the peer counts as dead."""
    start_s: Number = Field(60.0, ge=1, le=3600)
    """Time a worker's process may run without being registered before it is killed and started again."""
    restart_backoff_s: Number = Field(0.1, ge=0, le=60)
    """Wait before the first restart of a dead worker; it doubles with each further death."""
    restart_backoff_max_s: Number = Field(5.0, ge=0, le=3600)
    """Longest wait before a restart."""
    restart_budget: Whole = Field(20, ge=0, le=10_000)
    """Restarts of one worker within restart_window_s before its supervisor gives it up."""
    restart_window_s: Number = Field(60.0, ge=1, le=86_400)
    """Time over which restarts are counted."""
    feature_tables: bool = True
    """Whether the first supervisor of fast workers on a host also runs the refresher of feature tables."""


class Journal(Section):
    """The record of requests."""

    payloads: Literal["none", "params", "all"] = "all"
    """What is kept of each request beside its figures: nothing, its params, or params and answer."""
    field_cap_bytes: Whole = Field(8192, ge=0, le=16_777_216)
    """Longest params and longest answer that are kept; the rest is cut off."""
    commit_ms: Whole = Field(100, ge=1, le=10_000)
    """Time between two commits; a crash may lose as much of the journal, never an order."""
    retention_days: Whole = Field(14, ge=1, le=36_500)
    """Age at which a request's row is pruned."""
    rollup_retention_days: Whole = Field(90, ge=1, le=36_500)
    """Age at which 10-second rollups are pruned; all-time totals stay."""
    max_rows: Whole = Field(20_000_000, ge=1000, le=10_000_000_000)
    """Rows of requests that are kept at most, whatever their age."""
    performance_log: bool = True
    """Whether logs/performance.log gets a line for each request."""
    buffer_mb: Whole = Field(64, ge=1, le=16_384)
    """Memory that may hold rows for a slow writer; above it rows are dropped and counted."""


class Security(Section):
    """Who may connect."""

    trust_network: Literal["", "container"] = ""
    """`container` lets the service bind beyond loopback: say it only where the network itself is closed."""


class Logs(Section):
    """How log lines look; logging.yaml says where they go."""

    format: Annotated[Literal["auto", "text", "json"], Lower] = "auto"
    """Lines as text or as JSON; auto means JSON in production, else text."""


class Agents(Section):
    """Where the checkouts of the agents' engines are; trading_config.yaml has models, prices and limits."""

    cn_path: str = Field("", max_length=4096, json_schema_extra={"allowed": "empty, or a folder"})
    """A checkout of TradingAgents-CN; empty: that engine can't run."""
    cn_python: str = Field("", max_length=4096, json_schema_extra={"allowed": "empty, or an interpreter"})
    """The interpreter that has that checkout's packages; empty: tacore's own."""
    tauric_path: str = Field("", max_length=4096, json_schema_extra={"allowed": "empty, or a folder"})
    """A checkout of TauricResearch's TradingAgents; empty: that engine can't run."""
    tauric_python: str = Field("", max_length=4096, json_schema_extra={"allowed": "empty, or an interpreter"})
    """The interpreter that has that checkout's packages; empty: tacore's own."""


class Settings(Section):
    """Every setting of the service."""

    env: Annotated[Literal["development", "production"], Lower] = "development"
    """Production means JSON logs, no API documents, and simulated data only for markets that name it."""
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], Upper] = "INFO"
    """Least severe level that is logged."""
    home: Home = Field(default_factory=Path.cwd, json_schema_extra={"default": "the working folder"})
    """Folder that holds data/, logs/ and run/; set by flag or environment, never in a file."""
    database_path: Path = Path(names.DEFAULT_DATABASE)
    """The journal's database; a relative path is under home."""
    debug_methods: bool = False
    """Whether debug.sleep and debug.crash exist."""
    redis: Redis = Redis()
    cache: Cache = Cache()
    zmq: Zmq = Zmq()
    api: Api = Api()
    broker: Broker = Broker()
    worker: Worker = Field(default_factory=Worker)
    journal: Journal = Journal()
    agents: Agents = Agents()
    security: Security = Security()
    logs: Logs = Logs()

    @field_validator("database_path")
    @classmethod
    def _under_home(cls, value: Path, info: ValidationInfo) -> Path:
        home = info.data.get("home")
        path = value.expanduser() if home is None else home / value.expanduser()
        return Path(os.path.normpath(path))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        zmq, api, broker, worker = self.zmq, self.api, self.broker, self.worker
        for key, host in (("zmq.bind", zmq.bind), ("api.bind", api.bind)):
            if not is_loopback(host) and not self.security.trust_network:
                allowed = f"a loopback address such as {names.LOOPBACK}, or security.trust_network: container"
                raise _conflict(key, host, "binding beyond loopback is refused", allowed)
        if zmq.backend_port == zmq.frontend_port:
            raise _conflict("zmq.backend_port", zmq.backend_port, "is zmq.frontend_port too", "another port")
        if api.port in (zmq.frontend_port, zmq.backend_port):
            raise _conflict("api.port", api.port, "is one of the zmq ports too", "another port")
        if broker.default_timeout_ms > broker.max_timeout_ms:
            allowed = f"up to broker.max_timeout_ms ({broker.max_timeout_ms})"
            raise _conflict("broker.default_timeout_ms", broker.default_timeout_ms, "too long", allowed)
        if worker.restart_backoff_s > worker.restart_backoff_max_s:
            allowed = f"up to worker.restart_backoff_max_s ({worker.restart_backoff_max_s})"
            raise _conflict("worker.restart_backoff_s", worker.restart_backoff_s, "too long", allowed)
        return self

    @property
    def production(self) -> bool:
        """Say whether this is a production service."""
        return self.env == "production"

    @property
    def json_logs(self) -> bool:
        """Say whether log lines are JSON."""
        return self.logs.format == "json" or (self.logs.format == "auto" and self.production)

    @property
    def data_dir(self) -> Path:
        """Give the folder of databases and feature tables."""
        return self.home / "data"

    @property
    def features_dir(self) -> Path:
        """Give the folder of this host's feature tables."""
        return self.data_dir / "features"

    @property
    def ledger_path(self) -> Path:
        """Give the database of orders, fills, positions and cash."""
        return self.data_dir / "ledger.db"

    @property
    def jobs_path(self) -> Path:
        """Give the database of agent jobs."""
        return self.data_dir / "jobs.db"

    @property
    def agents_dir(self) -> Path:
        """Give the folder that holds the private folders of agent runs."""
        return self.data_dir / "agents"

    @property
    def logs_dir(self) -> Path:
        """Give the folder of log files."""
        return self.home / "logs"

    @property
    def run_dir(self) -> Path:
        """Give the folder of pid files and locks."""
        return self.home / "run"

    @property
    def monitor_url(self) -> str:
        """Give the address of the monitor's page, for a browser on this machine."""
        return f"http://{_reachable(self.api.bind)}:{self.api.port}"

    @property
    def frontend_endpoint(self) -> str:
        """Give the address that clients on this machine connect to."""
        return f"tcp://{_reachable(self.zmq.bind)}:{self.zmq.frontend_port}"

    @property
    def backend_endpoint(self) -> str:
        """Give the address that workers on this machine connect to."""
        return f"tcp://{_reachable(self.zmq.bind)}:{self.zmq.backend_port}"

    @property
    def frontend_bind(self) -> str:
        """Give the address that the broker binds for clients."""
        return f"tcp://{_bracketed(self.zmq.bind)}:{self.zmq.frontend_port}"

    @property
    def backend_bind(self) -> str:
        """Give the address that the broker binds for workers."""
        return f"tcp://{_bracketed(self.zmq.bind)}:{self.zmq.backend_port}"


def _reachable(host: str) -> str:
    return names.LOOPBACK if is_everywhere(host) else _bracketed(host)


def _bracketed(host: str) -> str:
    # ZeroMQ binds interfaces and addresses, not names.
    if host == "localhost":
        return names.LOOPBACK
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _conflict(key: str, value: object, reason: str, allowed: str) -> PydanticCustomError:
    return PydanticCustomError(
        "conflict", "{reason}", {"key": key, "value": value, "reason": reason, "allowed": allowed}
    )
