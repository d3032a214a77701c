"""What the monitor says while there is no broker, and before there ever was one."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tacore.monitor.site import About
from tests.support.monitors import ABOUT, Kept, asking

FROM_JOURNAL = (
    "/api/requests", "/logs", "/api/metrics", "/metrics", "/api/series", "/api/methods", "/methods",
    "/api/workers", "/workers", "/api/rows/1", "/api/requests/a",
)  # fmt: skip
FROM_BROKER = (
    "/api/orders", "/api/orders/o", "/api/positions", "/api/account", "/api/trading", "/api/schema",
    "/api/bars?symbol=AAPL", "/api/jobs", "/api/jobs/j",
)  # fmt: skip


def get(path: Path, *urls: str, about: About = ABOUT, **headers: str) -> list[Any]:
    async def asked() -> list[Any]:
        async with asking(path, about) as client:
            return [await client.get(url, headers=headers) for url in urls]

    return asyncio.run(asked())


@pytest.mark.parametrize("url", FROM_JOURNAL)
def test_journal_when_there_is_none_yet_is_said_to_come(tmp_path: Path, url: str) -> None:
    (answer,) = get(tmp_path / "tacore.db", url)
    assert answer.status_code == 503
    assert "no broker has run there yet" in answer.json()["error"]["message"]


@pytest.mark.parametrize("url", FROM_BROKER)
def test_broker_when_it_is_down_is_named(kept: Kept, url: str) -> None:
    (answer,) = get(kept.path, url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_broker")
    assert "no broker at tcp://127.0.0.1:1" in answer.json()["error"]["message"]


def test_health_when_the_broker_is_down_is_503_with_the_reason(kept: Kept) -> None:
    health, live, alive, status = get(kept.path, "/health", "/health/live", "/live", "/api/status")
    for answer in (health, live):
        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert answer.json()["reasons"] == ["no broker at tcp://127.0.0.1:1"]
    assert (alive.status_code, alive.json()["status"]) == (200, "alive")
    assert (status.status_code, status.json()["status"], status.json()["uptime"]) == (200, "down", 0)


@pytest.mark.parametrize("there", [True, False])
def test_overview_when_the_broker_is_down_says_so(kept: Kept, tmp_path: Path, there: bool) -> None:
    (answer,) = get(kept.path if there else tmp_path / "none.db", "/api/overview")
    found = answer.json()
    assert answer.status_code == 200
    assert found["health"]["status"] == "down"
    assert found["trading"] == {"state": None, "reason": ""}
    assert found["paper"] is None
    assert ("10" in found["windows"]) is there
    assert ("no broker has run there yet" in found["health"]["journal_error"]) is not there


def test_prometheus_when_nothing_is_there_says_so(tmp_path: Path) -> None:
    (answer,) = get(tmp_path / "none.db", "/metrics", Accept="text/plain")
    assert answer.status_code == 200
    lines = answer.text.splitlines()
    assert {"tacore_up 0.0", "tacore_journal_up 0.0", 'tacore_health{tacore_health="down"} 1.0'} <= set(lines)
    assert not any(line.startswith("tacore_requests_total") for line in lines)


def test_path_when_there_is_nothing_is_told_as_json(kept: Kept) -> None:
    for path in ("/api/nothing", "/nothing.js", "/../secret"):
        (answer,) = get(kept.path, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_page_when_it_is_known_is_not_sent_again(kept: Kept) -> None:
    (first,) = get(kept.path, "/")
    assert first.headers["Content-Type"].startswith("text/html")
    assert first.headers["Cache-Control"] == "no-cache"
    (again,) = get(kept.path, "/", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_description_when_in_production_is_not_served(kept: Kept) -> None:
    paths = ("/api/openapi.json", "/api/docs")
    assert [each.status_code for each in get(kept.path, *paths)] == [200, 200]
    hidden = get(kept.path, *paths, about=replace(ABOUT, production=True))
    assert [each.status_code for each in hidden] == [404, 404]


def test_page_of_the_interface_when_shown_names_every_path(kept: Kept) -> None:
    described, shown = get(kept.path, "/api/openapi.json", "/api/docs")
    assert [path for path in described.json()["paths"] if f" {path}<" not in shown.text] == []
    assert "http" not in shown.text.replace("HTTP", "")  # nothing from elsewhere
