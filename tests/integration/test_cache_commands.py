"""`tacore cache` on a real service, with and without Redis."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import command
from tests.support.redis_server import RedisServer, needs_redis
from tests.support.service import Service, wait_until


def tacore(service: Service, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*words),
        cwd=service.home,
        env=service.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def stats(service: Service, **environ: str) -> dict[tuple[str, str], dict[str, Any]]:
    done = tacore(service, "cache", "stats", **environ)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {(row["kind"], row["level"]): row for row in rows}


def ask(service: Service, *symbols: str) -> Any:
    return service.client.call("get.market_data", {"symbols": list(symbols)})


def counted(service: Service, lookups: int) -> bool:
    found = service.health()["components"]["cache"]["kinds"].get("market_data", {})
    return bool(found) and sum(found[each] for each in ("process_hits", "shared_hits", "misses")) == lookups


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@needs_redis
def test_stats_and_clear_when_workers_share_redis_show_both_levels_and_its_loss(
    tmp_path: Path, server: RedisServer
) -> None:
    settings: dict[str, Any] = {
        "redis__url": server.url,
        "redis__timeout_ms": 5_000,
        "redis__retry_s": 0.05,
    }
    with Service(tmp_path, workers=1, how="children", **settings) as service:
        assert [ask(service, "AAPL")["cached"] for _ in range(3)] == [False, True, True]
        ask(service, "MSFT")
        wait_until(lambda: counted(service, 4), "the worker has reported")
        whole = json.loads(tacore(service, "cache", "stats", "-o", "json").stdout)
        assert (whole["redis"], whole["maxmemory_policy"]) == (server.url, "noeviction")
        shown = {(row["kind"], row["level"]): row for row in whole["caches"]}
        process, redis = shown["market_data", "process"], shown["market_data", "redis"]
        assert (process["hits"], process["misses"], process["hit_rate"], process["entries"]) == (2, 2, 0.5, 2)
        assert (redis["hits"], redis["misses"], redis["entries"], redis["errors"]) == (0, 2, 2, 0)
        _clear(service, server)
        server.kill()
        ask(service, "IBM")
        wait_until(lambda: service.health()["status"] == "degraded", "health tells of it")
        assert "degraded: 1 of 1 workers can't use Redis" in tacore(service, "cache", "stats").stderr
        server.start()
        wait_until(lambda: service.health()["status"] == "healthy", "health tells of its return")


def _clear(service: Service, server: RedisServer) -> None:
    done = tacore(service, "cache", "clear", REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 6
    assert "set REDIS_URL" in done.stderr
    assert server.url in done.stderr
    assert stats(service, REDIS_URL="")["market_data", "redis"]["entries"] is None
    assert tacore(service, "cache", "clear", "--kind", "risk").returncode == 0
    assert len(server.keys("tacore:market_data:*")) == 2
    done = tacore(service, "cache", "clear", "--kind", "market_data", "-o", "json")
    assert json.loads(done.stdout) == {
        "done": "1 workers forget what they cached of market_data",
        "redis_keys": 2,
    }
    assert server.keys() == []
    assert ask(service, "AAPL")["cached"] is False


def test_commands_when_there_is_no_redis_show_the_processes_alone(tmp_path: Path) -> None:
    with Service(tmp_path, workers=1) as service:
        assert [ask(service, "AAPL")["cached"] for _ in range(2)] == [False, True]
        wait_until(lambda: counted(service, 2), "the worker has reported")
        shown = stats(service)
        assert {level for _, level in shown} == {"process"}
        assert shown["market_data", "process"]["hit_rate"] == 0.5
        done = tacore(service, "cache", "clear", "-o", "json")
        assert json.loads(done.stdout) == {"done": "1 workers forget what they cached of every kind"}
        assert ask(service, "AAPL")["cached"] is False
        wrong = tacore(service, "cache", "clear", "--kind", "marketdata")
        assert wrong.returncode == 2
        assert "did you mean market_data?" in wrong.stderr
