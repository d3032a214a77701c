"""The cache in front of a real Redis that is killed, stopped, full or no Redis at all."""

import json
import logging
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tacore.errors import ConfigurationError
from tacore.store.cache.redis_keys import RedisKeys
from tests.support.caches import Computation, in_front_of, soon
from tests.support.redis_server import RedisServer, needs_redis
from tests.support.service import wait_until

pytestmark = needs_redis


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


def test_value_when_another_process_computed_it_comes_from_redis_with_its_age(server: RedisServer) -> None:
    one, other = in_front_of(server.url), in_front_of(server.url)
    one.get("risk", "a", 60.0, Computation(), deadline=soon())
    found = other.get("risk", "a", 60.0, Computation(), deadline=soon())
    again = other.get("risk", "a", 60.0, Computation(), deadline=soon())
    assert (found.hit, again.hit) == (True, True)
    assert 0 <= found.age_s <= again.age_s < 5
    counts = other.report().kinds["risk"]
    assert (counts.shared_hits, counts.process_hits, counts.misses) == (1, 1, 0)
    one.close()
    other.close()


def test_key_when_looked_at_in_redis_can_be_read_and_has_its_end(server: RedisServer) -> None:
    cache = in_front_of(server.url, namespace="c0ffee00")
    cache.get("risk", "US:AAPL", 60.0, Computation(), deadline=soon())
    assert server.keys() == ["tacore:risk:US:AAPL:c0ffee00"]
    stored = server.client.get("tacore:risk:US:AAPL:c0ffee00")
    assert isinstance(stored, bytes)
    assert json.loads(stored)["data"] == {"n": 1}
    assert 59_000 < int(str(server.client.pttl("tacore:risk:US:AAPL:c0ffee00"))) <= 60_000
    cache.close()


def test_value_when_of_another_namespace_is_not_shared(server: RedisServer) -> None:
    one, other = in_front_of(server.url, namespace="one"), in_front_of(server.url, namespace="two")
    one.get("risk", "a", 60.0, Computation(), deadline=soon())
    assert not other.get("risk", "a", 60.0, Computation(), deadline=soon()).hit
    one.close()
    other.close()


def test_value_when_longer_than_is_worth_sharing_stays_in_the_process(server: RedisServer) -> None:
    cache = in_front_of(server.url, max_value_bytes=10)
    assert not cache.get("risk", "a", 60.0, lambda: b'{"long":"text"}', deadline=soon()).hit
    assert cache.get("risk", "a", 60.0, Computation(), deadline=soon()).hit
    assert server.keys() == []
    cache.close()


@pytest.mark.parametrize("nonsense", [b"hello", b'{"v":9}', b"", b"\xff" * 100])
def test_value_when_redis_holds_nonsense_is_computed_and_put_right(
    server: RedisServer, nonsense: bytes
) -> None:
    server.client.set("tacore:risk:a", nonsense)
    cache, other = in_front_of(server.url), in_front_of(server.url)
    assert cache.get("risk", "a", 60.0, Computation(), deadline=soon()).value == b'{"n":1}'
    assert other.get("risk", "a", 60.0, Computation(), deadline=soon()).hit
    assert cache.report().trouble == ""
    cache.close()
    other.close()


def test_key_when_it_is_no_text_in_redis_costs_a_miss(server: RedisServer) -> None:
    server.client.rpush("tacore:risk:a", b"a list")
    cache = in_front_of(server.url)
    assert cache.get("risk", "a", 60.0, Computation(), deadline=soon()).value == b'{"n":1}'
    assert (cache.report().trouble, cache.report().kinds["risk"].errors) == ("", 0)
    assert server.client.type("tacore:risk:a") == b"string"
    cache.close()


