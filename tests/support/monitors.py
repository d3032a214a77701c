"""Monitors under test: the application asked in this process, and a real one beside a real service."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tacore.monitor.app import make_app
from tacore.monitor.site import About, Site
from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.watch.watch import Watch
from tacore.wire.numbers import Exact
from tests.support.journal import T0_US, answers
from tests.support.journal_columns import Row
from tests.support.service import Service, wait_until

NOBODY = "tcp://127.0.0.1:1"
ABOUT = About(
    home="/a/home",
    environment="development",
    trust_network="",
    production=False,
    loopback=True,
    actions="auto",
    names=frozenset({"localhost"}),
)
ACTING = {"X-Tacore-Action": "1"}
Event = tuple[str, int | None, Any]


@asynccontextmanager
async def asking(database: Path, about: About = ABOUT) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an application whose broker is down."""
    async with (
        Watch(NOBODY, database, parse_float=Exact) as watch,
        asking_of(watch, about) as client,
    ):
        yield client


@asynccontextmanager
async def asking_of(watch: Watch, about: About = ABOUT) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an application that looks through a watch."""
    app = make_app(lambda: watch, about, lambda _site: None)
    app.state.site = Site(watch, about)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


class Kept:
    """Writes rows as the journal's writer does, numbered from 1."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._seq = 0

    def write(
        self, rows: list[Row], *, method: str = "debug.echo", at_us: int = T0_US, client: bytes = b"bot"
    ) -> None:
        """Write rows."""
        batch, database = Batch(lines=False), Database(self.path)
        batch.add([answers(rows, method=method, client=client, answered_us=at_us)])
        self.count += len(rows)
        self._seq += 1
        batch.seq = self._seq
        database.commit(batch, 1)
        database.close()

    def add(self, count: int, *, client: bytes = b"bot") -> None:
        """Write plain rows whose request ids are their own ids."""
        ids = range(self.count + 1, self.count + count + 1)
        self.write([Row(id_, None, 1_000, b"{}", b"{}") for id_ in ids], client=client)


@contextmanager
def monitor_of(service: Service, *words: str, name: str = "monitor") -> Iterator[httpx.Client]:
    """Run a monitor of a service, and give a client of it."""
    process = service.run(name, *words, "monitor", "start")
    url = f"http://127.0.0.1:{service.settings['api.port']}"
    with httpx.Client(base_url=url, timeout=30.0) as client:
        wait_until(lambda: process.poll() is not None or _answers(client), "the monitor answers")
        assert process.poll() is None, service.log()
        yield client
    if process.poll() is None:
        process.terminate()
        assert service.bury(name) == 0, service.log()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/live").status_code == 200
    except httpx.TransportError:
        return False


def events(lines: Iterator[str], patience_s: float = 30.0) -> Iterator[Event]:
    """Read server-sent events: name, id and data; empty names are heartbeats."""
    name, id_, data = "", None, ""
    deadline = time.monotonic() + patience_s
    for line in lines:
        assert time.monotonic() < deadline, "no event that was waited for"
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "id":
            id_ = int(value)
        elif field == "data":
            data = value
        elif not line and name:
            yield name, id_, json.loads(data)
            name, id_, data = "", None, ""
