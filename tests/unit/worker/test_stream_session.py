"""A session whose methods answer later: who is answered when, with what, and what the journal says."""

import dataclasses
import json
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, cast

import msgspec
import pytest

from tacore.clock import ManualClock
from tacore.errors import Denied, NotFound, Unavailable
from tacore.ports import CacheRule, Context, Later, Method
from tacore.wire.records import RowMaker
from tacore.worker.stream_session import StreamSession
from tests.support.batches import DISPATCH_ID, PORTS, batch
from tests.support.journal_columns import Row, rows_of


class Params(msgspec.Struct, kw_only=True):
    n: Annotated[int, msgspec.Meta(ge=0)] = 0


class Result(msgspec.Struct, kw_only=True):
    n: int = 0
    price: Decimal = Decimal(0)
    warnings: list[str] = []


class AgainResult(Result):
    @property
    def replayed(self) -> bool:
        return True


class Answered:
    """A reply with its journal row."""

    def __init__(self, header: bytes, body: bytes, rows: bytes) -> None:
        assert header[:1] == b"\x04"
        self.dispatch_id, self.elapsed_us = msgspec.msgpack.decode(header[1:])
        self.body = body
        self.reply: dict[str, Any] = json.loads(body)
        self.row: Row = rows_of(rows)[0]


class Bench:
    """A session of one method, x, with what it sent."""

    def __init__(self, handler: Callable[[Params, Context], Any], **changes: Any) -> None:
        self.clock = ManualClock()
        given: dict[str, Any] = {"params": Params, "result": Result, "summary": "x", "pool": "orders"}
        self.method = Method("x", handler, **(given | changes))
        self.session = StreamSession({"x": self.method}, PORTS, self.clock, RowMaker())
        self.sent: list[Answered] = []

    def take(self, n: Any = 1, *, patience_ms: int = 5_000, **more: Any) -> None:
        request = {"request_id": f"r{n}", "method": "x", "params": {"n": n}} | more
        header, blob = batch("x", request, patience_ms=patience_ms)
        self.session.take(header, blob, lambda *frames: self.sent.append(Answered(*frames)))

    def only(self) -> Answered:
        (answered,) = self.sent
        assert self.session.held == 0
        return answered


def test_request_when_answered_at_once_is_sent_at_once_with_its_row() -> None:
    bench = Bench(lambda params, _: Result(n=params.n, price=Decimal("1.50")))
    bench.take(4)
    answered = bench.only()
    assert answered.dispatch_id == DISPATCH_ID
    assert (answered.reply["status"], answered.reply["request_id"]) == ("success", "r4")
    assert b'"price":1.50' in answered.body
    assert "replayed" not in answered.reply
    assert (answered.row.request_id, answered.row.code) == ("r4", None)
    assert json.loads(answered.row.params or b"") == {"n": 4}
    assert json.loads(answered.row.answer or b"")["n"] == 4


def test_requests_when_answered_later_are_sent_as_they_resolve_with_their_own_times() -> None:
    open_ones: list[Later[Result]] = []

    def promise(_params: Params, _context: Context) -> Later[Result]:
        open_ones.append(Later())
        return open_ones[-1]

    bench = Bench(promise)
    bench.take(1)
    bench.clock.advance(0.25)
    bench.take(2)
    bench.clock.advance(0.5)
    assert (bench.sent, bench.session.held) == ([], 2)
    open_ones[1].resolve(Result(n=22))
    open_ones[0].fail(NotFound("gone", details={"n": 1}))
    second, first = bench.sent
    assert (second.reply["request_id"], second.reply["data"]["n"], second.elapsed_us) == ("r2", 22, 500_000)
    assert (first.reply["request_id"], first.reply["error"]["code"]) == ("r1", "not_found")
    assert (first.reply["processing_time_ms"], first.elapsed_us) == (750.0, 750_000)
    assert (first.row.code, second.row.code) == ("not_found", None)
    assert bench.session.held == 0


@pytest.mark.parametrize("late", [False, True])
def test_error_when_a_method_fails_is_sent_as_it_is(late: bool) -> None:
    def fail(_params: Params, _context: Context) -> Any:
        error = Unavailable("the disk is full", details={"reason": "disk_full"})
        if not late:
            raise error
        made: Later[Result] = Later()
        made.fail(error)
        return made

    bench = Bench(fail)
    bench.take()
    error = bench.only().reply["error"]
    assert (error["code"], error["retryable"]) == ("unavailable", True)
    assert error["details"] == {"reason": "disk_full"}


