"""What `tacore __complete` offers, when it asks, and that it never disturbs the shell."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tacore.cli.completing import complete
from tacore.cli.kept_methods import AGAIN_S, FRESH_S, SOON_S
from tests.support.catalogue import service
from tests.support.command import command, environment, tacore
from tests.support.fake_broker import Answer, FakeBroker, success

NOON_S = 1_700_000_000.0


@pytest.fixture(scope="module")
def broker() -> Iterator[FakeBroker]:
    with FakeBroker(service) as running:
        yield running


def environ(broker: FakeBroker | str, cache: Path) -> Mapping[str, str]:
    endpoint = broker if isinstance(broker, str) else broker.endpoint
    return {"TACORE_ENDPOINT": endpoint, "XDG_CACHE_HOME": str(cache)}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("call s", ["scan.market"]),
        ("call scan", ["scan.market"]),
        ("call ", ["debug.echo", "scan.market"]),
        ("call scan.market --market ", ["US", "CN"]),
        ("call scan.market market=C", ["market=CN"]),
        ("call scan.market --market-", ["--market-type"]),
        ("call scan.market --market_t", ["--market_type"]),
        ("call scan.market --market_type C", ["CN"]),
        ("call scan.market --criteria.", ["--criteria.min_volume", "--criteria.price_range"]),
        ("call scan.market --criteria.min_volume 1 --criteria.", ["--criteria.price_range"]),
        ("call scan.market --market US --mark", ["--market_type"]),
        ("call scan.market --symbols AAPL --sym", ["--symbols"]),
        ("call scan.market --descending ", ["true", "false"]),
        ("call scan.market --limit ", []),
        ("call scan.market --timeout ", []),
        ("call scan.market --no-such ", []),
        ("call debug.echo --", []),
        ("describe scan.market ", []),
        ("batch scan.market ", []),
        ("up ", []),
        ("frobnicate ", []),
        ("-q --no-color call deb", ["debug.echo"]),
        ("stats --window ", ["10s", "5m", "1h"]),
        ("stats --method debug.echo,sc", ["debug.echo,scan.market"]),
        ("orders --status=open,fil", ["--status=open,filled"]),
        ("worker restart ", ["all"]),
        ("order ", []),
    ],
)
def test_complete_when_a_line_is_typed_offers_what_fits(
    broker: FakeBroker, tmp_path: Path, line: str, offered: list[str]
) -> None:
    assert complete(line.split(" "), environ(broker, tmp_path), NOON_S) == offered


def test_ids_when_asked_for_are_those_of_now(tmp_path: Path) -> None:
    schema = {"properties": {"account": {"type": "string", "examples": ["paper", "second"]}}}
    account = {"name": "get.account", "aliases": [], "renames": {}, "params_schema": schema}

    def states(request: dict[str, Any]) -> list[str]:
        wanted: list[str] = request["params"].get("state", ["of-all"])
        return wanted

    def trading(request: dict[str, Any]) -> Answer:
        ids = ["o-2"] if request["params"].get("status") == ["open"] else ["o-3", "o-2", "o-1"]
        answers: dict[str, Any] = {
            "admin.workers": {"workers": [{"worker_id": "fast-1"}, {"worker_id": "orders-1"}]},
            "describe.methods": {"methods": [account]},
            "list.orders": {"orders": [{"order_id": each} for each in ids]},
            "list.jobs": {"jobs": [{"job_id": f"j-{each}"} for each in states(request)]},
        }
        return Answer(success(request, answers[request["method"]]))

    with FakeBroker(trading) as broker:
        asked = environ(broker, tmp_path)
        assert complete(["order", "o-"], asked, NOON_S) == ["o-3", "o-2", "o-1"]
        assert complete(["cancel", ""], asked, NOON_S) == ["o-2"]
        assert complete(["worker", "drain", "o"], asked, NOON_S) == ["orders-1"]
        assert complete(["logs", "--worker", "fast"], asked, NOON_S) == ["fast-1"]
        assert complete(["account", ""], asked, NOON_S) == ["paper", "second"]
        assert complete(["jobs", "show", ""], asked, NOON_S) == ["j-of-all"]
        assert complete(["jobs", "cancel", "j"], asked, NOON_S) == ["j-queued", "j-running"]
        assert complete(["jobs", "retry", ""], asked, NOON_S) == ["j-failed", "j-cancelled"]
        assert complete(["call", "execute.order", "--from-job", ""], asked, NOON_S) == ["j-done"]


def test_alias_when_no_name_fits_is_offered(tmp_path: Path) -> None:
    scan = {"name": "scan.market", "aliases": ["look.around"], "renames": {}, "params_schema": {}}
    with FakeBroker(lambda request: Answer(success(request, {"methods": [scan]}))) as broker:
        assert complete(["call", "l"], environ(broker, tmp_path), NOON_S) == ["look.around"]
        assert complete(["call", ""], environ(broker, tmp_path), NOON_S) == ["scan.market"]


def test_service_when_asked_a_moment_ago_is_not_asked_again(tmp_path: Path) -> None:
    with FakeBroker(service) as broker:
        for later_s in (0.0, 1.0, FRESH_S - 1):
            assert complete(["call", "sc"], environ(broker, tmp_path), NOON_S + later_s) == ["scan.market"]
        assert len(broker.requests) == 1
        complete(["call", "sc"], environ(broker, tmp_path), NOON_S + FRESH_S + 1)
        assert len(broker.requests) == 2


def test_service_when_it_is_down_is_completed_from_what_it_last_said_and_left_alone(tmp_path: Path) -> None:
    with FakeBroker(service) as broker:
        asked = environ(broker, tmp_path)
        complete(["call", ""], asked, NOON_S)
    down_s = NOON_S + 10 * FRESH_S
    assert complete(["call", "scan.market", "--market", ""], asked, down_s) == ["US", "CN"]
    with FakeBroker(service, broker.endpoint) as again:
        complete(["call", ""], asked, down_s + AGAIN_S - 1)
        assert again.requests == []
        complete(["call", ""], asked, down_s + AGAIN_S + 1)
        assert len(again.requests) == 1


def test_service_when_it_was_never_there_is_soon_asked_again(tmp_path: Path) -> None:
    with FakeBroker(service) as broker:
        asked = environ(broker, tmp_path)
    assert complete(["call", ""], asked, NOON_S) == []
    with FakeBroker(service, broker.endpoint):
        assert complete(["call", ""], asked, NOON_S + SOON_S - 1) == []
        assert complete(["call", "sc"], asked, NOON_S + SOON_S + 1) == ["scan.market"]


def test_broker_when_it_was_started_again_is_asked_anew(broker: FakeBroker, tmp_path: Path) -> None:
    facts = tmp_path / "run" / "broker.json"
    facts.parent.mkdir()
    process = psutil.Process()
    told = {"pid": process.pid, "started": process.create_time(), "frontend": broker.endpoint}
    facts.write_text(json.dumps(told))
    by_home = {"TACORE_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    os.utime(facts, (NOON_S, NOON_S))
    before = len(broker.requests)
    complete(["call", ""], by_home, NOON_S + 1)
    complete(["call", ""], by_home, NOON_S + 2)
    assert len(broker.requests) == before + 1
    os.utime(facts, (NOON_S + 3, NOON_S + 3))
    complete(["call", ""], by_home, NOON_S + 4)
    assert len(broker.requests) == before + 2
    facts.unlink()
    assert complete(["call", "sc"], by_home, NOON_S + 5) == ["scan.market"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"asked_s": 0}'])
def test_kept_file_when_it_is_spoilt_is_made_anew(broker: FakeBroker, tmp_path: Path, text: str) -> None:
    complete(["call", ""], environ(broker, tmp_path), NOON_S)
    (kept,) = (tmp_path / "tacore").iterdir()
    kept.write_text(text)
    assert complete(["call", "sc"], environ(broker, tmp_path), NOON_S) == ["scan.market"]
    assert json.loads(kept.read_text())["answered"] is True
    assert list((tmp_path / "tacore").iterdir()) == [kept]


def test_services_when_there_are_two_are_kept_apart(broker: FakeBroker, tmp_path: Path) -> None:
    def other(request: dict[str, Any]) -> Answer:
        methods = [{"name": "other.method", "aliases": [], "renames": {}, "params_schema": {}}]
        return Answer(success(request, {"methods": methods}))

    with FakeBroker(other) as second:
        assert complete(["call", "o"], environ(second, tmp_path), NOON_S) == ["other.method"]
        assert complete(["call", "o"], environ(broker, tmp_path), NOON_S) == []


def test_word_when_a_shell_might_act_upon_it_is_not_offered(tmp_path: Path) -> None:
    def hostile(request: dict[str, Any]) -> Answer:
        schema = {"properties": {"x": {"enum": ["$(reboot)", "`id`", "a b", "\x1b[2J", "fine", "a;b", "*"]}}}
        names = ("$(touch here)", "good.one", "b\n.two")
        methods = [{"name": each, "aliases": [], "renames": {}, "params_schema": schema} for each in names]
        return Answer(success(request, {"methods": methods}))

    with FakeBroker(hostile) as broker:
        assert complete(["call", ""], environ(broker, tmp_path), NOON_S) == ["good.one"]
        assert complete(["call", "good.one", "--x", ""], environ(broker, tmp_path), NOON_S) == ["fine"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["-o"],
        ["-o", ""],
        ["-o", "bogus", "call", ""],
        ["call"],
        ["call", "--params", "@nowhere", "-"],
    ],
)
def test_command_when_the_line_is_odd_says_nothing(
    broker: FakeBroker, tmp_path: Path, words: list[str]
) -> None:
    done = tacore(["__complete", *words], tmp_path, broker.endpoint, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp://127.0.0.1:1", "tcp://"])
def test_command_when_there_is_no_service_says_nothing(tmp_path: Path, endpoint: str) -> None:
    spoilt = tmp_path / "file"
    spoilt.write_text("no folder")
    done = tacore(["__complete", "call", ""], tmp_path, endpoint, XDG_CACHE_HOME=str(spoilt))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_command_when_the_methods_are_kept_loads_no_client(broker: FakeBroker, tmp_path: Path) -> None:
    words = ["__complete", "call", "scan.market", "--market", ""]
    code = f"import sys; from tacore.cli.entry import run; run({words}); print(*sys.modules, file=sys.stderr)"
    for _ in range(2):
        done = subprocess.run(
            [*command()[:1], "-c", code],
            cwd=tmp_path,
            env=environment(**environ(broker, tmp_path)),
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    assert done.stdout.split() == ["US", "CN"]
    loaded = set(done.stderr.split())
    assert "tacore.cli.completing" in loaded
    assert not loaded & {"zmq", "typer", "rich", "yaml", "msgspec", "pydantic", "sqlite3", "pathlib"}
