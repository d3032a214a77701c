import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import zmq

from tacore import errors
from tacore.client import Client
from tests.support.fake_broker import Answer, FakeBroker, echo, failure, scripted, silent, success


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with FakeBroker() as running:
        yield running


def free_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def test_call_when_answered_gives_data(broker: FakeBroker) -> None:
    with Client(broker.endpoint) as client:
        assert client.call("debug.echo", {"symbols": ["AAPL", "600519"]}) == {"symbols": ["AAPL", "600519"]}


def test_request_when_sent_carries_the_envelope(broker: FakeBroker) -> None:
    with Client(broker.endpoint, timeout_s=2.5) as client:
        client.call("execute.order", {"quantity": 1}, idempotency_key="k-1", request_id=7)
    (sent,) = broker.requests
    patience = sent.pop("timeout_ms")
    assert sent == {
        "request_id": 7,
        "method": "execute.order",
        "params": {"quantity": 1},
        "attempt": 1,
        "idempotency_key": "k-1",
    }
    assert 2000 < patience <= 2500


def test_request_when_answered_gives_the_whole_reply(broker: FakeBroker) -> None:
    with Client(broker.endpoint) as client:
        reply = client.request("debug.echo", {"a": 1}, request_id="r-1")
    assert (reply.data, reply.request_id, reply.status, reply.error) == ({"a": 1}, "r-1", "success", None)
    assert (reply.processing_time_ms, reply.timestamp) == (0.25, 1640995200)
    assert [(each.number, each.endpoint, each.outcome) for each in reply.attempts] == [
        (1, broker.endpoint, "answered")
    ]
    assert reply.raw["status"] == "success"


def test_request_when_no_answer_comes_is_sent_again_with_the_same_id_over_a_fresh_socket() -> None:
    with (
        FakeBroker(scripted(silent, silent, echo)) as broker,
        Client(broker.endpoint, timeout_s=1.0, backoff_s=0.01) as client,
    ):
        reply = client.request("debug.echo", {"a": 1}, idempotency_key="k")
    assert [each.outcome for each in reply.attempts] == ["timeout", "timeout", "answered"]
    assert [each["attempt"] for each in broker.requests] == [1, 2, 3]
    assert len({each["request_id"] for each in broker.requests}) == 1
    assert {each["idempotency_key"] for each in broker.requests} == {"k"}
    assert len(set(broker.clients)) == 3


def test_call_when_never_answered_raises_no_answer_with_its_attempts() -> None:
    with (
        FakeBroker(silent) as broker,
        Client(broker.endpoint, timeout_s=0.4, retries=1, backoff_s=0.01) as client,
        pytest.raises(errors.NoAnswer) as caught,
    ):
        client.call("debug.echo")
    assert not isinstance(caught.value, errors.NoBroker)
    assert [each.outcome for each in caught.value.attempts] == ["timeout", "timeout"]
    assert caught.value.request_id == broker.requests[0]["request_id"]


def test_call_when_nothing_listens_raises_no_broker_within_its_backoffs() -> None:
    started = time.monotonic()
    with Client(free_endpoint()) as client, pytest.raises(errors.NoBroker) as caught:
        client.call("health.check")
    assert time.monotonic() - started < 2.0
    assert [each.outcome for each in caught.value.attempts] == ["refused"] * 4


def test_client_when_it_pauses_before_another_attempt_waits_and_does_not_look_again_and_again() -> None:
    with Client(free_endpoint()) as client, client.engine() as engine:
        course = client.course("debug.echo")
        engine.add(course)
        steps = 0
        while course.reply is None:
            engine.step()
            steps += 1
    assert len(course.attempts) == 4
    assert steps < 100  # one that does not wait takes tens of thousands


