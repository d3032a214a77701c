"""Who may ask, and who may act."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tacore.monitor.guard import is_own
from tacore.monitor.site import About
from tests.support.monitors import ABOUT, ACTING, Kept, asking

BODY = {"worker_id": "fast-1"}


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("localhost.", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("192.168.1.7", True),
        ("monitor:8000", True),
        ("evil.example", False),
        ("localhost.evil.example:8000", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_host_when_it_is_an_address_or_a_name_of_ours_is_own(host: str, own: bool) -> None:
    assert is_own(host, frozenset({"localhost", "monitor"})) is own


def ask(kept: Kept, about: About, method: str, path: str, **options: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with asking(kept.path, about) as client:
            return await client.request(method, path, **options)

    return asyncio.run(asked())


@pytest.mark.parametrize("path", ["/", "/health", "/api/requests", "/metrics", "/live"])
def test_request_when_its_host_is_foreign_is_refused_by_its_name(kept: Kept, path: str) -> None:
    answer = ask(kept, ABOUT, "GET", path, headers={"Host": "evil.example"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "forbidden")
    assert "evil.example" in error["message"]
    assert "api.names" in error["message"]


@pytest.mark.parametrize(
    ("about", "headers", "said"),
    [
        (replace(ABOUT, actions="off"), ACTING, "api.actions is off"),
        (replace(ABOUT, loopback=False), ACTING, "listens beyond loopback"),
        (ABOUT, {}, "X-Tacore-Action: 1"),
        (ABOUT, {"X-Tacore-Action": "yes"}, "X-Tacore-Action: 1"),
        (ABOUT, ACTING | {"Origin": "http://evil.example"}, "http://evil.example is another site"),
        (ABOUT, ACTING | {"Origin": "http://localhost:9999"}, "another site"),
        (ABOUT, ACTING | {"Origin": "null"}, "another site"),
        (ABOUT, ACTING | {"Host": "evil.example"}, "none of this monitor's names"),
    ],
)
def test_action_when_it_is_not_permitted_is_refused_with_the_reason(
    kept: Kept, about: About, headers: dict[str, str], said: str
) -> None:
    answer = ask(kept, about, "POST", "/api/actions/restart", json=BODY, headers=headers)
    assert answer.status_code == 403
    assert said in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("about", "headers"),
    [
        (ABOUT, ACTING),
        (ABOUT, ACTING | {"Origin": "http://localhost:8000"}),
        (replace(ABOUT, actions="on", loopback=False), ACTING),
    ],
)
def test_action_when_it_is_permitted_reaches_the_broker(
    kept: Kept, about: About, headers: dict[str, str]
) -> None:
    answer = ask(kept, about, "POST", "/api/actions/restart", json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_broker")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("restart", {}),
        ("restart", {"worker_id": ""}),
        ("restart", {"worker_id": "w", "force": True}),
        ("scale", {"workers": "many"}),
        ("halt", {}),
        ("halt", {"reason": "x" * 501}),
        ("cancel", {"order_id": 7}),
    ],
)
def test_action_when_its_body_is_wrong_names_the_field(kept: Kept, path: str, body: dict[str, Any]) -> None:
    answer = ask(kept, ABOUT, "POST", f"/api/actions/{path}", json=body, headers=ACTING)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_params")
    assert error["details"]


def test_answer_when_it_is_given_keeps_a_browser_safe(kept: Kept) -> None:
    for path in ("/", "/api/overview", "/nothing"):
        headers = ask(kept, ABOUT, "GET", path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in headers["Content-Security-Policy"]
