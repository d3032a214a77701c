"""The Cache port: every implementation against one suite, Redis with a real server."""

import threading
from collections.abc import Iterator

import pytest

from tacore.errors import NotFound
from tacore.ports import Cache
from tests.support.caches import Computation, alone, in_front_of, soon
from tests.support.redis_server import RedisServer, needs_redis
from tests.support.service import wait_until


@pytest.fixture(params=["process", pytest.param("redis", marks=needs_redis)])
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    if request.param == "process":
        yield alone(wait_s=30)
        return
    with RedisServer() as server:
        made = in_front_of(server.url, wait_s=30)
        yield made
        made.close()


def test_value_when_asked_again_is_the_same_with_its_age(cache: Cache) -> None:
    compute = Computation()
    first = cache.get("risk", "a", 60.0, compute, deadline=soon())
    second = cache.get("risk", "a", 60.0, compute, deadline=soon())
    assert (first.value, first.age_s, first.hit) == (b'{"n":1}', 0.0, False)
    assert (second.value, second.hit, compute.asked) == (b'{"n":1}', True, 1)
    assert 0 <= second.age_s < 5


def test_value_when_of_another_key_or_kind_is_another(cache: Cache) -> None:
    compute = Computation()
    pairs = [("risk", "a"), ("risk", "b"), ("quote", "a")]
    found = [cache.get(kind, key, 60.0, compute, deadline=soon()).value for kind, key in pairs]
    assert found == [b'{"n":1}', b'{"n":2}', b'{"n":3}']


def test_value_when_older_than_its_time_is_computed_again(cache: Cache) -> None:
    compute = Computation()
    cache.get("risk", "a", 0.05, compute, deadline=soon())

    def anew() -> bool:
        return not cache.get("risk", "a", 0.05, compute, deadline=soon()).hit

    wait_until(anew, "the value is too old")
    assert compute.asked == 2


def test_value_when_its_time_is_nothing_is_computed_each_time(cache: Cache) -> None:
    compute = Computation()
    found = [cache.get("risk", "a", 0.0, compute, deadline=soon()) for _ in range(3)]
    assert [each.hit for each in found] == [False] * 3
    assert compute.asked == 3
    assert cache.report().kinds["risk"].misses == 0


def test_computation_when_it_fails_raises_its_own_error_and_leaves_the_key_free(cache: Cache) -> None:
    def broken() -> bytes:
        raise NotFound("no such thing")

    for _ in range(2):
        with pytest.raises(NotFound, match="no such thing"):
            cache.get("risk", "a", 60.0, broken, deadline=soon())
    assert cache.get("risk", "a", 60.0, Computation(), deadline=soon()).value == b'{"n":1}'


def test_key_when_many_threads_ask_at_once_is_computed_once(cache: Cache) -> None:
    ready, go = threading.Barrier(9), threading.Event()
    compute = Computation(before=go.wait)
    found = []

    def ask() -> None:
        ready.wait()
        found.append(cache.get("risk", "a", 60.0, compute, deadline=soon(20)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    ready.wait()
    wait_until(lambda: compute.asked, "one of them computes")
    go.set()
    for each in threads:
        each.join()
    assert compute.asked == 1
    assert {each.value for each in found} == {b'{"n":1}'}
    assert sorted(each.hit for each in found) == [False] + [True] * 7


def test_key_when_somebody_computes_longer_than_the_patience_is_computed_too(cache: Cache) -> None:
    go = threading.Event()
    slow, quick = Computation(before=go.wait), Computation()
    thread = threading.Thread(target=lambda: cache.get("risk", "a", 60.0, slow, deadline=soon(20)))
    thread.start()
    wait_until(lambda: slow.asked, "the slow one computes")
    found = cache.get("risk", "a", 60.0, quick, deadline=soon(0.1))
    go.set()
    thread.join()
    assert (found.hit, quick.asked) == (False, 1)


def test_key_when_its_own_computation_asks_for_it_does_not_wait_for_itself(cache: Cache) -> None:
    def outer() -> bytes:
        inner = cache.get("risk", "a", 60.0, lambda: b'{"inner":1}', deadline=soon(60))
        return b'{"outer":%b}' % inner.value

    assert cache.get("risk", "a", 60.0, outer, deadline=soon(60)).value == b'{"outer":{"inner":1}}'


def test_kind_when_cleared_is_no_longer_kept_by_the_process(cache: Cache) -> None:
    compute = Computation()
    for kind in ("risk", "quote"):
        cache.get(kind, "a", 60.0, compute, deadline=soon())
    cache.clear("risk")
    entries = {kind: counts.entries for kind, counts in cache.report().kinds.items()}
    assert entries == {"risk": 0, "quote": 1}
    cache.clear()
    assert cache.report().kinds["quote"].entries == 0


def test_value_when_cleared_while_it_is_computed_is_not_kept(cache: Cache) -> None:
    compute = Computation(before=cache.clear)
    found = [cache.get("risk", "a", 60.0, compute, deadline=soon()) for _ in range(2)]
    assert [each.hit for each in found] == [False, False]


def test_values_when_more_than_fit_leave_the_latest(cache: Cache) -> None:
    compute = Computation()
    for number in range(20):
        cache.get("risk", str(number), 60.0, compute, deadline=soon())
    assert cache.report().kinds["risk"].entries == 8
    assert cache.get("risk", "19", 60.0, compute, deadline=soon()).hit


def test_look_ups_when_counted_are_hits_and_misses_by_kind(cache: Cache) -> None:
    compute = Computation()
    for key in ("a", "a", "b", "a"):
        cache.get("risk", key, 60.0, compute, deadline=soon())
    counts = cache.report().kinds["risk"]
    assert (counts.process_hits, counts.misses, counts.errors, counts.entries) == (2, 2, 0, 2)
    assert cache.report().kinds["quote"].misses == 0


def test_kind_when_the_settings_have_no_such_is_refused_with_those_there_are(cache: Cache) -> None:
    with pytest.raises(LookupError, match="no cache kind is named 'rsk'; there are: risk, quote"):
        cache.get("rsk", "a", 60.0, Computation(), deadline=soon())
    assert cache.policy("risk").ttl_closed_s == 600.0
