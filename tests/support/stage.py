"""A service on a stage: a Watch whose broker and journal are lists, at a moment that stands still."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from textual.app import App
from textual.pilot import Pilot

from tacore.errors import NoBroker, NotFound, Unavailable
from tacore.store.queries import ANY
from tacore.store.rows import Filters, GaugeValue, LogRow, MethodRate, Page, Point
from tacore.watch.jobs import UNSERVED
from tacore.watch.views import Health, WorkerView
from tacore.watch.watch import Watch
from tests.support import made_jobs

NOW_S = 1_767_225_605.0
"""2026-01-01T00:00:05Z, in the middle of ten seconds."""
PATIENCE_S = 20.0


class Staged(Watch):
    """Gives what its lists hold; ``acted`` keeps what it was asked to do, ``looks`` what was read."""

    def __init__(self) -> None:  # the real one opens sockets
        self.endpoint = "tcp://127.0.0.1:5555"
        self.up, self.journal, self.paper = True, True, True
        self.trading, self.reasons = "active", list[str]()
        self.rows = [request(number) for number in range(1, 31)]
        self.staff = [
            worker("fast-1"),
            worker("fast-2", state="busy", in_flight=1),
            worker("orders-1", "orders"),
        ]
        self.methods = [
            rate("get.market_data", 900, 0),
            rate("scan.market", 90, 9),
            rate("debug.echo", 10, 0),
        ]
        self.points = [point(NOW_S - 5 - back, 100 + back) for back in range(0, 300, 10)]
        self.measured: list[GaugeValue] = []
        self.orders = [order(number) for number in range(12, 0, -1)]
        self.agents = [made_jobs.job(number) for number in range(6, 0, -1)]
        self.agents_served = True
        self.acted: list[tuple[str, dict[str, Any]]] = []
        self.looks: list[str] = []
        self.refusal: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def close(self) -> None:
        """Close nothing."""

    async def health(self) -> Health:
        """Tell how the staged service is."""
        self.looks.append("health")
        status = "down" if not self.up else "degraded" if self.reasons else "healthy"
        reasons = self.reasons if self.up else [f"no broker at {self.endpoint}"]
        return Health(
            status=status,
            reasons=reasons,
            detail=self._told() if self.up else {},
            since_s=NOW_S - 60,
            trading=self.trading if self.up else None,
            trading_reason="",
            paper=self.paper if self.up else None,
            journal="tacore.db",
            journal_error="" if self.journal else "there is no journal",
            journal_lag_s=0.1,
        )

    def _told(self) -> dict[str, Any]:
        kept = [("fast-s", "fast", 2), ("orders-s", "orders", 1)]
        supervisors = [{"supervisor": name, "pool": pool, "wanted": number} for name, pool, number in kept]
        pools = {"fast": {"queued": 2, "workers": 2}, "orders": {"queued": 0, "workers": 1}}
        return {
            "uptime_s": 7384.0,
            "components": {
                "journal": {"lag_ms": 40.0},
                "queues": {"pools": pools},
                "workers": {"supervisors": supervisors},
            },
        }

    async def workers(self) -> list[WorkerView]:
        """List the staff."""
        if not self.up and not self.journal:
            raise NotFound("there is no journal")
        return list(self.staff)

    async def rates(self, window_s: int = 300, now_s: float | None = None) -> list[MethodRate]:
        """Give the methods' rates."""
        self.looks.append(f"rates {window_s} {now_s}")
        self._need_journal()
        return list(self.methods)

    async def series(
        self, window_s: int = 3600, method: str | None = None, now_s: float | None = None
    ) -> list[Point]:
        """Give the points within the window."""
        self._need_journal()
        until = NOW_S if now_s is None else now_s
        return sorted(each for each in self.points if until - window_s <= each.start_s <= until)

    async def gauges(
        self, window_s: int = 3600, name: str | None = None, now_s: float | None = None
    ) -> list[GaugeValue]:
        """Give what was measured."""
        return list(self.measured)

    async def before(
        self, id_: int, limit: int = 100, filters: Filters = ANY, *, max_scan: int = 50_000
    ) -> Page:
        """Give rows older than an id, newest first."""
        if self.gate is not None:
            await self.gate.wait()
        self._need_journal()
        self.looks.append(f"before {id_}")
        scanned = [row for row in reversed(self.rows) if id_ - max_scan <= row.id < id_]
        found = [row for row in scanned if passes(row, filters)][:limit]
        next_id = found[-1].id if len(found) == limit else max(1, id_ - max_scan)
        return Page(found, next_id, next_id <= 1)

    async def since(
        self, id_: int, limit: int = 100, filters: Filters = ANY, *, max_scan: int = 50_000
    ) -> Page:
        """Give rows newer than an id, oldest first."""
        self._need_journal()
        found = [row for row in self.rows if row.id > id_ and passes(row, filters)][:limit]
        last = self.rows[-1].id if self.rows else 0
        return Page(found, found[-1].id if len(found) == limit else max(last, id_), True)

    async def read(self, query: Callable[[Any], Any]) -> Any:
        """Run a query that asks for no more than the newest row."""
        self._need_journal()
        return query(self)

    def newest(self) -> tuple[int, int]:
        """Play the reader."""
        return (self.rows[-1].id, 0) if self.rows else (0, 0)

    async def by_request_id(self, request_id: str | int) -> list[LogRow]:
        """Give the rows of an id."""
        return [row for row in reversed(self.rows) if row.request_id == request_id]

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        max_age_s: float = 0.5,
        timeout_s: float | None = None,
    ) -> Any:
        """Answer what screens ask."""
        self.looks.append(method)
        if not self.up:
            raise NoBroker(f"no broker at {self.endpoint}")
        if method == "get.order":
            return order(int((params or {})["order_id"][-2:])) | {"fills": [{"quantity": 5, "price": 430.5}]}
        return {"orders": list(self.orders)}

    async def jobs(self, only: Mapping[str, Any] | None = None, *, max_age_s: float = 0.5) -> dict[str, Any]:
        """List the agent jobs."""
        self._need_agents("list.jobs")
        return made_jobs.listed(self.agents)

    async def job(self, job_id: str, after_id: int = 0, *, max_age_s: float = 0.5) -> dict[str, Any]:
        """Tell an agent job in full."""
        self._need_agents("get.job")
        return next(each for each in self.agents if each["job_id"] == job_id)

    def _need_agents(self, method: str) -> None:
        self.looks.append(method)
        if not self.up:
            raise NoBroker(f"no broker at {self.endpoint}")
        if not self.agents_served:
            raise Unavailable(UNSERVED)

    async def act(
        self, method: str, params: Mapping[str, Any] | None = None, *, timeout_s: float | None = None
    ) -> Any:
        """Take note, and say done or what is refused."""
        self.acted.append((method, dict(params or {})))
        if self.refusal is not None:
            raise self.refusal
        return {"done": "set in motion"}

    def add(self, *rows: LogRow) -> None:
        """Let requests come."""
        self.rows.extend(rows)

    def _need_journal(self) -> None:
        if not self.journal:
            raise Unavailable("there is no journal")


