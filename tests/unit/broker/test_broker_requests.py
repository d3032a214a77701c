"""Routing, coalescing, deadlines, bounds, and the journal's rows, on a manual clock."""

import json
import re
from typing import Any

import pytest

from tacore.broker.limits import Limits
from tests.support.broker_world import World, method

# -- routing ---------------------------------------------------------------------------------------


def test_request_when_named_by_an_alias_reaches_the_method_and_keeps_its_body() -> None:
    world = World(method("get.job", aliases=("job.get",)))
    worker = world.worker(methods=["get.job"])
    world.ask("1", "job.get", params={"a": 1})
    batch = worker.answer()
    assert batch.method == "get.job"
    assert batch.requests == [{"request_id": "1", "method": "job.get", "params": {"a": 1}}]
    assert world.rows() == [("1", "get.job", None, "w1", 1, 0)]


@pytest.mark.parametrize("name", ["health.check", "health_check", "system.health"])
def test_health_when_called_by_any_of_its_names_answers(name: str) -> None:
    assert World().call(name)["data"]["status"] == "degraded"


def test_unknown_method_when_nearly_right_names_the_nearest() -> None:
    world = World(method("scan.market"))
    world.ask("1", "scan.markt")
    error = world.error()
    assert (error["code"], error["retryable"]) == ("unknown_method", False)
    assert error["message"].startswith("Unsupported method")
    assert error["details"]["nearest"] == ["scan.market"]
    assert world.rows() == [("1", "scan.markt", "unknown_method", None, 1, 0)]


def test_unknown_method_when_its_name_is_huge_is_not_repeated_in_full() -> None:
    world = World()
    world.ask("1", "x" * 500_000)
    assert len(json.dumps(world.error())) < 1_000


def test_request_when_it_has_no_id_gets_one_that_worker_and_reply_agree_on() -> None:
    world = World()
    worker = world.worker()
    for client in (b"A", b"B"):
        world.put(..., client=client, params={"x": 1})
    world.step()
    world.pass_time(0.01)
    while worker.batches:
        worker.answer()
    ids = [world.reply(client)["request_id"] for client in (b"A", b"B")]
    assert len(set(ids)) == 2
    assert all(isinstance(each, str) and each for each in ids)
    assert [row[0] for row in world.rows()] == ids


@pytest.mark.parametrize("request_id", ["1", 1, 0, -5, "", "é\u2028", 2**70])
def test_request_id_when_string_or_integer_comes_back_unchanged(request_id: str | int) -> None:
    world = World()
    worker = world.worker()
    world.ask(request_id)
    worker.answer()
    assert world.reply()["request_id"] == request_id


def test_body_when_its_white_space_has_newlines_stays_one_request_of_its_batch() -> None:
    world = World()
    worker = world.worker()
    pretty = json.dumps({"request_id": "p", "method": "m", "params": {"a": [1, 2], "b": "x\ny"}}, indent=2)
    world.send(pretty.encode(), b"A")
    world.send(b'\n\r\n{"request_id":"q",\n\n"method":\n"m"}\n', b"B")
    world.put("r", client=b"C")
    world.step()
    batch = worker.answer()
    assert batch.ids == ["p", "q", "r"]
    assert batch.requests[0]["params"] == {"a": [1, 2], "b": "x\ny"}
    assert [world.reply(client)["request_id"] for client in (b"A", b"B", b"C")] == ["p", "q", "r"]


def test_reply_when_the_client_sent_a_delimiter_has_one_too() -> None:
    world = World()
    worker = world.worker()
    body = b'{"request_id":"1","method":"m"}'
    world.send(body, b"REQ", delimited=True)
    world.send(body, b"DEALER", delimited=False)
    world.step()
    worker.answer()
    assert (world.framing[b"REQ"], world.framing[b"DEALER"]) == ([True], [False])


def test_refusal_when_too_large_has_an_assigned_id_and_the_sizes() -> None:
    world = World()
    world.send(b'{"request_id":"1","method":"m","params":"' + b"x" * (2 << 20) + b'"}')
    world.step()
    reply = world.reply()
    assert reply["error"]["code"] == "invalid_request"
    assert reply["error"]["details"]["allowed"] == 1 << 20
    assert reply["request_id"] != "1"
    assert world.core.in_flight() == 0


# -- coalescing ------------------------------------------------------------------------------------


def test_retry_when_the_first_is_in_flight_joins_it_and_both_are_answered_once() -> None:
    world = World()
    worker = world.worker()
    world.ask("1", client=b"A", attempt=1)
    world.ask("1", client=b"B", attempt=2, timeout_ms=9_000)
    world.ask("1", client=b"A")
    assert [batch.ids for batch in worker.batches] == [["1"]]
    worker.answer()
    assert len(world.inbox[b"A"]) == 2
    assert world.reply(b"B")["status"] == "success"
    assert [row[4] for row in world.rows()] == [3]
    assert world.core.in_flight() == 0