def test_request_when_a_stale_or_foreign_reply_comes_first_ignores_it() -> None:
    def noisy(request: dict[str, object]) -> Answer:
        foreign = success({"request_id": "another"}, "wrong")
        nameless = {**success(request, "wrong"), "request_id": None}
        return Answer(foreign, nameless, b"not json", b"[1]", success(request, "right"))

    with FakeBroker(noisy) as broker, Client(broker.endpoint) as client:
        assert client.call("debug.echo") == "right"
        assert client.call("debug.echo") == "right"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_params", errors.InvalidParams),
        ("not_found", errors.NotFound),
        ("unauthorized", errors.Unauthorized),
        ("denied", errors.Denied),
        ("internal", errors.Internal),
    ],
)
def test_call_when_an_error_is_final_raises_it_typed_after_one_attempt(
    code: str, kind: type[errors.TacoreError]
) -> None:
    def refuse(request: dict[str, object]) -> Answer:
        return Answer(failure(request, code, "why", details={"field": "what"}))

    with FakeBroker(refuse) as broker, Client(broker.endpoint) as client, pytest.raises(kind) as caught:
        client.call("execute.order")
    assert (caught.value.code, caught.value.message, caught.value.details) == (code, "why", {"field": "what"})
    assert len(broker.requests) == 1


def test_call_when_the_error_is_retryable_tries_again() -> None:
    def busy(request: dict[str, object]) -> Answer:
        return Answer(failure(request, "outcome_unknown", retryable=True))

    with (
        FakeBroker(scripted(busy, echo)) as broker,
        Client(broker.endpoint, backoff_s=0.01) as client,
    ):
        reply = client.request("execute.order", {"a": 1}, idempotency_key="k")
    assert reply.data == {"a": 1}
    assert [each.outcome for each in reply.attempts] == ["error", "answered"]
    assert [(each["request_id"], each["idempotency_key"]) for each in broker.requests] == [
        (reply.request_id, "k")
    ] * 2


def test_call_when_overloaded_waits_as_long_as_it_is_told() -> None:
    def busy(request: dict[str, object]) -> Answer:
        details = {"retry_after_ms": 200}
        return Answer(failure(request, "overloaded", retryable=True, details=details))

    with FakeBroker(scripted(busy, echo)) as broker, Client(broker.endpoint, backoff_s=0.0) as client:
        started = time.monotonic()
        client.call("debug.echo")
    assert 0.2 <= time.monotonic() - started < 1.0


def test_call_when_told_to_wait_beyond_its_patience_gives_the_answer_at_once() -> None:
    def busy(request: dict[str, object]) -> Answer:
        return Answer(failure(request, "overloaded", retryable=True, details={"retry_after_ms": 60_000}))

    with (
        FakeBroker(scripted(busy, echo)) as broker,
        Client(broker.endpoint, timeout_s=1.0, backoff_s=0.0) as client,
        pytest.raises(errors.Overloaded) as refused,
    ):
        client.call("debug.echo")
    assert len(refused.value.attempts) == 1


def test_call_when_unavailable_gives_up_at_once_for_the_broker_has_waited() -> None:
    def unserved(request: dict[str, object]) -> Answer:
        return Answer(failure(request, "unavailable", "no worker", retryable=True))

    with (
        FakeBroker(unserved) as broker,
        Client(broker.endpoint) as client,
        pytest.raises(errors.Unavailable, match="no worker"),
    ):
        client.call("scan.market")
    assert len(broker.requests) == 1


def test_request_when_the_first_endpoint_is_dead_goes_to_the_next(broker: FakeBroker) -> None:
    dead = free_endpoint()
    with Client([dead, broker.endpoint]) as client:
        reply = client.request("debug.echo", {"a": 1})
    assert [(each.endpoint, each.outcome) for each in reply.attempts] == [
        (dead, "refused"),
        (broker.endpoint, "answered"),
    ]


@pytest.mark.parametrize(
    ("method", "shared", "second"),
    [("scan.market", False, 1), ("execute.order", False, 0), ("execute.order", True, 1)],
)
def test_request_when_unanswered_moves_on_only_where_nothing_can_happen_twice(
    method: str, shared: bool, second: int
) -> None:
    with FakeBroker(silent) as first, FakeBroker() as other:
        endpoints = [first.endpoint, other.endpoint]
        with Client(endpoints, timeout_s=0.5, retries=1, backoff_s=0.01, shared_ledger=shared) as client:
            for each in client.map(method, [{}]):
                assert [attempt.endpoint for attempt in each.reply.attempts] == [
                    first.endpoint,
                    endpoints[second],
                ]