def passes(row: LogRow, filters: Filters) -> bool:
    """Tell whether a row is wanted."""
    at_us = int(datetime.fromisoformat(row.answered_at).timestamp() * 1e6)
    return (
        filters.method in (None, row.method)
        and filters.status in (None, row.status)
        and filters.worker in (None, row.worker_id)
        and (filters.text is None or filters.text in f"{row.request_data}{row.response_data}{row.error}")
        and (filters.until_us is None or at_us < filters.until_us)
    )


def request(number: int, **changes: Any) -> LogRow:
    """Make a row: each fifth failed, methods take turns."""
    failed = number % 5 == 0
    at = datetime.fromtimestamp(NOW_S - 40 + number, UTC).isoformat(timespec="microseconds")
    made = LogRow(
        id=number,
        request_id=f"request-{number:03}",
        method=("get.market_data", "scan.market", "debug.echo")[number % 3],
        worker_id=f"fast-{number % 2 + 1}",
        client_id="00ff",
        request_data=json.dumps({"n": number}),
        response_data=None if failed else '{"answer": 1}',
        processing_time_ms=1.5 * number,
        status="error" if failed else "success",
        error='{"code": "invalid_params", "message": "n: is odd"}' if failed else None,
        created_at=at.replace("+00:00", "Z"),
        answered_at=at.replace("000000+00:00", "250000Z"),
        code="invalid_params" if failed else None,
        principal="local",
        attempts=1,
        queue_ms=0.25,
        request_truncated=0,
        response_truncated=0,
    )
    return made._replace(**changes)


def worker(name: str, pool: str = "fast", **changes: Any) -> WorkerView:
    """Make a worker."""
    made = WorkerView(
        worker_id=name,
        pool=pool,
        pid=4000 + len(name) + int(name[-1]),
        host="desk",
        state="ready",
        in_flight=0,
        processed=1234,
        uptime_s=7380.0,
        last_seen_s=0.4,
        version="0.1.0",
        cpu=0.25,
        rss_mb=71.5,
        supervisor=f"{pool}-s",
        live=True,
    )
    return made._replace(**changes)


def rate(method: str, requests: int, errors: int) -> MethodRate:
    """Make a method's figures over five minutes."""
    return MethodRate(
        method, requests, errors, requests / 300, errors / requests, 2.0, 1.5, 6.0, 12.0, 40.0, 0.1
    )


def point(start_s: float, requests: int) -> Point:
    """Make ten seconds."""
    return Point(int(start_s), requests, requests // 20, 2.0, 1.5, requests / 10, 12.0)


def order(number: int, **changes: Any) -> dict[str, Any]:
    """Make an order: each fourth is open."""
    status = "accepted" if number % 4 == 0 else "filled"
    return {
        "order_id": f"o-0000000000{number:02}",
        "status": status,
        "symbol": ("AAPL", "MSFT")[number % 2],
        "action": "buy",
        "order_type": "limit",
        "quantity": 10 * number,
        "filled_quantity": 0 if status == "accepted" else 10 * number,
        "average_price": None if status == "accepted" else 430.52,
        "price": 431,
        "account": "paper",
        "venue": "paper",
        "paper": True,
        "updated_at": f"2026-01-01T00:00:{number:02}Z",
        "reason": "",
        **changes,
    }


def text_of(app: App[Any]) -> str:
    """Give what is on the screen, as lines without colours."""
    width, height = app.size
    console = Console(width=width, height=height, file=io.StringIO(), record=True, force_terminal=True)
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    return "\n".join(line.rstrip() for line in console.export_text(styles=False).splitlines())


async def until(pilot: Pilot[Any], true: Callable[[], Any], what: str) -> None:
    """Let the app go on until something holds."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {PATIENCE_S:g} s: {what}\n{text_of(pilot.app)}")
        await pilot.pause(0.02)


def kept(path: Path, text: str, *, write: bool) -> str:
    """Give an expected text, or make this one the expected."""
    if write:
        path.write_text(text + "\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").removesuffix("\n")