@pytest.mark.parametrize(
    "other",
    [
        {"params": {"a": 2}},
        {"name": "n", "params": {"a": 1}},
        {"request_id": 1, "params": {"a": 1}},
        {"request_id": "01", "params": {"a": 1}},
        {"params": {"a": 1}, "requestId": "1"},
        {"params": {"a": 1}, "id": 7},
        {"params": {"a": 1}, "jsonrpc": "2.0"},
    ],
)
def test_request_when_it_differs_is_another_one_under_the_same_id(other: dict[str, Any]) -> None:
    world = World(method("m"), method("n"))
    worker = world.worker(methods=["m", "n"], credit=8)
    world.ask("1", params={"a": 1}, client=b"A")
    world.ask(**({"request_id": "1", "client": b"B"} | other))
    world.pass_time(0.01)
    assert sum(len(batch.ids) for batch in worker.batches) == 2
    while worker.batches:
        worker.answer()
    world.reply(b"A")
    world.reply(b"B")
    assert world.core.in_flight() == 0


def test_clients_when_all_number_everything_one_get_their_own_answers() -> None:
    world = World()
    worker = world.worker(credit=10)
    clients = [f"c{index}".encode() for index in range(50)]
    for index, client in enumerate(clients):
        world.put("1", client=client, params={"n": index})
    world.step()
    world.pass_time(0.01)
    while worker.batches:
        worker.answer()
    assert [world.reply(client)["data"]["params"]["n"] for client in clients] == list(range(50))
    assert len(world.rows()) == 50
    assert world.core.in_flight() == 0


def test_collided_requests_when_the_first_is_answered_still_take_their_retries() -> None:
    world = World()
    worker = world.worker(batch=1, credit=3)
    for params, client in (({"n": 1}, b"A"), ({"n": 2}, b"B")):
        world.put("1", client=client, params=params)
    world.step()
    world.pass_time(0.01)
    first, second = worker.batches
    worker.answer(worker.take())
    world.ask("1", client=b"C", params={"n": 2})
    world.ask("1", client=b"D", params={"n": 1})
    world.pass_time(0.01)
    assert [batch.requests[0]["params"] for batch in worker.batches] == [{"n": 2}, {"n": 1}]
    while worker.batches:
        worker.answer()
    assert [world.reply(each)["data"]["params"]["n"] for each in (b"A", b"B", b"C", b"D")] == [1, 2, 2, 1]
    assert (first.ids, second.ids) == (["1"], ["1"])
    assert world.core.in_flight() == 0


def test_retry_when_it_joins_extends_the_deadline() -> None:
    world = World()
    world.worker("busy", methods=["n"])
    world.worker("w1").drain()
    world.ask("1", client=b"A", timeout_ms=1_000)
    world.pass_time(0.9)
    world.ask("1", client=b"B", timeout_ms=1_000)
    world.pass_time(0.9)
    assert not world.inbox[b"A"]
    world.pass_time(0.2)
    assert {world.error(each)["code"] for each in (b"A", b"B")} == {"deadline_exceeded"}


def test_retry_when_the_first_was_answered_runs_again() -> None:
    world = World()
    worker = world.worker()
    for _ in range(2):
        world.ask("1")
        worker.answer()
        assert world.reply()["status"] == "success"
    assert [row[4] for row in world.rows()] == [1, 1]


def test_retries_when_too_many_wait_are_overloaded() -> None:
    world = World(limits=Limits(max_waiters=2))
    for client in (b"A", b"B", b"C", b"D"):
        world.ask("1", client=client)
    error = world.error(b"D")
    assert (error["code"], error["retryable"]) == ("overloaded", True)
    assert error["details"]["retry_after_ms"] > 0
    world.worker().answer()
    for client in (b"A", b"B", b"C"):
        assert world.reply(client)["status"] == "success"


# -- deadlines and bounds --------------------------------------------------------------------------


def test_request_when_its_patience_ends_in_the_queue_was_not_dispatched() -> None:
    world = World(method("slow", quick=False))
    worker = world.worker(methods=["slow"])
    world.ask("1", "slow", timeout_ms=60_000)
    world.ask("2", "slow", b"B", timeout_ms=700)
    world.pass_time(0.8)
    error = world.error(b"B")
    assert (error["code"], error["retryable"]) == ("deadline_exceeded", True)
    assert error["details"]["dispatched"] is False
    ((request_id, _, code, by, attempts, queue_us),) = world.rows()
    assert (request_id, code, by, attempts) == ("2", "deadline_exceeded", None, 1)
    assert 700_000 <= queue_us <= 900_000
    assert len(worker.batches) == 1


def test_request_when_its_patience_ends_just_before_a_worker_comes_is_not_dispatched() -> None:
    world = World()
    world.put("late", client=b"A", timeout_ms=500)
    world.put("in time", client=b"B", timeout_ms=900)
    world.clock.advance(0.6)
    worker = world.worker()
    assert worker.batches[0].ids == ["in time"]
    assert world.error(b"A")["details"]["dispatched"] is False


