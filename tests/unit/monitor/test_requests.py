"""Lists of requests: pages by id, filters, rows in full."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.journal import T0_US
from tests.support.journal_columns import Row
from tests.support.monitors import ABOUT, Kept, asking


def get(kept: Kept, *paths: str) -> list[httpx.Response]:
    async def asked() -> list[httpx.Response]:
        async with asking(kept.path, ABOUT) as client:
            return [await client.get(each) for each in paths]

    return asyncio.run(asked())


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()]


def test_pages_when_rows_arrive_between_them_repeat_and_miss_none(kept: Kept) -> None:
    async def paged() -> tuple[list[int], list[int]]:
        async with asking(kept.path) as client:
            answer = await client.get("/api/requests?limit=7")
            after, older = answer.headers["X-Next-After"], ids(answer)
            while answer.headers["X-Done"] == "false":
                kept.add(3)
                before = answer.headers["X-Next-Before"]
                answer = await client.get(f"/api/requests?limit=7&before={before}")
                older += ids(answer)
            newer: list[int] = []
            while True:
                answer = await client.get(f"/api/requests?limit=4&after={after}")
                after = answer.headers["X-Next-After"]
                newer += ids(answer)[::-1]
                if answer.headers["X-Done"] == "true":
                    return older, newer

    kept.add(50)
    older, newer = asyncio.run(paged())
    assert older == list(range(50, 0, -1))
    assert newer == list(range(51, kept.count + 1))


def test_list_when_an_offset_is_given_leaves_out_so_many_that_fit(kept: Kept) -> None:
    kept.add(10)
    kept.add(5, client=b"watch-1")
    kept.add(3)
    first, fourth, beyond, shown = get(
        kept,
        "/api/requests?limit=2",
        "/api/requests?limit=2&offset=3",
        "/api/requests?offset=13",
        "/api/requests?limit=2&offset=3&watchers=true",
    )
    assert (ids(first), ids(fourth), ids(beyond), ids(shown)) == ([18, 17], [10, 9], [], [15, 14])


def fill(kept: Kept) -> None:
    error = b'{"code":"denied","message":"no AAPL today"}'
    kept.write([Row("a", None, 2_500, b'{"symbol":"AAPL"}', b'{"price":1.10}')], method="get.market_data")
    kept.write([Row("b", "denied", 10, b"{}", error)], method="execute.order", at_us=T0_US + 60_000_000)
    kept.write([Row("a", None, 10, b"{}", b"{}")], method="debug.echo", at_us=T0_US + 120_000_000)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 2, 1]),
        ("method=execute.order", [2]),
        ("status=error", [2]),
        ("level=ERROR", [2]),
        ("level=INFO", [3, 1]),
        ("level=INFO&status=success", [3, 1]),
        ("request_id=a", [3, 1]),
        ("text=AAPL", [2, 1]),
        ("worker=fast-1", [3, 2, 1]),
        ("worker=broker", []),
        ("since=2023-11-14T22:14:00Z", [3, 2]),
        ("until=2023-11-14T22:14:00Z", [1]),
        ("q=method:execute.order", [2]),
        ("q=status:error+AAPL", [2]),
        ("q=status:error&method=debug.echo", []),
        ("q=method:debug.echo&method=execute.order", [2]),
        ("before=3&limit=1", [2]),
        ("after=1", [3, 2]),
        ("after=1&limit=1", [2]),
        ("after=99", []),
        ("before=3&after=1", [2]),
        ("before=2&after=1", []),
        ("before=1&after=2", []),
        ("status=success&level=ERROR", []),
        ("method=&worker=&text=&since=&until=&request_id=", [3, 2, 1]),
    ],
)
def test_list_when_filtered_has_what_fits(kept: Kept, query: str, expected: list[int]) -> None:
    fill(kept)
    (answer,) = get(kept, f"/api/requests?{query}")
    assert ids(answer) == expected
    assert answer.headers["X-Done"] == ("false" if query.endswith("limit=1") else "true")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("offset=-1", "offset"),
        ("status=maybe", "status"),
        ("since=yesterday", "since"),
        ("q=status:maybe", "status"),
        ("q=method:", "method"),
        ("before=x", "before"),
    ],
)
def test_list_when_a_parameter_is_wrong_names_it(kept: Kept, query: str, field: str) -> None:
    (answer,) = get(kept, f"/api/requests?{query}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_params")
    assert field in error["details"]


def test_list_when_shown_has_the_contracts_fields(kept: Kept) -> None:
    fill(kept)
    logs, requests = get(kept, "/logs?limit=1&method=get.market_data", "/api/requests?q=id:a&before=2")
    assert logs.json() == requests.json()
    (row,) = logs.json()
    assert row == {
        "id": 1,
        "request_id": "a",
        "method": "get.market_data",
        "client_id": "bot",
        "worker_id": "fast-1",
        "processing_time_ms": 2.5,
        "queue_ms": 0.1,
        "status": "success",
        "code": None,
        "level": "INFO",
        "timestamp": T0_US / 1e6,
        "created_at": "2023-11-14T22:13:19.995000Z",
        "answered_at": "2023-11-14T22:13:20.000000Z",
        "attempts": 1,
        "command": """tacore call get.market_data --params '{"symbol":"AAPL"}'""",
    }


def test_row_when_shown_in_full_has_what_was_asked_and_answered(kept: Kept) -> None:
    fill(kept)
    first, second = get(kept, "/api/rows/1", "/api/rows/2")
    assert '"answer":{"price":1.10}' in first.text  # with the digits that were answered
    assert first.json()["params"] == {"symbol": "AAPL"}
    assert (second.json()["answer"], second.json()["error"]["message"]) == (None, "no AAPL today")
    assert second.json()["commands"] == {
        "again": "tacore call execute.order",
        "trace": "tacore trace b",
        "logs": "tacore logs --request-id b",
    }


def test_row_when_it_was_cut_shows_the_text(kept: Kept) -> None:
    kept.write([Row("a", None, 10, b'{"long":"x', b"[1,2", flags=3)])
    row: dict[str, Any] = get(kept, "/api/rows/1")[0].json()
    assert (row["params"], row["answer"]) == ('{"long":"x', "[1,2")
    assert row["request_truncated"]
    assert row["response_truncated"]
    assert row["command"] == "tacore trace a"


def test_request_when_its_id_is_used_often_shows_the_newest_and_the_others(kept: Kept) -> None:
    fill(kept)
    found, missing = get(kept, "/api/requests/a", "/api/requests/nope")
    assert (found.json()["id"], [each["id"] for each in found.json()["others"]]) == (3, [1])
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