def test_request_when_its_endpoint_was_dead_is_not_delivered_later() -> None:
    endpoint = free_endpoint()
    with Client(endpoint, timeout_s=1.0, retries=0) as client:
        with pytest.raises(errors.NoBroker):
            client.call("execute.order", {"stale": True})
        with FakeBroker(endpoint=endpoint) as broker:
            client.call("debug.echo", {"stale": False})
            assert [each["params"] for each in broker.requests] == [{"stale": False}]


def test_call_when_the_broker_came_back_meanwhile_is_answered_at_the_first_attempt() -> None:
    endpoint = free_endpoint()
    with Client(endpoint, timeout_s=5) as client:
        with FakeBroker(endpoint=endpoint):
            client.call("debug.echo")
        with FakeBroker(endpoint=endpoint):
            assert len(client.request("debug.echo").attempts) == 1


def test_request_when_the_broker_dies_notices_and_recovers_within_its_patience() -> None:
    endpoint = free_endpoint()
    with Client(endpoint, timeout_s=10, backoff_s=0.01) as client:
        first = FakeBroker(silent, endpoint)
        replies: list[tuple[str, ...]] = []
        asking = threading.Thread(
            target=lambda: replies.append(
                tuple(each.outcome for each in client.request("debug.echo").attempts)
            )
        )
        started = time.monotonic()
        asking.start()
        first.wait_for(1)
        first.stop()
        time.sleep(0.5)
        with FakeBroker(endpoint=endpoint):
            asking.join(5)
    assert replies == [("lost", "answered")]
    assert time.monotonic() - started < 5


def test_call_when_what_listens_is_no_broker_gives_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with (
            Client(endpoint, timeout_s=0.3, retries=1, backoff_s=0) as client,
            pytest.raises(errors.NoAnswer) as caught,
        ):
            client.call("debug.echo")
    assert [each.outcome for each in caught.value.attempts] == ["unreachable"] * 2


def test_map_when_256_are_in_flight_answers_each_with_its_own() -> None:
    held: list[dict[str, object]] = []

    def hold(request: dict[str, object]) -> Answer:
        held.append(request)
        if len(held) < 256:
            return Answer()
        waiting = held[::-1]
        held.clear()
        return Answer(*[success(each, each["params"]) for each in waiting])

    with FakeBroker(hold) as broker, Client(broker.endpoint, retries=0) as client:
        got = list(client.map("debug.echo", ({"n": n} for n in range(1024)), concurrency=256))
    assert all(each.reply.data == each.params == {"n": each.position} for each in got)
    assert sorted(each.position for each in got) == list(range(1024))
    assert len(set(broker.clients)) == 1


def test_map_when_ordered_keeps_the_order_of_its_params() -> None:
    def late(request: dict[str, object]) -> Answer:
        params = request["params"]
        assert isinstance(params, dict)
        return Answer(success(request, params["n"]), delay_s=0.05 if params["n"] % 7 == 0 else 0.0)

    with FakeBroker(late) as broker, Client(broker.endpoint) as client:
        got = [each.reply.data for each in client.map("m", ({"n": n} for n in range(50)), ordered=True)]
    assert got == list(range(50))


def test_map_when_one_is_unanswered_retries_that_one_and_reports_it() -> None:
    def partly(request: dict[str, object]) -> Answer | None:
        return None if request["params"] == {"n": 3} else echo(request)

    with (
        FakeBroker(partly) as broker,
        Client(broker.endpoint, timeout_s=0.6, retries=1, backoff_s=0) as client,
    ):
        got = {each.position: each.reply for each in client.map("m", ({"n": n} for n in range(8)))}
    assert isinstance(got[3].error, errors.NoAnswer)
    assert [each.outcome for each in got[3].attempts] == ["timeout", "timeout"]
    assert all(reply.error is None for position, reply in got.items() if position != 3)
    assert len(broker.requests) == 9


def test_map_when_left_early_reads_no_further_params(broker: FakeBroker) -> None:
    taken: list[int] = []

    def source() -> Iterator[dict[str, int]]:
        for n in range(10_000):
            taken.append(n)
            yield {"n": n}

    with Client(broker.endpoint) as client:
        results = client.map("debug.echo", source(), concurrency=4)
        next(results)
        del results
        assert client.call("debug.echo", {"a": 1}) == {"a": 1}
    assert len(taken) <= 8


