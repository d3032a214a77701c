"""Requests that share a request_id: a retry joins what is in flight, all else is a request of its own."""

import uuid
from contextlib import ExitStack

from tests.support import journal_rows
from tests.support.load import Dealer, request
from tests.support.service import Service, wait_until


def test_request_when_its_id_is_in_flight_with_another_body_is_served_as_its_own(service: Service) -> None:
    name = uuid.uuid4().hex
    with (
        Dealer(service.endpoint) as slow,
        Dealer(service.endpoint) as other,
        Dealer(service.endpoint) as third,
    ):
        slow.send(request(name, "debug.sleep", {"seconds": 0.5}))
        _wait_in_flight(service)
        assert other.ask(request(name, "debug.echo", {"n": 2}))["data"] == {"n": 2}
        third.send(request(name, "debug.sleep", {"seconds": 0.1}))
        assert slow.receive()["data"]["slept_s"] == 0.5
        assert third.receive()["data"]["slept_s"] == 0.1
    logged = journal_rows.rows(service, name)
    assert sorted((row.method, row.attempts) for row in logged) == [
        ("debug.echo", 1),
        ("debug.sleep", 1),
        ("debug.sleep", 1),
    ]


def test_request_when_repeated_in_flight_runs_once_for_all_who_wait(service: Service) -> None:
    name = uuid.uuid4().hex
    params = {"seconds": 0.5}
    with (
        Dealer(service.endpoint) as first,
        Dealer(service.endpoint) as second,
        Dealer(service.endpoint) as third,
    ):
        first.send(request(name, "debug.sleep", params, attempt=1))
        _wait_in_flight(service)
        second.send(request(name, "debug.sleep", params, attempt=2, timeout_ms=9000))
        third.send(request(name, "debug.sleep", params))
        replies = [each.receive() for each in (first, second, third)]
    assert [each["data"]["slept_s"] for each in replies] == [0.5, 0.5, 0.5]
    assert replies[0] == replies[1] == replies[2]
    assert [(row.attempts, row.status) for row in journal_rows.rows(service, name)] == [(3, "success")]


def test_request_when_its_framing_differs_is_answered_in_each_framing(service: Service) -> None:
    name = uuid.uuid4().hex
    body = request(name, "debug.sleep", {"seconds": 0.3})
    with Dealer(service.endpoint) as bare, Dealer(service.endpoint) as delimited:
        bare.send(body)
        _wait_in_flight(service)
        delimited.send(b"", body)
        assert bare.socket.poll(10_000) and len(bare.socket.recv_multipart()) == 1
        assert delimited.socket.poll(10_000)
        empty, _ = delimited.socket.recv_multipart()
        assert empty == b""
    assert [row.attempts for row in journal_rows.rows(service, name)] == [2]


def test_request_when_repeated_after_its_answer_runs_again(service: Service) -> None:
    name = uuid.uuid4().hex
    with Dealer(service.endpoint) as dealer:
        for _ in range(3):
            assert dealer.ask(request(name, "debug.echo", {"a": 1}))["data"] == {"a": 1}
    assert [row.attempts for row in journal_rows.rows(service, name)] == [1, 1, 1]


def test_clients_when_all_number_from_one_get_their_own_answers(service: Service) -> None:
    with ExitStack() as stack:
        dealers = [stack.enter_context(Dealer(service.endpoint)) for _ in range(20)]
        for turn in range(50):
            for number, dealer in enumerate(dealers):
                dealer.send(request(turn, "debug.echo", {"client": number, "turn": turn}))
            for number, dealer in enumerate(dealers):
                reply = dealer.receive()
                assert (reply["request_id"], reply["data"]) == (turn, {"client": number, "turn": turn})


def _wait_in_flight(service: Service) -> None:
    wait_until(lambda: service.health()["in_flight"] >= 1, "the slow request is in flight")
