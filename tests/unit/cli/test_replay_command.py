import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tacore.store.batch import Batch
from tacore.store.database import Database
from tests.support import journal
from tests.support.command import tacore
from tests.support.fake_broker import Answer, FakeBroker, success
from tests.support.journal_columns import Row
from tests.support.terminal import on_terminal

KINDS = {
    "get.market_data": {"idempotent": True, "writes": False},
    "execute.order": {"idempotent": False, "writes": True},
    "cancel.order": {"idempotent": True, "writes": True},
    "analyze.stock": {"idempotent": True, "writes": False},
    "debug.once": {"idempotent": False, "writes": False},
}
READ = Row("read", None, 1_000, b'{"symbols": ["AAPL"], "price": 1.10}', b"{}")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home") / "data/tacore.db"
    made = Database(path)
    batch = Batch(lines=False)
    old = Row("read", None, 1_000, b'{"symbols": ["IBM"]}', b"{}")
    batch.add([journal.answers([old, READ], method="get.market_data")])
    for method in KINDS:
        batch.add([journal.answers([Row(f"of {method}", None, 1, b"{}", b"{}")], method=method)])
    cut = Row("cut", None, 1, b'{"symbols": ["AA', b"{}", 1)
    unkept, odd = Row("unkept", None, 1), Row("odd", None, 1, b"[1, 2]", b"{}")
    batch.add([journal.answers([cut, unkept, odd], method="get.market_data")])
    agents = Row("for agents", None, 1, b'{"symbol": "AAPL", "analysis_type": "agents"}', b"{}")
    batch.add([journal.answers([agents], method="analyze.stock")])
    batch.add([journal.answers([Row("nameless", "invalid_request", 1, b"{}", b"{}")], method=None)])
    batch.add([journal.answers([Row("null", None, 1, b"null", b"{}")], method="get.market_data")])
    batch.seq = 1
    made.commit(batch, 1)
    made.close()
    return path


@pytest.fixture
def broker(database: Path) -> Iterator[FakeBroker]:
    def serve(request: dict[str, Any]) -> Answer:
        if request["method"] == "health.check":
            return Answer(success(request, {"database": str(database)}))
        if request["method"] == "describe.methods":
            name = request["params"]["method"]
            return Answer(success(request, {"methods": [{"name": name, **KINDS[name]}]}))
        return Answer(success(request, {"n": 1}))

    with FakeBroker(serve) as made:
        yield made


def sent(broker: FakeBroker) -> list[Mapping[str, Any]]:
    """Give what was sent beside the questions that every replay asks."""
    asked = ("health.check", "describe.methods")
    return [each for each in broker.requests if each["method"] not in asked]