def test_map_when_concurrency_is_not_positive_refuses(broker: FakeBroker) -> None:
    with Client(broker.endpoint) as client, pytest.raises(ValueError, match="at least 1"):
        client.map("debug.echo", [], concurrency=0)


def test_client_when_threads_share_it_gives_each_its_own_answers(broker: FakeBroker) -> None:
    wrong: list[object] = []

    def ask(client: Client, name: int) -> None:
        for n in range(50):
            if client.call("debug.echo", {"name": name, "n": n}) != {"name": name, "n": n}:
                wrong.append((name, n))

    with Client(broker.endpoint) as client:
        threads = [threading.Thread(target=ask, args=(client, name)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert wrong == []
    assert len(broker.requests) == 400
    assert len(set(broker.clients)) <= 8


def test_client_when_closed_refuses_calls(broker: FakeBroker) -> None:
    client = Client(broker.endpoint)
    client.call("debug.echo")
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.call("debug.echo")


def test_client_when_forked_detects_misuse(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(broker.endpoint) as client:
        with monkeypatch.context() as patched:
            patched.setattr("os.getpid", lambda: -1)
            with pytest.raises(RuntimeError, match="fork"):
                client.call("debug.echo")


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp://", "tcp://127.0.0.1"])
def test_call_when_the_endpoint_is_none_says_so(endpoint: str) -> None:
    with Client(endpoint) as client, pytest.raises(errors.ConfigurationError, match="is not an endpoint"):
        client.call("debug.echo")


def test_client_when_without_endpoints_refuses() -> None:
    with pytest.raises(ValueError, match="endpoint"):
        Client([])


def test_call_when_decimals_are_asked_for_keeps_their_digits() -> None:
    def price(request: dict[str, object]) -> Answer:
        wire = json.dumps(success(request, "P")).replace('"P"', '{"price": 430.470000000000000001}')
        return Answer(wire.encode())

    with FakeBroker(price) as broker, Client(broker.endpoint, parse_float=Decimal) as client:
        assert client.call("get.price") == {"price": Decimal("430.470000000000000001")}


def test_call_when_params_are_decimals_and_dates_sends_what_means_the_same(broker: FakeBroker) -> None:
    sent = {
        "short": Decimal("1.10"),
        "long": Decimal("0.1234567890123456789"),
        "day": date(2013, 3, 1),
        "moment": datetime(2013, 3, 1, tzinfo=UTC),
        "set": {2, 1},
    }
    with Client(broker.endpoint) as client:
        assert client.call("debug.echo", sent) == {
            "short": 1.1,
            "long": "0.1234567890123456789",
            "day": "2013-03-01",
            "moment": "2013-03-01T00:00:00+00:00",
            "set": [1, 2],
        }


@pytest.mark.parametrize("value", [float("nan"), object(), {1: object()}])
def test_call_when_params_are_not_json_raises_before_sending(broker: FakeBroker, value: object) -> None:
    with Client(broker.endpoint) as client, pytest.raises(errors.RequestInvalid, match="JSON"):
        client.call("debug.echo", {"x": value})
    assert broker.requests == []


def test_request_when_the_reply_has_a_delimiter_is_answered() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")

    def serve() -> None:
        who, body = router.recv_multipart()
        router.send_multipart([who, b"", json.dumps(success(json.loads(body), "ok")).encode()])

    thread = threading.Thread(target=serve)
    thread.start()
    with Client(f"tcp://127.0.0.1:{port}") as client:
        assert client.call("debug.echo") == "ok"
    thread.join(5)
    context.destroy(linger=0)


def test_request_when_an_error_is_answered_gives_it_beside_the_reply() -> None:
    def refuse(request: dict[str, object]) -> Answer:
        return Answer(failure(request, "new_code", "later"))

    with FakeBroker(refuse) as broker, Client(broker.endpoint) as client:
        reply = client.request("x")
    assert reply.status == "error"
    assert reply.error is not None
    assert (reply.error.code, reply.error.message, reply.data) == ("new_code", "later", None)
