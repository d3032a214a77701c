"""The commands that screens offer: the command line itself must understand each."""

import json
import shlex
from typing import Any

import pytest

from tacore.store.rows import LogRow
from tacore.watch import commands

ROW = LogRow(
    id=1,
    request_id="it's 1",
    method="scan.market",
    worker_id="fast-1",
    client_id="c",
    request_data='{ "market": "US",\n "limit": 0.10, "note": "it\'s" }',
    response_data="{}",
    processing_time_ms=1.0,
    status="success",
    error=None,
    created_at="2026-01-05T00:00:00Z",
    answered_at="2026-01-05T00:00:00Z",
    code=None,
    principal="local",
    attempts=1,
    queue_ms=0.1,
    request_truncated=0,
    response_truncated=0,
)


def test_request_when_copied_is_the_same_call_with_its_numbers_as_written() -> None:
    words = shlex.split(commands.of_request(ROW))
    assert words[:4] == ["tacore", "call", "scan.market", "--params"]
    assert json.loads(words[4]) == {"market": "US", "limit": 0.1, "note": "it's"}
    assert "0.10" in words[4]
    assert "\n" not in words[4]


@pytest.mark.parametrize(
    "changes", [{"request_truncated": 1}, {"request_data": None}, {"method": None, "request_data": "{}"}]
)
def test_request_when_its_params_are_not_whole_is_looked_at_instead(changes: dict[str, Any]) -> None:
    assert shlex.split(commands.of_request(ROW._replace(**changes))) == ["tacore", "trace", "it's 1"]


def test_request_without_params_is_a_bare_call() -> None:
    assert commands.of_request(ROW._replace(request_data="{}")) == "tacore call scan.market"


def test_commands_when_told_names_with_spaces_quote_them() -> None:
    assert commands.restart("w 1") == "tacore worker restart 'w 1'"
    assert commands.logs(method="a.b", status=None, request_id="x y") == (
        "tacore logs --method a.b --request-id 'x y'"
    )
    assert commands.trading("halted", "no feed") == "tacore halt --reason 'no feed'"
    assert commands.trading("reducing") == "tacore halt --reducing"
    assert commands.scale(3, "orders", "s 1") == "tacore worker scale 3 --pool orders --supervisor 's 1'"
