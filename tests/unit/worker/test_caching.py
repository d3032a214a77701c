"""A worker's session with a method that has a cache rule."""

import json
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from tacore.clock import ManualClock
from tacore.errors import NotFound
from tacore.methods import discover
from tacore.model.cached import CachedAnswer, CacheKey
from tacore.ports import CacheRule, Context, MarketData, Method, Ports
from tacore.settings.model import Settings
from tacore.store.cache.levels import Levels
from tacore.wire.records import RowMaker
from tacore.worker.session import Session
from tests.support.batches import batch
from tests.support.caches import alone
from tests.support.journal_columns import rows_of


class Params(msgspec.Struct, kw_only=True):
    n: int = 0


class Result(CachedAnswer, msgspec.Struct, kw_only=True):
    n: int
    price: Decimal = Decimal("1.10")
    warnings: list[str] = []


class Bare(CachedAnswer, msgspec.Struct, kw_only=True):
    pass


class World:
    """A session with one method, whose handler counts its runs."""

    def __init__(self, result: type = Result, ttl_s: float = 10.0) -> None:
        self.clock = ManualClock()
        self.cache: Levels = alone(self.clock)
        self.ran = 0
        self._result = result
        rule = CacheRule("risk", lambda params, _: CacheKey(str(params.n), ttl_s) if params.n < 100 else None)
        method = Method("x", self._run, Params, result, "x", cache=rule)
        ports = Ports(cast(MarketData, None), cache=self.cache)
        self.session = Session({"x": method}, ports, self.clock, RowMaker())

    def _run(self, params: Params, _context: Context) -> Any:
        self.ran += 1
        if params.n < 0:
            raise NotFound("negative")
        return self._result(n=params.n, warnings=["own"]) if self._result is Result else self._result()

    def ask(self, **params: Any) -> dict[str, Any]:
        header, blob = batch("x", {"request_id": "1", "method": "x", "params": params})
        _, replies, rows = self.session.run(header, blob)
        reply: dict[str, Any] = json.loads(replies)
        (row,) = rows_of(rows)
        assert json.loads(row.answer or b"") == (reply["data"] if row.code is None else reply["error"])
        return reply


def test_answer_when_asked_again_comes_from_the_cache_and_says_how_old_it_is() -> None:
    world = World()
    first = world.ask(n=1)["data"]
    world.clock.advance(2.5)
    second = world.ask(n=1)["data"]
    assert first == {"n": 1, "price": 1.10, "warnings": ["own"], "cached": False, "cache_age_s": 0.0}
    assert second == first | {"cached": True, "cache_age_s": 2.5}
    assert world.ran == 1


def test_answer_when_a_request_has_warnings_of_its_own_does_not_hand_them_to_the_next() -> None:
    world = World()
    first = world.ask(n=1, colour="red")["data"]
    second = world.ask(n=1)["data"]
    third = world.ask(n=1, size=3)["data"]
    assert world.ran == 1
    assert [each.partition(":")[0] for each in first["warnings"]] == ["own", "colour"]
    assert second["warnings"] == ["own"]
    assert [each.partition(":")[0] for each in third["warnings"]] == ["own", "size"]
    assert third["cached"] is True


def test_answer_when_its_time_is_over_is_made_anew() -> None:
    world = World()
    world.ask(n=1)
    world.clock.advance(10.5)
    assert world.ask(n=1)["data"]["cached"] is False
    assert world.ran == 2


def test_answer_when_the_rule_gives_no_key_is_always_made() -> None:
    world = World()
    assert [world.ask(n=100)["data"]["cached"] for _ in range(2)] == [False, False]
    assert world.ran == 2


def test_answer_when_it_has_no_fields_of_its_own_is_still_an_object() -> None:
    assert World(Bare).ask(n=1)["data"] == {"cached": False, "cache_age_s": 0.0}


def test_error_when_asked_again_is_not_cached() -> None:
    world = World()
    assert [world.ask(n=-1)["error"]["code"] for _ in range(2)] == ["not_found"] * 2
    assert world.ran == 2


@pytest.mark.parametrize(
    "method", [each for each in discover().values() if each.cache], ids=lambda each: each.name
)
def test_method_when_it_has_a_cache_rule_can_say_so_and_changes_nothing(method: Method) -> None:
    assert issubclass(method.result, CachedAnswer)
    assert method.idempotent
    assert method.cache is not None
    assert method.cache.kind in Settings().cache.kinds()
