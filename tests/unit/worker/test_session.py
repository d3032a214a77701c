"""A worker's session: batches in, replies and journal rows out, whatever a method does."""

import json
import logging
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from tacore.clock import ManualClock
from tacore.errors import NotFound, Unavailable
from tacore.methods import describe, discover
from tacore.methods.debug_echo import METHOD as ECHO
from tacore.methods.debug_sleep import METHOD as SLEEP
from tacore.methods.debug_sleep import STEP_S
from tacore.ports import Context, Method
from tacore.wire.records import RowMaker
from tacore.worker.session import Session
from tests.support.batches import DISPATCH_ID, PORTS, batch
from tests.support.journal_columns import Row, rows_of


class Params(msgspec.Struct, kw_only=True):
    n: Annotated[int, msgspec.Meta(ge=0)] = 0


class Result(msgspec.Struct, kw_only=True):
    n: int = 0
    price: Decimal = Decimal("0")
    warnings: list[str] = []


def made(name: str, handler: Callable[[Any, Context], Any], **changes: Any) -> Method:
    given: dict[str, Any] = {"params": Params, "result": Result, "summary": name} | changes
    return Method(name, handler, **given)


def run(
    method: Method, *bodies: dict[str, Any] | bytes, clock: ManualClock | None = None, **more: Any
) -> tuple[list[dict[str, Any]], list[Row]]:
    session = Session({method.name: method}, PORTS, clock or ManualClock(), RowMaker())
    header, blob, rows = session.run(*batch(method.name, *bodies, **more))
    assert header[:1] == b"\x04"
    dispatch_id, elapsed_us = msgspec.msgpack.decode(header[1:])
    assert dispatch_id == DISPATCH_ID
    assert elapsed_us >= 0
    replies = [json.loads(each) for each in blob.split(b"\n")]
    journal = rows_of(rows)
    assert len(replies) == len(journal) == len(bodies)
    return replies, journal


def ask(n: Any = 1, **more: Any) -> dict[str, Any]:
    return {"request_id": f"r{n}", "method": "x", "params": {"n": n}} | more


def test_batch_when_some_fail_answers_each_in_order() -> None:
    def halve(params: Params, _context: Context) -> Result:
        if params.n % 2:
            raise NotFound(f"{params.n} is odd", details={"n": params.n})
        return Result(n=params.n // 2)

    replies, rows = run(made("x", halve), ask(4), ask(3), ask(-1), ask(8))
    assert [each["request_id"] for each in replies] == ["r4", "r3", "r-1", "r8"]
    assert [each["status"] for each in replies] == ["success", "error", "error", "success"]
    assert [each.code for each in rows] == [None, "not_found", "invalid_params", None]
    assert replies[1]["error"] == {
        "code": "not_found",
        "message": "3 is odd",
        "retryable": False,
        "details": {"n": 3},
    }
    assert replies[0]["data"]["n"] == 2
    assert json.loads(rows[0].params or b"") == {"n": 4}
    assert json.loads(rows[3].answer or b"")["n"] == 4
    assert json.loads(rows[1].answer or b"")["code"] == "not_found"
    assert all(each["processing_time_ms"] >= 0 and isinstance(each["timestamp"], int) for each in replies)


@pytest.mark.parametrize(
    "error", [ValueError("secret"), KeyError("secret"), ZeroDivisionError("secret"), RecursionError("secret")]
)
def test_defect_when_a_method_fails_is_internal_and_only_the_log_knows(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_params: Params, _context: Context) -> Result:
        raise error

    with caplog.at_level(logging.ERROR):
        (reply,), (row,) = run(made("x", broken), ask(1))
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("internal", False)
    assert reply["error"]["details"] == {"request_id": "r1"}
    assert "secret" not in json.dumps(reply)
    assert "Traceback" not in json.dumps(reply)
    assert row.code == "internal"
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert (vars(record)["request_id"], vars(record)["method"]) == ("r1", "x")


def test_defect_when_a_result_cannot_be_encoded_is_internal() -> None:
    replies, _ = run(made("x", lambda params, _: object() if params.n else Result()), ask(1), ask(0))
    assert [each["status"] for each in replies] == ["error", "success"]
    assert replies[0]["error"]["code"] == "internal"


def test_error_when_of_a_kind_worth_retrying_says_so() -> None:
    def busy(_params: Params, _context: Context) -> Result:
        raise Unavailable("later")

    (reply,), _ = run(made("x", busy), ask())
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("unavailable", True)


def test_request_when_its_patience_is_over_is_not_started() -> None:
    ran: list[int] = []
    clock = ManualClock()

    def slow(params: Params, context: Context) -> Result:
        ran.append(params.n)
        assert context.remaining_s() > 0
        clock.advance(0.6)
        return Result()

    replies, rows = run(made("x", slow), ask(1), ask(2), ask(3), clock=clock, patience_ms=1_000)
    assert ran == [1, 2]
    assert replies[2]["error"]["code"] == "deadline_exceeded"
    assert replies[2]["error"]["details"]["dispatched"] is True
    assert rows[2].code == "deadline_exceeded"


def test_context_when_a_method_runs_knows_its_request() -> None:
    seen: list[tuple[Any, ...]] = []

    def look(_params: Params, context: Context) -> Result:
        seen.append(
            (context.request_id, context.method, context.principal, context.ports, context.remaining_s())
        )
        return Result()

    run(made("x", look), ask(1), ask(2), patience_ms=2_000, principals=["ann", "bob"])
    assert seen == [("r1", "x", "ann", PORTS, 2.0), ("r2", "x", "bob", PORTS, 2.0)]


def test_cancel_when_from_another_thread_reaches_the_running_request_only() -> None:
    running, cancelled = threading.Event(), threading.Event()

    def wait(params: Params, context: Context) -> Result:
        if params.n == 1:
            running.set()
            assert cancelled.wait(5)
        context.check()
        return Result(n=params.n)

    method = made("x", wait)
    session = Session({"x": method}, PORTS, ManualClock(), RowMaker())
    session.cancel(DISPATCH_ID)

    def cancel() -> None:
        assert running.wait(5)
        session.cancel(99)
        session.cancel(DISPATCH_ID)
        cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    _, blob, _ = session.run(*batch("x", ask(1), ask(2)))
    thread.join()
    first, second = (json.loads(each) for each in blob.split(b"\n"))
    assert first["error"]["code"] == "deadline_exceeded"
    assert second["data"]["n"] == 2


def test_warnings_when_params_are_unknown_stand_in_the_data() -> None:
    replies, _ = run(
        made("x", lambda params, _: Result(n=params.n, warnings=["its own"])),
        ask(1, params={"n": 1, "zz": 0}),
        ask(2),
    )
    assert replies[0]["data"]["warnings"][0] == "its own"
    assert "zz" in replies[0]["data"]["warnings"][1]
    assert replies[1]["data"]["warnings"] == ["its own"]


def test_result_when_it_has_no_room_for_warnings_comes_without() -> None:
    class Plain(msgspec.Struct):
        n: int

    (reply,), _ = run(made("x", lambda p, _: Plain(p.n), result=Plain), ask(1, params={"n": 1, "zz": 0}))
    assert reply["data"] == {"n": 1}


def test_result_when_it_holds_decimals_keeps_their_digits() -> None:
    price = Decimal("0.12345678901234567890")
    method = made("x", lambda _p, _c: Result(price=price))
    session = Session({"x": method}, PORTS, ManualClock(), RowMaker())
    _, blob, _ = session.run(*batch("x", ask()))
    assert json.loads(blob, parse_float=Decimal)["data"]["price"] == price


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"requestId": "c"}, {"requestId": "c", "request_id": "c", "success": True}),
        ({"id": 5}, {"id": 5, "request_id": 5, "jsonrpc": "2.0"}),
        ({"id": 5, "jsonrpc": "2.0", "request_id": "n"}, {"id": 5, "request_id": "n", "jsonrpc": "2.0"}),
        ({"request_id": 10**30}, {"request_id": 10**30}),
        ({"request_id": ""}, {"request_id": ""}),
    ],
)
def test_reply_when_asked_in_a_dialect_speaks_it(keys: dict[str, Any], expected: dict[str, Any]) -> None:
    request = {"method": "x", "params": {"n": 1}} | keys
    (reply,), (row,) = run(made("x", lambda p, _: Result(n=p.n)), request)
    assert {key: reply[key] for key in expected} == expected
    assert ("result" in reply) is ("id" in keys)
    assert reply["data"]["n"] == 1
    assert str(row.request_id) == str(expected["request_id"])


