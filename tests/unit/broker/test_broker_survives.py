"""What must never stop the broker: odd ids, odd patience, odd frames, odd parts of its own."""

import json

import msgspec
import pytest

from tests.support.broker_world import (
    FLEET,
    HEARTBEAT,
    READY,
    REPLY,
    World,
    frame,
    method,
)


def is_alive(world: World) -> bool:
    return bool(world.call("health.check")["status"] == "success")


@pytest.mark.parametrize("request_id", [10**30, -(10**30), 2**63, 2**64, -(2**63) - 1, 10**4000])
def test_request_when_its_id_exceeds_64_bits_is_refused_and_journalled(request_id: int) -> None:
    world = World()
    world.ask(request_id, "no.such.method")
    assert world.reply()["request_id"] == request_id
    assert [row[:3] for row in world.rows()] == [(str(request_id), "no.such.method", "unknown_method")]


@pytest.mark.parametrize("patience_ms", [-1, 0, 1e300, 3_600_001])
def test_retry_when_its_patience_is_out_of_range_is_refused_and_extends_nothing(patience_ms: float) -> None:
    world = World()
    world.ask("1", client=b"A", timeout_ms=700)
    world.ask("1", client=b"B", timeout_ms=patience_ms)
    error = world.error(b"B")
    assert (error["code"], list(error["details"])) == ("invalid_request", ["timeout_ms"])
    worker = world.worker()
    assert worker.batches[0].patience_ms == [700]


@pytest.mark.parametrize("patience_ms", [-5, 0, 1e300, 3_600_001])
def test_request_when_its_patience_is_out_of_range_is_refused(patience_ms: float) -> None:
    world = World()
    world.ask("1", timeout_ms=patience_ms)
    assert world.error()["code"] == "invalid_request"
    assert world.core.in_flight() == 0


@pytest.mark.parametrize("patience_ms", ["5", True, [], {}])
def test_request_when_its_patience_is_no_number_is_refused(patience_ms: object) -> None:
    world = World()
    world.ask("1", timeout_ms=patience_ms)
    error = world.error()
    assert (error["code"], list(error["details"])) == ("invalid_request", ["timeout_ms"])


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b""],
        [b"\xff"],
        [b"garbage"],
        [READY],
        [READY + b"\xc1"],
        [frame(READY, "w1")],
        [frame(READY, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)],
        [frame(REPLY, 1, 2)],
        [frame(REPLY, 1, 2), b"one"],
        [frame(REPLY, 1, 2), b"one", b"two", b"three"],
        [REPLY + b"\xff", b"", b""],
        [frame(HEARTBEAT, b"\xff\xff", 1, 1)],
        [frame(FLEET, "s", "p", "h")],
        [b"\x0b\x91\xa2\xff\xff"],
    ],
)
def test_backend_message_when_malformed_is_counted_and_dropped(frames: list[bytes]) -> None:
    world = World()
    worker = world.worker()
    world.ask("1")
    for routing in (worker.routing, b"wstranger/1", b"sstranger", b"?"):
        worker.tell(routing, *frames)
    assert world.core.out.counts["backend_malformed"] + world.core.out.counts["late_replies"] == 4
    worker.answer()
    assert world.reply()["status"] == "success"
    assert is_alive(world)


@pytest.mark.parametrize(("credit", "batch"), [(0, 32), (2, 0), (-1, 32), (2, -1)])
def test_ready_when_it_offers_no_room_for_a_request_is_dropped(credit: int, batch: int) -> None:
    world = World()
    world.worker("w1", credit=credit, batch=batch)
    world.ask("1")
    assert world.core.out.counts["backend_malformed"] == 1
    assert world.fleet.workers == {}


def test_own_method_when_a_part_of_it_fails_answers_internal_without_the_reason() -> None:
    def broken() -> dict[str, object]:
        raise ZeroDivisionError("secret")

    world = World(probes={"part": broken})
    reply = world.call("health.check")
    assert reply["error"]["code"] == "internal"
    assert "secret" not in json.dumps(reply)
    assert world.call("describe.methods")["status"] == "success"


def test_health_when_a_part_cannot_be_looked_at_is_degraded_and_says_so() -> None:
    def gone() -> dict[str, object]:
        raise FileNotFoundError("no such folder")

    world = World(probes={"disk": gone})
    data = world.call("health.check")["data"]
    assert data["status"] == "degraded"
    assert any(reason.startswith("disk: ") and "no such folder" in reason for reason in data["reasons"])


def test_goodbye_when_of_a_process_replaced_already_leaves_its_successor() -> None:
    world = World()
    old = world.worker("w1")
    new = world.worker("w1")
    old.leave()
    old.drain()
    world.ask("1")
    assert new.batches[0].ids == ["1"]


def test_requests_when_their_only_worker_died_wait_two_seconds_for_its_successor() -> None:
    world = World()
    first = world.worker("w1")
    world.ask("held", timeout_ms=60_000)
    world.pass_time(5.0)
    assert first.batches[0].ids == ["held"]
    world.died("w1")
    world.pass_time(1.5)
    assert world.core.in_flight() == 1
    successor = world.worker("w1")
    successor.answer()
    assert world.reply()["status"] == "success"


def test_message_when_of_several_frames_is_refused_in_the_framing_it_came_in() -> None:
    world = World()
    world.core.on_frames(b"A", True, 100)
    world.core.on_frames(b"B", False, 2)
    world.step()
    assert world.error(b"A")["details"]["frames"] == 100
    assert world.error(b"B")["code"] == "invalid_request"
    assert (world.framing[b"A"], world.framing[b"B"]) == ([True], [False])
    assert [row[1:4] for row in world.rows()] == [(None, "invalid_request", None)] * 2


def test_orders_when_only_their_idempotency_keys_differ_both_run() -> None:
    world = World(method("order", idempotent=False))
    worker = world.worker(methods=["order"])
    for key, client in (("k1", b"A"), ("k2", b"B")):
        world.put("1", "order", client, idempotency_key=key)
    world.step()
    world.step()
    keys = [each["idempotency_key"] for batch in worker.batches for each in batch.requests]
    assert keys == ["k1", "k2"]


def test_refused_request_when_it_speaks_a_dialect_is_answered_in_it() -> None:
    world = World()
    world.send(b'{"jsonrpc":"2.0","id":7}', b"rpc")
    world.send(b'{"requestId":"x","method":5}', b"camel")
    world.step()
    rpc, camel = world.reply(b"rpc"), world.reply(b"camel")
    assert (rpc["id"], rpc["jsonrpc"], rpc["error"]["code"]) == (7, "2.0", -32600)
    assert "result" not in rpc
    assert (camel["requestId"], camel["success"], camel["errorCode"]) == ("x", False, "invalid_request")


def test_refused_request_when_its_method_is_readable_is_journalled_under_it() -> None:
    world = World()
    world.ask("1", "m", timeout_ms="soon")
    assert world.rows() == [("1", "m", "invalid_request", None, 1, 0)]


def test_answers_when_journalled_are_msgpack_that_another_reader_reads() -> None:
    world = World()
    world.ask("1", "nope", params={"a": 1})
    columns = msgspec.msgpack.decode(world.answers[0].rows)
    request_ids, _took, (params,), (answer,), codes, flags, _steps = columns
    assert (request_ids, codes, json.loads(params), flags) == (["1"], ["unknown_method"], {"a": 1}, None)
    assert json.loads(answer)["code"] == "unknown_method"