def test_redis_when_killed_and_started_again_costs_misses_and_is_used_again(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tacore.cache")
    cache, compute = in_front_of(server.url), Computation()
    cache.get("risk", "before", 60.0, compute, deadline=soon())
    server.kill()
    for number in range(50):
        assert not cache.get("risk", f"gone{number}", 60.0, compute, deadline=soon()).hit
    assert cache.report().trouble
    assert cache.report().kinds["risk"].errors == 1
    server.start()
    wait_until(lambda: not cache.report().trouble, "Redis is used again")
    cache.get("risk", "after", 60.0, compute, deadline=soon())
    assert server.keys() == ["tacore:risk:after"]
    assert [each.message for each in caplog.records] == ["cache_shared", "cache_not_shared", "cache_shared"]
    cache.close()


def test_redis_when_stopped_costs_one_time_out_and_is_used_again(server: RedisServer) -> None:
    cache, compute = in_front_of(server.url, timeout_s=0.2), Computation()
    wait_until(lambda: not cache.report().trouble, "Redis is used")
    server.send(signal.SIGSTOP)
    for number in range(50):
        assert not cache.get("risk", str(number), 60.0, compute, deadline=soon()).hit
    assert cache.report().kinds["risk"].errors == 1
    server.send(signal.SIGCONT)
    wait_until(lambda: not cache.report().trouble, "Redis is used again")
    cache.close()


def test_redis_when_full_still_gives_what_it_has_and_takes_again_when_there_is_room(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tacore.cache")
    one, other, compute = in_front_of(server.url), in_front_of(server.url), Computation()
    one.get("risk", "a", 60.0, compute, deadline=soon())
    server.client.config_set("maxmemory", "1")
    for number in range(20):
        assert not one.get("risk", f"full{number}", 60.0, compute, deadline=soon()).hit
    assert "maxmemory" in one.report().trouble
    assert other.get("risk", "a", 60.0, compute, deadline=soon()).hit
    server.client.config_set("maxmemory", "0")

    def taken() -> bool:
        one.get("risk", f"room{time.monotonic()}", 60.0, compute, deadline=soon())
        return not one.report().trouble

    wait_until(taken, "Redis takes values again")
    assert any("room" in key for key in server.keys())
    told = [each.message for each in caplog.records if each.message != "cache_shared"]
    assert told == ["cache_not_writable", "cache_writable_again"]
    one.close()
    other.close()


def test_redis_when_it_wants_a_password_costs_misses_and_a_reason() -> None:
    with RedisServer() as server:
        server.client.config_set("requirepass", "secret")
        cache = in_front_of(server.url)
        assert not cache.get("risk", "a", 60.0, Computation(), deadline=soon()).hit
        assert "auth" in cache.report().trouble.lower()
        cache.close()


ANSWERS = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"$999999\r\nshort",
    b":x\r\n",
    b"*-7\r\n",
    b"\0\xff\r\n",
    b"",
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_neighbour_when_it_is_no_redis_costs_misses(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(4096) and answer:
                        connection.sendall(answer)
                        connection.recv(4096)

        thread = threading.Thread(target=serve)
        thread.start()
        cache = in_front_of(f"redis://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.05)
        found = cache.get("risk", "a", 60.0, Computation(), deadline=soon())
        assert (found.value, found.hit) == (b'{"n":1}', False)
        assert cache.report().trouble
        cache.close()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("url", ["redis://:secret@h?socket_timeout=soon", "redis://h?db=x&password=secret"])
def test_url_when_it_makes_no_sense_is_a_configuration_error_without_its_password(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"redis\.url is redis://.*\*\*\*.*: Invalid value"
    ) as caught:
        RedisKeys(url, timeout_s=1.0)
    assert "secret" not in str(caught.value)


def test_claim_when_its_holder_died_is_waited_for_within_bounds_and_ends_by_itself(
    server: RedisServer,
) -> None:
    server.client.set("tacore:lock:risk:a", "of a dead one", px=200)
    cache, compute = in_front_of(server.url, wait_s=30), Computation()
    assert not cache.get("risk", "a", 60.0, compute, deadline=soon(60)).hit
    server.client.set("tacore:lock:risk:b", "of one that hangs", px=60_000)
    impatient = in_front_of(server.url, wait_s=0.05)
    assert not impatient.get("risk", "b", 60.0, compute, deadline=soon(60)).hit
    assert compute.asked == 2
    assert server.client.get("tacore:lock:risk:b") == b"of one that hangs"
    cache.close()
    impatient.close()


def _ask_for_all(url: str, ready: Path, go: Path, count: int) -> None:
    """Ask for the same keys as others do at once; each computation leaves a mark in Redis."""
    cache = in_front_of(url, timeout_s=5.0, wait_s=30)
    server = redis.Redis.from_url(url, protocol=2)
    ready.touch()
    wait_until(go.exists, "all are ready")
    for number in range(count):

        def compute(number: int = number) -> bytes:
            server.incr(f"computed:{number}")
            time.sleep(0.01)  # long enough for the others to find it under way
            return b'{"n":%d}' % number

        found = cache.get("risk", str(number), 60.0, compute, deadline=soon(60))
        assert found.value == b'{"n":%d}' % number
    server.close()
    cache.close()


def test_key_when_three_processes_ask_at_once_is_computed_by_one(server: RedisServer, tmp_path: Path) -> None:
    count, go = 40, tmp_path / "go"
    spawn = multiprocessing.get_context("spawn")
    readies = [tmp_path / str(number) for number in range(3)]
    children = [spawn.Process(target=_ask_for_all, args=(server.url, ready, go, count)) for ready in readies]
    for each in children:
        each.start()
    wait_until(lambda: all(each.exists() for each in readies), "all are ready")
    go.touch()
    for each in children:
        each.join(60)
    assert [each.exitcode for each in children] == [0, 0, 0]
    computed = {number: server.client.get(f"computed:{number}") for number in range(count)}
    assert computed == dict.fromkeys(range(count), b"1")


def test_keys_when_cleared_are_those_of_the_kind_and_of_nobody_else(server: RedisServer) -> None:
    cache = in_front_of(server.url)
    for kind, key in (("risk", "a"), ("risk", "b"), ("quote", "a")):
        cache.get(kind, key, 1.0 if kind == "quote" else 60.0, Computation(), deadline=soon())
    server.client.set("somebody:else", "1")
    server.client.set("tacore:lock:risk:c", "held")
    keys = RedisKeys(server.url, timeout_s=2.0)
    assert keys.count()["risk"] == 2
    assert keys.clear("risk") == 2
    assert "tacore:lock:risk:c" in server.keys()
    keys.clear()
    assert server.keys() == ["somebody:else", "tacore:lock:risk:c"]
    assert keys.about()["maxmemory_policy"] == "noeviction"
    keys.close()
    cache.close()