def test_error_when_asked_in_a_dialect_speaks_it() -> None:
    replies, _ = run(
        made("x", lambda p, _: Result(n=p.n)),
        {"method": "x", "params": {"n": -1}, "id": 1},
        {"method": "x", "params": {"n": -1}, "requestId": "c"},
    )
    assert "result" not in replies[0]
    assert replies[0]["error"]["code"] == -32602
    assert (replies[1]["success"], replies[1]["errorCode"]) == (False, "invalid_params")


# -- the debug methods -----------------------------------------------------------------------------


def test_echo_when_called_gives_back_the_bytes_that_came() -> None:
    text = b'{"a" : [1.10, "\\u00e9"],"b":123456789012345678901234567890}'
    session = Session({"debug.echo": ECHO}, PORTS, ManualClock(), RowMaker())
    _, blob, _ = session.run(
        *batch("debug.echo", b'{"request_id":"1","method":"debug.echo","params":' + text + b"}")
    )
    assert b'"data":' + text in blob


@pytest.mark.parametrize("deaf", [False, True])
def test_sleep_when_called_takes_its_time(deaf: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, naps = ManualClock(), list[float]()

    def nap(seconds: float) -> None:
        naps.append(seconds)
        clock.advance(seconds)

    monkeypatch.setattr("tacore.methods.debug_sleep.time.sleep", nap)
    replies, _ = run(SLEEP, ask(params={"seconds": 0.05, "deaf": deaf}), clock=clock)
    assert replies[0]["data"]["slept_s"] == 0.05
    assert sum(naps) == pytest.approx(0.05)
    assert (max(naps) <= STEP_S) is not deaf


def test_methods_when_discovered_are_named_after_their_files_and_describe_themselves() -> None:
    everyday, all_there = discover(), discover(debug=True)
    assert set(all_there) - set(everyday) == {"debug.sleep", "debug.crash"}
    assert {"debug.echo", "get.market_data", "scan.market"} <= set(everyday)
    for name, method in all_there.items():
        info = describe(method)
        assert (info.name, info.pool, info.idempotent) == (name, method.pool, method.idempotent)
        json.dumps(msgspec.to_builtins(info))
    assert describe(ECHO).params_schema == {}
    assert "seconds" in json.dumps(describe(SLEEP).params_schema)
