"""The broker's loop with real sockets: any framing, any nonsense, workers, and a stop in good order."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from tacore.broker.core import Core
from tacore.broker.fleet import Fleet
from tacore.broker.health import HealthCheck
from tacore.broker.limits import Limits
from tacore.broker.local import install
from tacore.broker.server import Endpoints, Server
from tacore.clock import SystemClock
from tacore.wire.records import Answers, RowMaker
from tests.support.broker_journal import Journal
from tests.support.broker_world import ABOUT, GOODBYE, HEARTBEAT, READY, REPLY, WELCOME, Batch, frame, method
from tests.support.journal_columns import Row, encode_rows

PATIENCE_MS = 10_000
CLIENTS, WORKERS = 0, 1
REQUEST = {"request_id": "1", "method": "m", "params": {"n": 1}}


class Running:
    """A broker on a thread, with a context for clients and workers."""

    def __init__(self, direct: bool, **limits: Any) -> None:
        self.direct = direct
        self.journal = Journal()
        core = Core({"m": method("m")}, Limits(**limits), SystemClock(), RowMaker())
        fleet = Fleet(core, "1.2.3", "/home/of/tests", {})
        self.core = core
        endpoints = Endpoints("tcp://127.0.0.1:*", "tcp://127.0.0.1:0", 50, 4 << 20, direct=direct)
        self.server = Server(core, fleet, self.journal, endpoints, drain_s=0.5)
        install(core, fleet, HealthCheck(fleet, ABOUT, {"journal": self.journal.status}), self.server.stop)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.server.run()
        self.server.close()

    def socket(self, kind: int, face: int = CLIENTS, name: bytes = b"") -> "zmq.Socket[bytes]":
        made = self.context.socket(kind)
        if name:
            made.setsockopt(zmq.ROUTING_ID, name)
        made.rcvtimeo = PATIENCE_MS
        made.linger = 0
        made.connect(self.server.bound[face])
        return made

    def client(self, kind: int = zmq.DEALER) -> "zmq.Socket[bytes]":
        return self.socket(kind)

    def worker(self, worker_id: str = "w1") -> "zmq.Socket[bytes]":
        made = self.socket(zmq.DEALER, WORKERS, b"w" + worker_id.encode() + b"/1")
        made.send(frame(READY, worker_id, "fast", ["m"], 2, 32, "host", 1, 1, "v", ""))
        assert made.recv()[:1] == WELCOME
        return made

    def is_alive(self) -> bool:
        with self.client(zmq.REQ) as asker:
            asker.send_json({"request_id": "h", "method": "health.check"})
            reply: dict[str, Any] = json.loads(asker.recv())
        return bool(reply["status"] == "success")


@pytest.fixture(params=[True, False], ids=["direct", "router"])
def broker(request: pytest.FixtureRequest) -> Iterator[Running]:
    made = Running(direct=request.param)
    yield made
    made.server.stop()
    made.thread.join(PATIENCE_MS / 1000)
    made.context.destroy(linger=0)
    assert not made.thread.is_alive()


def serve(worker: "zmq.Socket[bytes]") -> Batch:
    header, blob = worker.recv_multipart()
    batch = Batch(header, blob)
    replies = [json.dumps({"request_id": each, "data": batch.method}).encode() for each in batch.ids]
    rows = encode_rows([Row(each, None, 1, b"{}", b"{}") for each in batch.ids])
    worker.send_multipart([frame(REPLY, batch.dispatch_id, 10), b"\n".join(replies), rows])
    return batch


def test_request_when_from_any_kind_of_socket_is_answered_in_its_framing(broker: Running) -> None:
    with broker.worker() as worker, broker.client(zmq.REQ) as req, broker.client() as dealer:
        req.send_string(json.dumps(REQUEST))
        serve(worker)
        assert json.loads(req.recv_string())["request_id"] == "1"
        for frames in ([b""], []):
            dealer.send_multipart([*frames, json.dumps(REQUEST).encode()])
            serve(worker)
            *before, body = dealer.recv_multipart()
            assert before == frames
            assert json.loads(body)["request_id"] == "1"


@pytest.mark.parametrize(
    ("frames", "delimited"),
    [
        ([b""], True),
        ([b"", b""], True),
        ([b"not json"], False),
        ([b"", b"not json"], True),
        ([b"a", b"b"], False),
        ([b"", b"a", b"b"], True),
        ([b"", b"", b"{}"], True),
        ([b"x"] * 100, False),
        ([b"{}"] * 9, False),
        ([REPLY + b"\x92\x01\x01", b"", b""], False),
        ([READY], False),
        ([b"x" * (2 << 20)], False),
        ([b"[" * 5_000 + b"]" * 5_000], False),
    ],
)
def test_message_when_malformed_is_refused_once_and_the_broker_lives(
    broker: Running, frames: list[bytes], delimited: bool
) -> None:
    with broker.client() as dealer:
        dealer.send_multipart(frames)
        *before, body = dealer.recv_multipart()
        assert before == ([b""] if delimited else [])
        reply = json.loads(body)
        assert (reply["status"], reply["error"]["code"]) == ("error", "invalid_request")
        assert broker.is_alive()
        assert not dealer.poll(10)


def test_message_when_over_the_sockets_bound_costs_its_sender_the_connection_only(broker: Running) -> None:
    with broker.client() as dealer:
        monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        dealer.send(b"x" * (5 << 20))
        assert monitor.poll(PATIENCE_MS)
        dealer.disable_monitor()
        monitor.close()
        assert broker.is_alive()
        dealer.send_json({"request_id": "again", "method": "health.check"})
        assert json.loads(dealer.recv())["request_id"] == "again"


def test_client_when_it_never_reads_holds_up_nobody(broker: Running) -> None:
    count, pad = 4_000, "x" * 10_000
    with broker.client() as deaf:
        deaf.sndhwm = 0
        deaf.rcvhwm = 1
        for number in range(count):
            deaf.send_json({"request_id": f"{number}{pad}", "method": "nope"})
        for _ in range(20):
            assert broker.is_alive()
        assert [json.loads(deaf.recv())["request_id"] for _ in range(count)] == [
            f"{n}{pad}" for n in range(count)
        ]
    assert broker.core.out.counts["replies_dropped"] == 0


def test_client_when_gone_before_its_reply_costs_nobody_else_theirs(broker: Running) -> None:
    with broker.worker() as worker:
        with broker.client() as passing:
            passing.send_json(REQUEST)
            header, blob = worker.recv_multipart()
        assert broker.is_alive()
        batch = Batch(header, blob)
        worker.send_multipart([frame(REPLY, batch.dispatch_id, 1), b"{}", b"\x90"])
        assert broker.is_alive()
        with broker.client(zmq.REQ) as other:
            other.send_json(REQUEST | {"request_id": "2"})
            assert serve(worker).ids == ["2"]
            assert json.loads(other.recv())["request_id"] == "2"
    assert broker.core.in_flight() == 0


def test_worker_when_its_death_is_reported_loses_its_work_to_another(broker: Running) -> None:
    with broker.client() as client, broker.worker("w1") as first:
        client.send_json(REQUEST)
        assert Batch(*first.recv_multipart()).ids == ["1"]
        with broker.worker("w2") as second:
            with broker.socket(zmq.DEALER, WORKERS, b"sboss") as boss:
                boss.send(frame(b"\x0b", "w1", "killed by signal 9"))
                assert serve(second).ids == ["1"]
            assert json.loads(client.recv())["request_id"] == "1"


def test_stop_when_work_is_open_waits_for_it_refuses_more_and_hands_the_journal_over(broker: Running) -> None:
    with broker.client() as client, broker.worker() as worker:
        client.send_json(REQUEST)
        assert worker.poll(PATIENCE_MS)
        broker.server.stop()
        client.send_json(REQUEST | {"request_id": "2"})
        refused = json.loads(client.recv())
        assert (refused["request_id"], refused["error"]["code"]) == ("2", "unavailable")
        serve(worker)
        assert json.loads(client.recv())["request_id"] == "1"
        broker.thread.join(PATIENCE_MS / 1000)
    assert broker.journal.closed
    assert broker.journal.rows == sum(
        len(each.clients) for each in broker.journal.records if isinstance(each, Answers)
    )
    assert broker.journal.rows == 2


def test_stop_when_work_never_ends_answers_it_at_the_end_of_the_drain_time(broker: Running) -> None:
    with broker.client() as client, broker.worker() as worker:
        client.send_json(REQUEST)
        assert worker.poll(PATIENCE_MS)
        broker.server.stop()
        error = json.loads(client.recv())["error"]
        assert (error["code"], error["details"]["dispatched"]) == ("unavailable", True)
    broker.thread.join(PATIENCE_MS / 1000)
    assert broker.journal.rows == 1


def test_admin_stop_when_called_answers_and_ends_the_loop(broker: Running) -> None:
    with broker.socket(zmq.DEALER, WORKERS, b"sboss") as boss, broker.client(zmq.REQ) as client:
        boss.send(frame(b"\x0a", "boss", "fast", "host", 1, 0, "v", 0, []))
        assert boss.recv()[:1] == WELCOME
        client.send_json({"request_id": "1", "method": "admin.stop"})
        assert json.loads(client.recv())["status"] == "success"
        while (said := boss.recv()) == HEARTBEAT:
            pass
        assert said == GOODBYE
    broker.thread.join(PATIENCE_MS / 1000)
    assert broker.journal.closed


def test_drain_when_asked_leaves_the_broker_up(broker: Running) -> None:
    broker.server.stop("drain")
    assert broker.is_alive()
    with broker.client(zmq.REQ) as client:
        client.send_json(REQUEST)
        assert json.loads(client.recv())["error"]["code"] == "unavailable"


def test_port_when_taken_is_an_error_at_once(broker: Running) -> None:
    clients, workers = broker.server.bound
    for taken in ((clients, "tcp://127.0.0.1:*"), ("tcp://127.0.0.1:*", workers)):
        core = Core({}, Limits(), SystemClock(), RowMaker())
        with pytest.raises((OSError, zmq.ZMQError)):
            Server(core, Fleet(core, "v", "h", {}), Journal(), Endpoints(*taken, direct=broker.direct))
