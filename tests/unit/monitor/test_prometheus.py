"""Prometheus' formats: read by its own parsers, and counted again by plain SQL."""

import asyncio
import math
import random
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from tacore.monitor.prometheus import Seen, Snapshot
from tacore.store.retention import Retention, prune_summaries
from tacore.watch.views import Health, WorkerView
from tests.support.journal import T0_US
from tests.support.journal_columns import Row
from tests.support.monitors import ABOUT, Kept, asking

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
FORMATS = [("text/plain", read_text), ("application/openmetrics-text; version=1.0.0", read_openmetrics)]


def samples(families: Iterable[Any]) -> Samples:
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


def scrape(kept: Kept, accept: str = "text/plain", read: Callable[[str], Any] = read_text) -> Samples:
    async def asked() -> Samples:
        async with asking(kept.path, ABOUT) as client:
            answer = await client.get("/metrics", headers={"Accept": accept})
            assert answer.headers["Content-Type"].startswith(accept.partition(";")[0])
            return samples(read(answer.text))

    return asyncio.run(asked())


def fill(kept: Kept, seed: int = 1) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    for method in ("debug.echo", "get.market_data", 'odd"name\n'):
        codes = [rng.choice([None, None, "denied", "internal"]) for _ in range(40)]
        times = [rng.choice([0, 127, 128, 129, 1023, 1024, 10**6, 1 << 26, 1 << 30]) for _ in codes]
        kept.write(
            [Row(number, *each) for number, each in enumerate(zip(codes, times, strict=True))],
            method=method,
            at_us=T0_US + seed * 1_000_000,
        )


@pytest.mark.parametrize(("accept", "read"), FORMATS)
def test_scrape_when_parsed_agrees_with_the_journal(
    kept: Kept, accept: str, read: Callable[[str], Any]
) -> None:
    fill(kept)
    found = scrape(kept, accept, read)
    with closing(sqlite3.connect(kept.path)) as journal:
        for method, status, count in journal.execute(
            "SELECT method, status, count(*) FROM request_logs GROUP BY 1, 2"
        ):
            assert found["tacore_requests_total", (("method", method), ("status", status))] == count
        for method, code, count in journal.execute(
            "SELECT method, code, count(*) FROM request_logs WHERE code IS NOT NULL GROUP BY 1, 2"
        ):
            assert found["tacore_errors_total", (("code", code), ("method", method))] == count
        rows = journal.execute("SELECT method, processing_us FROM requests").fetchall()
    bounds = {dict(labels)["le"] for name, labels in found if name == "tacore_request_seconds_bucket"}
    assert len(bounds) == 21
    for (name, labels), value in found.items():
        about = dict(labels)
        took = [us / 1e6 for method, us in rows if method == about.get("method")]
        if name == "tacore_request_seconds_bucket":
            assert value == sum(each < float(about["le"]) for each in took)
        elif name == "tacore_request_seconds_sum":
            assert value == pytest.approx(math.fsum(took))
        elif name == "tacore_request_seconds_count":
            assert value == len(took)


def test_counters_when_the_journal_is_pruned_and_read_anew_never_go_back(kept: Kept) -> None:
    fill(kept)
    before = scrape(kept)
    with closing(sqlite3.connect(kept.path)) as journal:
        prune_summaries(journal, Retention(rollup_days=1), T0_US + 10 * 86_400_000_000)
        assert journal.execute("SELECT count(*) FROM rollups").fetchone() == (0,)
        with journal:
            journal.execute("DELETE FROM requests WHERE id < (SELECT max(id) FROM requests)")
    counted = ("tacore_requests", "tacore_request_seconds", "tacore_errors")
    again = scrape(kept)
    assert {key: again[key] for key in before if key[0].startswith(counted)} == {
        key: value for key, value in before.items() if key[0].startswith(counted)
    }
    fill(kept, seed=2)
    later = scrape(kept)
    assert all(later[key] >= value for key, value in before.items() if key[0].startswith(counted))
    assert later["tacore_request_seconds_count", (("method", "debug.echo"),)] == 80


def test_accept_when_it_asks_for_json_or_anything_gets_json(kept: Kept) -> None:
    async def asked(accept: str) -> str:
        async with asking(kept.path) as client:
            return (await client.get("/metrics", headers={"Accept": accept})).headers["Content-Type"]

    for accept in ("*/*", "application/json", "text/html,*/*"):
        assert asyncio.run(asked(accept)) == "application/json"


def worker(name: str, pool: str, state: str) -> WorkerView:
    return WorkerView(name, pool, 1, "h", state, 0, 0, 1.0, 0.1, "0.1", None, 1.0, "s", True)


def test_parts_when_the_broker_tells_of_them_are_counted() -> None:
    detail: dict[str, Any] = {
        "uptime_s": 5.0,
        "in_flight": 3,
        "components": {
            "broker": {"status": "healthy", "counts": {"coalesced": 4}},
            "queues": {"status": "healthy", "pools": {"fast": {"queued": 7, "workers": 1}}},
            "workers": {
                "status": "degraded",
                "supervisors": [{"supervisor": "s", "pool": "fast", "restarts": 2, "wanted": 3}],
            },
            "cache": {
                "status": "healthy",
                "kinds": {"risk": {"process_hits": 5, "shared_hits": 6, "misses": 7}},
            },
        },
    }
    health = Health("degraded", ["x"], detail, 1.0, "halted", "", False, "j", "", 0.5)
    workers = [worker("a", "fast", "busy"), worker("b", "fast", "dead"), worker("c", "orders", "ready")]
    seen = Seen(health, workers, None, {"accepted": 2, "unknown": 1})
    found = samples(Snapshot(seen).collect())
    assert found["tacore_up", ()] == 1
    assert found["tacore_live", ()] == 1
    assert found["tacore_health", (("tacore_health", "degraded"),)] == 1
    assert found["tacore_trading", (("tacore_trading", "halted"),)] == 1
    assert found["tacore_queue_depth", (("pool", "fast"),)] == 7
    assert found["tacore_worker_restarts_total", (("pool", "fast"), ("supervisor", "s"))] == 2
    assert found["tacore_retries_total", (("kind", "coalesced"),)] == 4
    assert found["tacore_retries_total", (("kind", "requeued"),)] == 0
    assert found["tacore_cache_hits_total", (("kind", "risk"), ("level", "redis"))] == 6
    assert found["tacore_cache_misses_total", (("kind", "risk"),)] == 7
    assert found["tacore_workers", (("pool", "fast"), ("state", "dead"))] == 1
    assert found["tacore_workers", (("pool", "orders"), ("state", "busy"))] == 0
    assert found["tacore_open_orders", (("status", "unknown"),)] == 1
    assert found["tacore_part_healthy", (("part", "workers"),)] == 0
