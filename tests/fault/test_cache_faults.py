"""Redis that is killed and started again, or stopped, in the middle of a load of repeated reads."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.load import Answers, keep_in_flight, request
from tests.support.redis_server import RedisServer, needs_redis
from tests.support.service import Service, wait_until

pytestmark = needs_redis
READS: list[dict[str, Any]] = [
    *({"symbols": [symbol]} for symbol in ("AAPL", "MSFT", "GOOG", "IBM", "FB")),
    *({"symbols": [symbol], "limit": 5} for symbol in ("AAPL", "MSFT", "GOOG")),
    {"symbols": ["AAPL", "IBM"], "timeframe": "1w"},
    {"symbols": ["AAPL"], "adjusted": True, "limit": 200},
]


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


def reads(prefix: str, count: int) -> Iterator[tuple[str, bytes]]:
    """Repeat the same few reads, with something else in between."""
    for number in range(count):
        name = f"{prefix}-{number}"
        if number % 10 == 9:
            yield name, request(name, "debug.echo", {"number": number})
        else:
            yield name, request(name, "get.market_data", READS[number % 9 + number // 10 % 2])


def all_succeeded(answers: Answers, count: int) -> None:
    assert len(answers.replies) == answers.sent == count
    assert answers.duplicates == 0
    assert answers.codes() == {}


def cached(answers: Answers) -> list[bool]:
    return [each["data"]["cached"] for each in answers.replies.values() if "cached" in each["data"]]


def forget(service: Service) -> None:
    service.client.call("admin.clear_cache")


def count(service: Service, name: str) -> int:
    """Give a figure of the workers' reports on market data, 0 until the first of them has come."""
    kinds = service.health()["components"]["cache"]["kinds"]
    return int(kinds["market_data"][name]) if "market_data" in kinds else 0


def test_redis_when_killed_and_started_again_amid_a_load_costs_no_request(
    tmp_path: Path, server: RedisServer
) -> None:
    settings: dict[str, Any] = {"redis__url": server.url, "redis__retry_s": 0.1, "redis__timeout_ms": 5_000}
    with Service(tmp_path, workers=2, how="children", **settings) as service:
        before = keep_in_flight(service.endpoint, reads("before", 2_000), window=32)
        all_succeeded(before, 2_000)
        hits = cached(before)
        assert sum(hits) / len(hits) > 0.9
        wait_until(lambda: count(service, "shared_hits"), "workers have found each other's answers in Redis")
        forget(service)  # so that the next reads need Redis, or its absence
        events = {
            500: server.kill,
            1_000: lambda: service.client.call("admin.clear_cache"),
            1_500: server.start,
        }
        during = keep_in_flight(service.endpoint, reads("during", 3_000), window=32, at=events)
        all_succeeded(during, 3_000)
        assert sum(cached(during)) / len(cached(during)) > 0.9
        wait_until(lambda: service.health()["status"] == "healthy", "all workers use Redis again")
        forget(service)
        wait_until(lambda: not count(service, "entries"), "all workers have forgotten")
        all_succeeded(keep_in_flight(service.endpoint, reads("after", 500), window=32), 500)
        assert len(server.keys("tacore:market_data:*")) == len(READS)
        rate = service.health()["components"]["cache"]["kinds"]["market_data"]["hit_rate"]
        assert rate > 0.9


def test_redis_when_stopped_amid_a_load_costs_no_request_and_is_used_again(
    tmp_path: Path, server: RedisServer
) -> None:
    with Service(tmp_path, workers=2, redis__url=server.url, redis__retry_s=0.1) as service:
        stop = {
            200: lambda: server.send(signal.SIGSTOP),
            400: lambda: service.client.call("admin.clear_cache"),
        }
        all_succeeded(keep_in_flight(service.endpoint, reads("stop", 1_500), window=32, at=stop), 1_500)
        wait_until(lambda: service.health()["status"] == "degraded", "health tells that Redis is away")
        server.send(signal.SIGCONT)
        wait_until(lambda: service.health()["status"] == "healthy", "all workers use Redis again")


def test_worker_when_killed_while_it_computes_leaves_a_claim_that_holds_nobody_up(
    tmp_path: Path, server: RedisServer
) -> None:
    with Service(tmp_path, workers=2, redis__url=server.url, redis__timeout_ms=5_000) as service:
        service.client.call("get.market_data", READS[0])
        (key,) = server.keys("tacore:market_data:*")
        server.client.delete(key)
        server.client.set(key.replace("tacore:", "tacore:lock:", 1), "of a dead worker", px=60_000)
        forget(service)
        answers = keep_in_flight(
            service.endpoint,
            ((f"dead-{n}", request(f"dead-{n}", "get.market_data", READS[0])) for n in range(20)),
        )
        all_succeeded(answers, 20)
