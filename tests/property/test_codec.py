"""The codec against the json module, over whatever JSON hypothesis can make."""

import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from tacore.clock import ManualClock
from tacore.errors import RequestInvalid
from tacore.methods.debug_echo import METHOD as ECHO
from tacore.wire.envelope import is_deeper, read_head, salvage_head, with_request_id
from tacore.wire.records import RowMaker
from tacore.wire.reply import encode_success
from tacore.worker.session import Session
from tests.support.batches import PORTS, batch
from tests.support.broker_world import World, method

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
IDS = st.one_of(TEXT, st.integers(), st.integers(min_value=-(10**40), max_value=10**40))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(["[[[{{{", '"', "\\", '\\"[', "\n", "\u2028", "}", "\x00"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": "\r\n\t"}]
)


def levels(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(levels, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(levels, value), default=0)
    return 0


@given(IDS, JSON, st.dictionaries(TEXT, JSON, max_size=3), LAYOUTS)
def test_request_when_any_json_object_keeps_its_id_and_params(
    request_id: str | int, params: Any, extras: dict[str, Any], layout: dict[str, Any]
) -> None:
    request = {f"x-{key}": value for key, value in extras.items()}
    request |= {"request_id": request_id, "method": "m", "params": params}
    head = read_head(json.dumps(request, **layout).encode(), 1 << 20, 1_000)
    assert (head.request_id, head.method) == (request_id, "m")
    assert json.loads(bytes(head.params)) == params


@given(JSON, LAYOUTS, st.integers(0, 12))
@example("[[[{{{", {}, 0)
def test_depth_when_any_json_is_counted_as_the_decoded_value_nests(
    value: Any, layout: dict[str, Any], limit: int
) -> None:
    assert is_deeper(json.dumps(value, **layout).encode(), limit) is (levels(value) > limit)


@given(st.one_of(st.binary(max_size=64), JSON.map(lambda each: json.dumps(each).encode())), st.data())
def test_frame_when_any_bytes_is_read_or_refused_and_never_worse(body: bytes, data: st.DataObject) -> None:
    if body and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(body) - 1))
        body = body[:at] + data.draw(st.binary(max_size=3)) + body[at + 1 :]
    try:
        head = read_head(body, 1 << 20, 64)
    except RequestInvalid as error:
        assert error.code == "invalid_request"
        salvage_head(body)
    else:
        known = json.loads(body)
        assert head.method == known["method"] != ""


@given(st.binary(max_size=40))
def test_broker_when_given_any_bytes_answers_once_and_journals_once(body: bytes) -> None:
    world = World()
    world.send(body)
    world.step()
    assert world.reply()["error"]["code"] == "invalid_request"
    assert len(world.rows()) == 1


@given(st.dictionaries(TEXT, JSON, max_size=4), TEXT)
def test_assigned_id_when_put_into_any_object_changes_nothing_else(
    value: dict[str, Any], request_id: str
) -> None:
    made = with_request_id(json.dumps(value).encode(), request_id)
    assert json.loads(made) == value | {"request_id": request_id, "id_assigned": True}


@given(IDS, JSON)
def test_reply_when_of_any_data_is_read_by_the_json_module(request_id: str | int, data: Any) -> None:
    made = encode_success(None, request_id, json.dumps(data).encode(), 5, 6)
    assert json.loads(made) == {
        "status": "success",
        "request_id": request_id,
        "data": data,
        "error": None,
        "processing_time_ms": 0.005,
        "timestamp": 6,
    }


@given(st.lists(st.tuples(IDS, JSON, LAYOUTS), min_size=1, max_size=5))
def test_batch_when_of_any_requests_gives_each_its_own_answer(
    requests: list[tuple[Any, Any, dict[str, Any]]],
) -> None:
    world = World(method("debug.echo"))
    worker = world.worker(methods=["debug.echo"])
    clients = [f"c{index}".encode() for index in range(len(requests))]
    for client, (request_id, params, layout) in zip(clients, requests, strict=True):
        request = {"request_id": request_id, "method": "debug.echo", "params": params}
        world.send(json.dumps(request, **layout).encode(), client)
    world.step()
    session = Session({"debug.echo": ECHO}, PORTS, ManualClock(), RowMaker())
    while worker.batches:
        taken = worker.take()
        header, blob = batch("debug.echo", *taken.bodies)
        _, replies, rows = session.run(header, blob)
        header = b"\x04" + msgspec.msgpack.encode([taken.dispatch_id, 1])
        worker.tell(worker.routing, header, replies, rows)
        world.pass_time(0.01)
    for client, (request_id, params, _) in zip(clients, requests, strict=True):
        reply = world.reply(client)
        assert (reply["request_id"], reply["data"]) == (request_id, params)
    assert world.core.in_flight() == 0
