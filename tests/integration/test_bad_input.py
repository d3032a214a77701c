"""What no client should send: each is refused by its code, logged once, and never stops the broker."""

import json
from collections.abc import Sequence
from typing import NamedTuple

import pytest
import zmq

from tacore.wire import backend
from tests.support import journal_rows
from tests.support.load import Dealer, request
from tests.support.seed_client import SeedClient
from tests.support.service import Service, wait_until

REPLY = backend.REPLY + backend.encode(backend.Answer(1, 100))
READY = backend.message(
    backend.READY, backend.Ready("w1", "fast", ["debug.echo"], 1, 32, "host", 1, 1, "0", "nobody")
)
INVALID = "invalid_request"
DEEP = b"[" * 5000 + b"]" * 5000
DEEP_OBJECTS = b'{"a":' * 5000 + b"1" + b"}" * 5000


class Bad(NamedTuple):
    """A message and the code it is refused with."""

    name: str
    frames: Sequence[bytes]
    code: str


BAD = (
    Bad("not_json", [b"hello"], INVALID),
    Bad("truncated_json", [b'{"request_id": "x", "method": "debug.echo"'], INVALID),
    Bad("json_array", [b"[1, 2]"], INVALID),
    Bad("json_number", [b"42"], INVALID),
    Bad("json_null", [b"null"], INVALID),
    Bad("no_method", [b'{"request_id": "no-method", "params": {}}'], INVALID),
    Bad("method_of_wrong_type", [b'{"request_id": "m", "method": 5}'], INVALID),
    Bad("id_of_wrong_type", [b'{"request_id": [1], "method": "debug.echo"}'], INVALID),
    Bad("unknown_method", [request("u", "no.such")], "unknown_method"),
    Bad("params_no_object", [request("p", "get.market_data", [1, 2])], "invalid_params"),
    Bad("param_of_wrong_type", [request("p", "scan.market", {"limit": "ten"})], "invalid_params"),
    Bad("unknown_criterion", [request("p", "scan.market", {"criteria": {"min_prize": 1}})], "invalid_params"),
    Bad("two_mebibytes", [request("big", "debug.echo", {"blob": "x" * (2 << 20)})], INVALID),
    Bad("hundred_frames", [b"{}"] * 100, INVALID),
    Bad("hundred_frames_delimited", [b"", *[b"{}"] * 99], INVALID),
    Bad("two_frames", [request("a", "debug.echo"), request("b", "debug.echo")], INVALID),
    Bad("empty_message", [b""], INVALID),
    Bad("empty_message_delimited", [b"", b""], INVALID),
    Bad("reply_header", [REPLY], INVALID),
    Bad("reply_whole", [REPLY, b'{"status":"success"}', b"\x90"], INVALID),
    Bad("ready_header", [READY], INVALID),
    Bad("deep_arrays", [b'{"request_id":"d","method":"debug.echo","params":' + DEEP + b"}"], INVALID),
    Bad("deep_objects", [DEEP_OBJECTS], INVALID),
    Bad("deep_unclosed", [b"[" * 5000], INVALID),
    Bad("bad_utf8", [b'{"request_id":"8","method":"debug.echo","params":{"a":"\xff\xfe"}}'], INVALID),
    Bad("bad_utf8_id", [b'{"request_id":"\xc3\x28","method":"debug.echo"}'], INVALID),
    Bad("patience_negative", [request("t", "debug.echo", None, timeout_ms=-1)], INVALID),
    Bad(
        "aliases_disagree",
        [request("c", "get.market_data", {"symbol": "AAPL", "symbols": ["IBM"]})],
        "invalid_params",
    ),
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_broker_when_input_is_bad_refuses_it_and_goes_on(service: Service, bad: Bad) -> None:
    broker, workers = service.broker_pid(), service.worker_pids()
    known = len(journal_rows.rows(service))
    with Dealer(service.endpoint) as dealer:
        reply = dealer.ask(*bad.frames)
        after = dealer.ask(request("after", "debug.echo", {"still": "alive"}))
    assert (reply["status"], reply["error"]["code"], reply["data"]) == ("error", bad.code, None)
    assert "Traceback" not in json.dumps(reply)
    assert after["data"] == {"still": "alive"}
    assert (service.broker_pid(), service.worker_pids()) == (broker, workers)
    logged = journal_rows.rows(service)[known:]
    refused = [(row.request_id, row.code, row.status) for row in logged if row.code is not None]
    assert refused == [(reply["request_id"], bad.code, "error")]
    assert [row.request_id for row in logged if row.method == "debug.echo" and row.code is None] == ["after"]


def test_broker_when_a_method_is_unknown_says_unsupported(service: Service) -> None:
    with SeedClient(service.endpoint) as client:
        reply = client.call("near", "scan.markets", {})
    assert reply["error"]["message"].startswith("Unsupported method")
    assert "scan.market" in reply["error"]["details"]["nearest"]


def test_broker_when_a_param_is_wrong_names_it(service: Service) -> None:
    with SeedClient(service.endpoint) as client:
        reply = client.call("named", "scan.market", {"limit": "ten", "market": "US"})
    assert list(reply["error"]["details"]) == ["limit"]
    assert reply["error"]["details"]["limit"]["value"] == "ten"


def test_broker_when_a_message_passes_what_a_socket_takes_stays_up(service: Service) -> None:
    broker = service.broker_pid()
    with Dealer(service.endpoint) as dealer:
        dealer.send(b"x" * (9 << 20))
    with SeedClient(service.endpoint) as client:
        assert client.call("small", "debug.echo", {"a": 1})["data"] == {"a": 1}
    assert service.broker_pid() == broker


def test_backend_when_a_stranger_speaks_drops_and_counts_it(service: Service) -> None:
    def count(name: str) -> int:
        return int(service.health()["components"]["broker"]["counts"].get(name, 0))

    broker, workers = service.broker_pid(), service.worker_pids()
    late, malformed = count("late_replies"), count("backend_malformed")
    with Dealer(service.backend) as stranger:
        stranger.send(REPLY, b'{"status":"success"}', b"\x90")
        stranger.send(b"\xff\xff")
        stranger.send(b"")
        stranger.send(backend.READY + b"\xc1")
        wait_until(lambda: count("backend_malformed") >= malformed + 3, "the malformed ones are counted")
    assert count("late_replies") == late + 1
    assert (service.broker_pid(), service.worker_pids()) == (broker, workers)


def test_req_socket_when_its_message_is_bad_still_gets_its_reply(service: Service) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(service.endpoint)
        for body in (b"", b"nonsense", b"[]"):
            socket.send(body)
            assert socket.poll(10_000)
            assert json.loads(socket.recv())["error"]["code"] == INVALID
    context.destroy(linger=0)


def test_journal_after_bad_input_is_whole(service: Service) -> None:
    assert journal_rows.integrity(service.database) == "ok"
