import json
import os
from pathlib import Path

import psutil
import pytest

from tacore.cli.endpoint import home_of, resolve, running_broker
from tacore.cli.exits import Usage, explain
from tacore.cli.globals import Globals, split
from tacore.errors import InvalidParams, NoAnswer, bad_param


@pytest.mark.parametrize(
    "line",
    [
        "-o json --columns a,b.c call x --k v",
        "call -o json x --columns=a,b.c --k v",
        "call x --k v --output json --columns a,b.c",
    ],
)
def test_globals_when_anywhere_are_taken_out(line: str) -> None:
    rest, found = split(line.split())
    assert rest == ["call", "x", "--k", "v"]
    assert (found.output, found.columns) == ("json", ("a", "b.c"))


def test_globals_when_behind_two_dashes_stay() -> None:
    rest, found = split(["-q", "-v", "--no-color", "run", "--", "-h", "-o"])
    assert rest == ["run", "--", "-h", "-o"]
    assert found == Globals(quiet=True, verbose=True, no_color=True)


@pytest.mark.parametrize("line", ["-o", "call --endpoint", "-o html"])
def test_globals_when_wrong_are_usage_errors(line: str) -> None:
    with pytest.raises(Usage):
        split(line.split())


def write_broker(home: Path, pid: int, started: float | None = None) -> None:
    started = psutil.Process().create_time() if started is None else started
    facts = {"pid": pid, "started": started, "frontend": "tcp://127.0.0.1:7001"}
    (home / "run").mkdir()
    (home / "run/broker.json").write_text(json.dumps(facts))


def write_config(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(text)


def test_endpoint_when_given_several_ways_takes_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_broker(tmp_path, os.getpid())
    write_config(tmp_path / "config", "zmq:\n  frontend_port: 7002\n")
    environ = {"TACORE_ENDPOINT": "tcp://e:1", "ZMQ_FRONTEND_PORT": "7003"}
    assert resolve(Globals(endpoint="tcp://f:1"), environ)[0] == "tcp://f:1"
    assert resolve(Globals(), environ)[0] == "tcp://e:1"
    del environ["TACORE_ENDPOINT"]
    assert resolve(Globals(), environ)[0] == "tcp://127.0.0.1:7003"
    assert resolve(Globals(), {})[0] == "tcp://127.0.0.1:7001"
    (tmp_path / "run/broker.json").unlink()
    assert resolve(Globals(), {})[0] == "tcp://127.0.0.1:7002"
    (tmp_path / "config/config.yaml").unlink()
    assert resolve(Globals(), {}) == ("tcp://127.0.0.1:5555", "default")


@pytest.mark.parametrize(
    "text", ["{}", "null", "not json", '{"pid": "x", "frontend": "tcp://a:1"}', '{"pid": 1}']
)
def test_endpoint_when_the_run_file_is_unusable_looks_on(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/broker.json").write_text(text)
    assert running_broker(str(tmp_path)) is None


def test_endpoint_when_the_broker_of_the_run_file_is_dead_looks_on(tmp_path: Path) -> None:
    write_broker(tmp_path, 2**22 + 1)
    assert running_broker(str(tmp_path)) is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="start times are read from /proc")
def test_endpoint_when_another_process_has_the_pid_of_a_dead_broker_looks_on(tmp_path: Path) -> None:
    write_broker(tmp_path, os.getpid(), psutil.Process().create_time() - 60)
    assert running_broker(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("zmq:\n  frontend_port: 5555\n", 5555),
        ("zmq:\n  frontend_port: 6555 # ours\n", 6555),
        ("# frontend_port: 1\nzmq: {frontend_port: 6556}\n", 6556),
        ("# frontend_port: 1\n", 5555),
        ("frontend_port: [", 5555),
        ("", 5555),
    ],
)
def test_endpoint_when_the_config_names_a_port_uses_it(tmp_path: Path, text: str, port: int) -> None:
    write_config(tmp_path / "settings", text)
    assert (
        resolve(Globals(config=str(tmp_path / "settings"), home=str(tmp_path)), {})[0]
        == f"tcp://127.0.0.1:{port}"
    )


def test_home_when_given_several_ways_takes_the_nearest() -> None:
    assert home_of(Globals(home="/a"), {"TACORE_HOME": "/b"}) == "/a"
    assert home_of(Globals(), {"TACORE_HOME": "/b"}) == "/b"
    assert home_of(Globals(), {}) == "."


def test_explanation_when_details_are_nested_reads_as_words() -> None:
    error = InvalidParams("wrong", details={"limit": {"problem": "too large", "allowed": [1, 2]}})
    assert explain(error).splitlines()[:2] == [
        "tacore: invalid_params: wrong",
        "  limit: too large, allowed 1, 2",
    ]
    assert "--timeout" in explain(NoAnswer("no answer"))


def test_explanation_when_the_message_says_it_adds_only_what_was_given() -> None:
    error = bad_param(
        "preset", "there is no such preset", value="oversolt", allowed=["oversold"], near="oversolt"
    )
    assert explain(error, "scan.market").splitlines() == [
        "tacore: invalid_params: preset: there is no such preset; allowed: oversold; did you mean oversold?",
        "  preset: given oversolt",
        "  `tacore describe scan.market` shows the params",
    ]