@pytest.mark.parametrize("late", [False, True])
def test_defect_when_a_method_fails_is_internal_and_only_the_log_knows(
    late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    promised: Later[Any] = Later()

    def broken(_params: Params, _context: Context) -> Later[Any]:
        if not late:
            raise KeyError("secret")
        return promised

    bench = Bench(broken)
    with caplog.at_level(logging.ERROR):
        bench.take()
        promised.resolve(object())  # what can't be encoded
    answered = bench.only()
    assert answered.reply["error"]["code"] == answered.row.code == "internal"
    assert answered.reply["error"]["details"] == {"request_id": "r1"}
    assert b"secret" not in answered.body
    assert [each.msg for each in caplog.records] == ["method_failed"]


def test_params_when_wrong_are_refused_before_the_method_sees_them() -> None:
    bench = Bench(lambda _p, _c: pytest.fail("called"))
    bench.take(-1)
    assert bench.only().reply["error"]["code"] == "invalid_params"


def test_request_when_its_patience_is_over_is_not_begun() -> None:
    bench = Bench(lambda _p, _c: pytest.fail("called"))
    bench.take(patience_ms=0)
    error = bench.only().reply["error"]
    assert error["code"] == "deadline_exceeded"
    assert error["details"] == {"dispatched": True, "started": False}


def test_context_when_a_method_begins_knows_its_request() -> None:
    seen: list[Context] = []

    def look(_params: Params, context: Context) -> Result:
        seen.append(context)
        return Result()

    bench = Bench(look)
    bench.take(1, patience_ms=2_000, idempotency_key="k-1")
    bench.take(2)
    first, second = seen
    assert (first.request_id, first.method, first.principal, first.ports) == ("r1", "x", "local", PORTS)
    assert (first.idempotency_key, second.idempotency_key) == ("k-1", None)
    assert first.remaining_s() == 2.0


def test_warnings_when_params_are_unknown_stand_in_the_data_that_comes_later() -> None:
    promised: Later[Result] = Later()
    bench = Bench(lambda _p, _c: promised)
    bench.take(params={"n": 1, "zz": 0})
    promised.resolve(Result(warnings=["its own"]))
    own, unknown = bench.only().reply["data"]["warnings"]
    assert own == "its own"
    assert "zz" in unknown


def test_result_when_replayed_says_so_in_the_envelope_alone() -> None:
    bench = Bench(lambda params, _: (AgainResult if params.n == 2 else Result)(n=7))
    bench.take(1)
    bench.take(2)
    first, again = bench.sent
    assert again.reply["replayed"] is True
    assert "replayed" not in first.reply
    assert first.reply["data"] == again.reply["data"] == {"n": 7, "price": 0, "warnings": []}


def test_error_when_replayed_says_so_in_the_envelope() -> None:
    def deny(params: Params, _context: Context) -> Result:
        raise Denied("too large", details={"replayed": params.n == 2})

    bench = Bench(deny)
    bench.take(1)
    bench.take(2)
    assert [each.reply.get("replayed") for each in bench.sent] == [None, True]
    assert [each.reply["error"]["code"] for each in bench.sent] == ["denied", "denied"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"requestId": "c"}, {"requestId": "c", "request_id": "c", "success": True}),
        ({"id": 5}, {"id": 5, "request_id": 5, "jsonrpc": "2.0"}),
    ],
)
def test_reply_when_asked_in_a_dialect_speaks_it(keys: dict[str, Any], expected: dict[str, Any]) -> None:
    bench = Bench(lambda _p, _c: AgainResult())
    header, blob = batch("x", {"method": "x", "params": {}} | keys)
    bench.session.take(header, blob, lambda *frames: bench.sent.append(Answered(*frames)))
    reply = bench.only().reply
    assert {key: reply[key] for key in expected} == expected
    assert reply["replayed"] is True


def test_session_when_a_method_has_its_answers_cached_is_refused() -> None:
    rule = CacheRule("risk", lambda _p, _c: None)
    method = dataclasses.replace(Bench(lambda _p, _c: Result()).method, cache=rule)
    with pytest.raises(ValueError, match="never cached: x"):
        StreamSession({"x": method}, PORTS, cast(Any, ManualClock()), RowMaker())
