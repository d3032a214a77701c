import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tacore import errors
from tacore.client import AsyncClient
from tests.support.fake_broker import Answer, FakeBroker, echo, failure, scripted, silent, success

Steps = Callable[[AsyncClient], Awaitable[Any]]


def free_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def with_client(steps: Steps, *endpoints: str, **options: Any) -> Any:
    async def main() -> Any:
        async with AsyncClient(list(endpoints), **options) as client:
            return await steps(client)

    return asyncio.run(main())


def test_async_call_when_many_tasks_share_a_client_answers_each_with_its_own() -> None:
    async def steps(client: AsyncClient) -> list[Any]:
        return await asyncio.gather(*[client.call("debug.echo", {"n": n}) for n in range(300)])

    with FakeBroker() as broker:
        assert with_client(steps, broker.endpoint) == [{"n": n} for n in range(300)]
        assert len(set(broker.clients)) == 1


def test_async_request_when_unanswered_is_sent_again_with_the_same_id_over_a_fresh_socket() -> None:
    async def steps(client: AsyncClient) -> Any:
        return await client.request("debug.echo", {"a": 1})

    with FakeBroker(scripted(silent, echo)) as broker:
        reply = with_client(steps, broker.endpoint, timeout_s=1.0, backoff_s=0.01)
        assert [each.outcome for each in reply.attempts] == ["timeout", "answered"]
        assert {each["request_id"] for each in broker.requests} == {reply.request_id}
        assert len(set(broker.clients)) == 2


def test_async_call_when_nothing_listens_raises_no_broker_soon() -> None:
    async def steps(client: AsyncClient) -> None:
        with pytest.raises(errors.NoBroker):
            await client.call("debug.echo")

    started = time.monotonic()
    with_client(steps, free_endpoint())
    assert time.monotonic() - started < 2.0


def test_async_calls_when_nothing_listens_and_they_began_apart_all_raise_no_broker() -> None:
    async def late(client: AsyncClient, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await client.call("debug.echo")

    async def steps(client: AsyncClient) -> list[Any]:
        calls = [late(client, each * 0.004) for each in range(12)]
        return await asyncio.gather(*calls, return_exceptions=True)

    found = with_client(steps, free_endpoint(), retries=0)
    assert {type(each) for each in found} == {errors.NoBroker}


def test_async_call_when_the_service_refuses_raises_the_typed_error() -> None:
    def refuse(request: dict[str, Any]) -> Answer:
        return Answer(failure(request, "not_found"))

    async def steps(client: AsyncClient) -> None:
        with pytest.raises(errors.NotFound):
            await client.call("get.order")

    with FakeBroker(refuse) as broker:
        with_client(steps, broker.endpoint)


def test_async_request_when_the_first_endpoint_is_dead_goes_to_the_next() -> None:
    async def steps(client: AsyncClient) -> Any:
        return await client.request("debug.echo")

    dead = free_endpoint()
    with FakeBroker() as broker:
        reply = with_client(steps, dead, broker.endpoint)
    assert [each.outcome for each in reply.attempts] == ["refused", "answered"]


def test_async_request_when_the_broker_dies_recovers() -> None:
    endpoint = free_endpoint()

    async def steps(client: AsyncClient) -> Any:
        first = FakeBroker(silent, endpoint)
        asking = asyncio.create_task(client.request("debug.echo"))
        await asyncio.to_thread(first.wait_for, 1)
        await asyncio.to_thread(first.stop)
        await asyncio.sleep(0.3)
        with FakeBroker(endpoint=endpoint):
            return await asking

    reply = with_client(steps, endpoint, timeout_s=10, backoff_s=0.01)
    assert [each.outcome for each in reply.attempts] == ["lost", "answered"]


@pytest.mark.parametrize("ordered", [False, True])
def test_async_map_when_many_are_in_flight_answers_each(ordered: bool) -> None:
    def late(request: dict[str, Any]) -> Answer:
        return Answer(
            success(request, request["params"]), delay_s=0.05 if request["params"]["n"] % 9 == 0 else 0
        )

    async def steps(client: AsyncClient) -> Any:
        return [each async for each in client.map("m", ({"n": n} for n in range(200)), ordered=ordered)]

    with FakeBroker(late) as broker:
        got = with_client(steps, broker.endpoint)
    assert all(each.reply.data == each.params == {"n": each.position} for each in got)
    positions = [each.position for each in got]
    assert sorted(positions) == list(range(200))
    assert (positions == sorted(positions)) == ordered


def test_async_call_when_its_client_is_idle_over_a_restart_is_answered_at_the_first_attempt() -> None:
    endpoint = free_endpoint()

    async def steps(client: AsyncClient) -> Any:
        with FakeBroker(endpoint=endpoint):
            await client.call("debug.echo")
        with FakeBroker(endpoint=endpoint):
            return await client.request("debug.echo")

    assert [each.outcome for each in with_client(steps, endpoint).attempts] == ["answered"]
