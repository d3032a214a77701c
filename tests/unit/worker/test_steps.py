"""Which steps a request leaves in its journal row."""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from tacore.clock import ManualClock
from tacore.errors import NotFound
from tacore.model.cached import CachedAnswer, CacheKey
from tacore.ports import CacheRule, Context, Later, Method, Ports
from tacore.steps import MOST, STEPS, step
from tacore.wire.records import RowMaker, decode_rows
from tacore.worker.session import Session
from tacore.worker.stream_session import StreamSession
from tests.support.batches import PORTS, batch
from tests.support.caches import alone

BODY = {"request_id": "r", "method": "x", "params": {}}
LONG_S = 0.002


class Params(msgspec.Struct, kw_only=True):
    n: int = 0


class Result(msgspec.Struct, kw_only=True):
    n: int = 0


def spend(seconds: float = LONG_S) -> None:
    """Keep the processor for that long, which no sleep on a busy machine keeps so exactly."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def columns(handler: Callable[[Params, Context], Any], *params: dict[str, Any]) -> Any:
    """Run a batch; give its rows as they are journalled."""
    made = Method("x", handler, Params, Result, "x")
    session = Session({"x": made}, PORTS, ManualClock(), RowMaker())
    bodies = [BODY | {"params": each} for each in params or ({},)]
    return decode_rows(session.run(*batch("x", *bodies))[2])


def steps_of(handler: Callable[[Params, Context], Any]) -> tuple[list[dict[str, Any]], int]:
    """Give the steps of a request, and how long its processing took (us)."""
    rows = columns(handler)
    assert rows.steps is not None
    return json.loads(rows.steps[0]), rows.processing_us[0]


def test_steps_when_a_method_notes_them_are_told_in_order_and_within_the_processing() -> None:
    def handler(_params: Params, _context: Context) -> Result:
        with step("quotes"):
            spend()
        with step("bars") as bars:
            spend()
            bars.say("5 of them")
        return Result()

    steps, processing_us = steps_of(handler)
    assert [(each["name"], each.get("note")) for each in steps] == [("quotes", None), ("bars", "5 of them")]
    assert all(each["us"] >= LONG_S * 1e6 for each in steps)
    assert steps[1]["at_us"] >= steps[0]["at_us"] + steps[0]["us"]
    assert steps[1]["at_us"] + steps[1]["us"] <= processing_us


def test_steps_when_nested_know_how_deep_and_the_next_one_begins_at_the_top() -> None:
    def handler(_params: Params, _context: Context) -> Result:
        with step("a"):
            with step("b"), step("c"):
                spend()
            with step("d"):
                pass
        with step("e"):
            pass
        return Result()

    steps, _ = steps_of(handler)
    assert [(each["name"], each.get("depth", 0)) for each in steps] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("d", 1),
        ("e", 0),
    ]


def test_steps_when_one_raises_tell_the_error_and_are_kept_however_quick_it_was() -> None:
    def handler(_params: Params, _context: Context) -> Result:
        with step("quotes"), step("vendor quotes"):
            raise NotFound("no such symbol")

    rows = columns(handler)
    assert rows.codes == ["not_found"]
    steps = json.loads(rows.steps[0])
    assert [(each["name"], each["failed"]) for each in steps] == [
        ("quotes", "not_found"),
        ("vendor quotes", "not_found"),
    ]


def test_steps_when_a_foreign_error_ends_one_tell_its_kind() -> None:
    def handler(_params: Params, _context: Context) -> Result:
        with step("sum"):
            return Result(n=1 // 0)

    assert json.loads(columns(handler).steps[0])[0]["failed"] == "ZeroDivisionError"


def test_steps_when_the_request_was_quick_are_not_kept() -> None:
    def handler(params: Params, _context: Context) -> Result:
        with step("look"):
            spend(LONG_S if params.n else 0.0)
        return Result()

    rows = columns(handler, {"n": 0}, {"n": 1}, {"n": 0})
    assert rows.steps is not None
    assert [each is not None for each in rows.steps] == [each >= 1_000 for each in rows.processing_us]
    assert rows.steps[1] is not None


def test_steps_when_a_method_has_none_leave_the_column_out() -> None:
    def handler(_params: Params, _context: Context) -> Result:
        spend()
        return Result()

    assert columns(handler).steps is None


def test_steps_when_there_are_too_many_are_counted() -> None:
    def handler(_params: Params, _context: Context) -> Result:
        for _ in range(MOST + 5):
            with step("bars"):
                pass
        spend()
        return Result()

    steps, _ = steps_of(handler)
    assert [each["name"] for each in steps] == ["bars"] * MOST + ["more"]
    assert steps[-1]["note"] == f"5 steps after the first {MOST} are not kept"


def test_step_when_no_request_runs_notes_nothing() -> None:
    def outside() -> object:
        with step("quotes") as noted:
            noted.say("free")
        return STEPS.get()

    assert contextvars.Context().run(outside) is None


def test_step_when_on_another_thread_notes_nothing() -> None:
    def elsewhere() -> None:
        with step("there"):
            pass

    def handler(_params: Params, _context: Context) -> Result:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with step("here"):
            spend()
        return Result()

    assert [each["name"] for each in steps_of(handler)[0]] == ["here"]


class Stream:
    """A session that answers later, with the steps that it journalled."""

    def __init__(self, handler: Callable[[Params, Context], Any]) -> None:
        method = Method("x", handler, Params, Result, "x", pool="orders")
        self.session = StreamSession({"x": method}, PORTS, ManualClock(), RowMaker())
        self.steps: list[list[str] | None] = []

    def take(self) -> None:
        self.session.take(*batch("x", BODY), self._sent)

    def _sent(self, _head: bytes, _body: bytes, rows: bytes) -> None:
        column = decode_rows(rows).steps
        told = None if column is None or column[0] is None else json.loads(column[0])
        self.steps.append(None if told is None else [each["name"] for each in told])


def test_steps_when_requests_run_side_by_side_stay_with_their_own() -> None:
    waiting: list[tuple[Later[Result], Any]] = []

    def handler(_params: Params, _context: Context) -> Later[Result]:
        later: Later[Result] = Later()
        steps = STEPS.get()
        assert steps is not None
        waiting.append((later, steps))
        return later

    stream = Stream(handler)
    stream.take()
    stream.take()
    (first, of_first), (second, of_second) = waiting
    of_second.begin("venue").end()
    unfinished = of_first.begin("prices")
    spend()
    second.resolve(Result())
    first.resolve(Result())
    unfinished.end()
    assert stream.steps == [["venue"], ["prices"]]


def test_steps_when_a_request_answered_at_once_without_any_are_none() -> None:
    stream = Stream(lambda _params, _context: Result())
    stream.take()
    assert stream.steps == [None]


class Answer(CachedAnswer, msgspec.Struct, kw_only=True):
    n: int = 0


def test_cache_when_asked_says_hit_or_miss_around_what_is_computed() -> None:
    def handler(_params: Params, _context: Context) -> Answer:
        with step("snapshot"):
            spend()
        return Answer()

    clock = ManualClock()
    rule = CacheRule("risk", lambda _params, _context: CacheKey("k", 10.0))
    method = Method("x", handler, Params, Answer, "x", cache=rule)
    cache = alone(clock)
    session = Session({"x": method}, Ports(PORTS.market, cache=cache), clock, RowMaker())
    found: list[Any] = []
    for _ in range(2):
        steps = decode_rows(session.run(*batch("x", BODY))[2]).steps
        found.append(steps and [(each["name"], each.get("note")) for each in json.loads(steps[0] or b"")])
    assert found[0] == [("cache", "miss"), ("snapshot", None)]
    assert found[1] in (None, [("cache", "hit")])  # kept only where the machine made it slow
    cache.close()