def editor(folder: Path, script: str) -> str:
    """Write an editor; the file to edit is $1."""
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_replay_when_of_a_read_sends_the_newest_params_under_a_new_id(
    broker: FakeBroker, tmp_path: Path
) -> None:
    done = tacore(["replay", "read"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (0, '{"n": 1}\n'), done.stderr
    (request,) = sent(broker)
    assert (request["method"], request["params"]) == (
        "get.market_data",
        {"symbols": ["AAPL"], "price": 1.10},
    )
    assert request["request_id"] != "read"
    assert f"read is replayed as {request['request_id']}" in done.stderr
    assert "1 older request had the id read" in done.stderr


def test_replay_when_quiet_says_no_more_than_the_answer(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["replay", "read", "-q"], tmp_path, broker.endpoint)
    assert (done.stdout, done.stderr) == ('{"n": 1}\n', "")


def test_replay_when_the_params_were_null_sends_none(broker: FakeBroker, tmp_path: Path) -> None:
    assert tacore(["replay", "null"], tmp_path, broker.endpoint).returncode == 0
    assert sent(broker)[0]["params"] == {}


def test_replay_when_dry_run_shows_the_request_with_its_digits_and_sends_nothing(
    broker: FakeBroker, tmp_path: Path
) -> None:
    done = tacore(["replay", "read", "--dry-run", "--timeout", "9"], tmp_path, broker.endpoint)
    assert json.loads(done.stdout)["timeout_ms"] == 9000
    assert '"price": 1.1' in done.stdout
    assert sent(broker) == []


@pytest.mark.parametrize(
    ("request_id", "code", "says"),
    [
        ("of execute.order", 2, "execute.order changes something, so it is never replayed"),
        ("of cancel.order", 2, "cancel.order changes something"),
        ("of debug.once", 2, "debug.once changes something"),
        ("cut", 2, "only the beginning of the params"),
        ("unkept", 2, "keeps no params (journal.payloads)"),
        ("odd", 2, "are no JSON object"),
        ("nameless", 2, "named no method"),
        ("nosuch", 7, "the journal has no request nosuch"),
    ],
)
def test_replay_when_it_must_not_or_can_not_be_is_refused(
    broker: FakeBroker, tmp_path: Path, request_id: str, code: int, says: str
) -> None:
    done = tacore(["replay", request_id], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert sent(broker) == []


def test_replay_when_edited_sends_what_the_editor_left(broker: FakeBroker, tmp_path: Path) -> None:
    environ = {"EDITOR": editor(tmp_path, """sed -i 's/AAPL/MSFT/' "$1" """)}
    done = tacore(["replay", "read", "--edit"], tmp_path, broker.endpoint, **environ)
    assert done.returncode == 0, done.stderr
    assert sent(broker)[0]["params"] == {"symbols": ["MSFT"], "price": 1.10}


def test_replay_when_edited_shows_the_editor_the_params_for_reading(
    broker: FakeBroker, tmp_path: Path
) -> None:
    environ = {
        "EDITOR": "false",
        "VISUAL": editor(tmp_path, f"""cp "$1" {tmp_path}/seen; echo '{{}}' > "$1" """),
    }
    assert tacore(["replay", "read", "--edit"], tmp_path, broker.endpoint, **environ).returncode == 0
    assert (tmp_path / "seen").read_text() == '{\n  "symbols": [\n    "AAPL"\n  ],\n  "price": 1.10\n}\n'
    assert sent(broker)[0]["params"] == {}


@pytest.mark.parametrize(
    "script", ["true", ': > "$1"', 'echo " " > "$1"', 'echo >> "$1"', "false", 'rm "$1"']
)
def test_replay_when_nothing_was_edited_sends_nothing(
    broker: FakeBroker, tmp_path: Path, script: str
) -> None:
    done = tacore(
        ["replay", "read", "--edit"],
        tmp_path,
        broker.endpoint,
        EDITOR=editor(tmp_path, script),
        TMPDIR=str(tmp_path),
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert "nothing was sent" in done.stderr
    assert sent(broker) == []
    assert list(tmp_path.glob("tacore-*")) == []


@pytest.mark.parametrize(
    ("text", "says"), [('{"symbols": [', "not JSON"), ("[1]", "params are a JSON object")]
)
def test_replay_when_the_editor_left_no_json_object_keeps_the_text(
    broker: FakeBroker, tmp_path: Path, text: str, says: str
) -> None:
    environ = {"EDITOR": editor(tmp_path, f"""echo '{text}' > "$1" """), "TMPDIR": str(tmp_path)}
    done = tacore(["replay", "read", "--edit"], tmp_path, broker.endpoint, **environ)
    assert done.returncode == 2
    assert says in done.stderr
    (kept,) = tmp_path.glob("tacore-*.json")
    assert kept.read_text().strip() == text
    assert str(kept) in done.stderr
    assert sent(broker) == []


def test_replay_when_there_is_no_editor_says_what_is_needed(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(
        ["replay", "read", "--edit"], tmp_path, broker.endpoint, EDITOR="no-such-editor", TMPDIR=str(tmp_path)
    )
    assert (done.returncode, "can't be started" in done.stderr) == (2, True)
    done = tacore(["replay", "read", "--edit"], tmp_path, broker.endpoint, EDITOR="", VISUAL="")
    assert (done.returncode, "needs a terminal" in done.stderr) == (2, True)
    assert list(tmp_path.glob("tacore-*")) == []


def test_replay_when_on_a_terminal_edits_there(
    broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor(tmp_path, """test -t 1 && sed -i 's/AAPL/MSFT/' "$1" """))
    monkeypatch.delenv("VISUAL", raising=False)
    seen = on_terminal(["replay", "read", "--edit"], tmp_path, broker.endpoint)
    assert seen.returncode == 0, seen.raw
    assert sent(broker)[0]["params"]["symbols"] == ["MSFT"]


def test_replay_when_nobody_answers_for_the_service_exits_5(database: Path, tmp_path: Path) -> None:
    environ = {"TACORE_HOME": str(database.parent.parent)}
    done = tacore(["replay", "read", "--retries", "0"], tmp_path, "tcp://127.0.0.1:1", **environ)
    assert (done.returncode, done.stdout) == (5, "")


def test_replay_when_of_agents_is_refused_for_they_cost_money(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["replay", "for agents"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout, sent(broker)) == (2, "", [])
    assert "never replayed: `tacore jobs` lists what they decided" in done.stderr