def test_request_when_dispatched_late_carries_what_is_left_of_its_patience() -> None:
    world = World()
    world.ask("1", timeout_ms=4_000)
    world.clock.advance(1.25)
    worker = world.worker()
    assert worker.batches[0].patience_ms == [2_750]
    assert worker.batches[0].principals == "local"
    worker.answer()
    assert world.rows()[0][5] == 1_250_000


def test_request_when_it_names_no_patience_has_five_seconds() -> None:
    world = World()
    worker = world.worker()
    world.ask("1")
    assert worker.batches[0].patience_ms == [5_000]


def test_request_when_nobody_serves_it_is_unavailable_after_two_seconds() -> None:
    world = World(method("m"), method("order", pool="orders"))
    world.ask("1", client=b"A")
    world.ask("2", "order", b"B")
    world.pass_time(1.9, by=0.1)
    assert not world.inbox
    world.pass_time(0.2, by=0.1)
    first, second = world.error(b"A"), world.error(b"B")
    assert (first["code"], first["retryable"]) == ("unavailable", True)
    assert "`tacore worker spawn`" in first["message"]
    assert "`tacore worker spawn --pool orders`" in second["message"]
    assert world.core.in_flight() == 0


def test_queue_when_full_is_overloaded_at_once_and_names_a_time() -> None:
    world = World(limits=Limits(queue_limit=3))
    for index in range(4):
        world.ask(f"{index}", client=str(index).encode())
    error = world.error(b"3")
    assert (error["code"], error["retryable"]) == ("overloaded", True)
    assert error["details"]["retry_after_ms"] > 0
    world.ask("0", client=b"retry")
    assert not world.inbox[b"retry"]
    assert world.core.in_flight() == 3


def test_pools_when_one_is_full_do_not_share_their_bound() -> None:
    world = World(method("m"), method("n", pool="other"), limits=Limits(queue_limit=1))
    worker = world.worker(methods=["n"], pool="other")
    world.ask("1")
    world.ask("2", "n", b"B")
    worker.answer()
    assert world.reply(b"B")["status"] == "success"


def test_broker_when_draining_refuses_new_requests_and_finishes_the_open_ones() -> None:
    world = World()
    worker = world.worker()
    world.ask("1", client=b"A")
    world.core.draining = True
    world.ask("2", client=b"B")
    world.ask("1", client=b"C")
    assert world.error(b"B")["code"] == "unavailable"
    worker.answer()
    assert world.reply(b"A")["status"] == world.reply(b"C")["status"] == "success"
    reasons = world.call("health.check")["data"]["reasons"]
    assert any("drain" in reason for reason in reasons)


def test_broker_when_it_leaves_answers_all_that_is_open() -> None:
    world = World(method("m"), method("order", idempotent=False))
    world.worker(methods=["m", "order"], credit=3)
    world.ask("1", client=b"A")
    world.ask("2", "order", b"B")
    world.worker("x", methods=[])
    world.put("3", "m", b"C")
    world.core.give_up("the broker is stopping")
    world.step()
    codes = {client: world.error(client)["code"] for client in (b"A", b"B", b"C")}
    assert codes == {b"A": "unavailable", b"B": "outcome_unknown", b"C": "unavailable"}
    assert world.core.in_flight() == 0
    assert len(world.rows()) == 3


# -- the journal -----------------------------------------------------------------------------------


def test_journal_when_the_broker_answers_itself_has_a_row_of_params_and_answer() -> None:
    world = World()
    world.call("health.check", {"detailed": False})
    assert world.rows() == [("call", "health.check", None, None, 1, 0)]


@pytest.mark.parametrize(
    ("body", "request_id", "name"),
    [
        (b"not json", None, None),
        (b"[1]", None, None),
        (b"", None, None),
        (b'{"request_id":"r"}', "r", None),
        (b'{"request_id":"r","method":7}', "r", None),
        (b'{"request_id":[],"method":"m"}', None, "m"),
        (b'{"request_id":"r","method":"m","params":"\xff"}', "r", "m"),
    ],
)
def test_journal_when_a_request_was_refused_has_its_row(
    body: bytes, request_id: Any, name: str | None
) -> None:
    world = World()
    world.send(body)
    world.step()
    reply = world.reply()
    assert reply["error"]["code"] == "invalid_request"
    ((logged_id, logged_method, code, by, attempts, _),) = world.rows()
    assert (logged_method, code, by, attempts) == (name, "invalid_request", None, 1)
    assert logged_id == reply["request_id"]
    if request_id is None:
        assert re.fullmatch(r"b[0-9a-f]{8}-1", logged_id)
    else:
        assert logged_id == request_id


def test_refusal_when_its_message_says_deep_elsewhere_still_finds_the_id() -> None:
    world = World()
    world.send(b'{"request_id":"r","method":"m","timeout_ms":"deep"}')
    world.step()
    assert world.reply()["request_id"] == "r"
