"""`tacore config` and `tacore init`, in a folder of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tacore.cli import entry
from tests.support.command import OURS
from tests.support.configuration import write_config


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os  # noqa: PLC0415  only here

    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert entry.run([*words, "-o", "ndjson"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_show_when_asked_for_origins_names_flag_variable_file_and_default(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, "zmq:\n  frontend_port: 7001\n  backend_port: 7002\n")
    monkeypatch.setenv("ZMQ_BACKEND_PORT", "7003")

    shown = {row["key"]: row for row in rows(capsys, "config", "show", "--origin", "--home", str(home))}

    assert (shown["zmq.frontend_port"]["value"], shown["zmq.frontend_port"]["origin"]) == (
        7001,
        "config/config.yaml",
    )
    assert (shown["zmq.backend_port"]["value"], shown["zmq.backend_port"]["origin"]) == (
        7003,
        "environment ZMQ_BACKEND_PORT",
    )
    assert shown["home"]["origin"] == "flag --home"
    assert shown["api.port"] == {
        "key": "api.port",
        "value": 8000,
        "origin": "default",
        "variable": "API_PORT",
    }


def test_show_when_redis_has_a_password_masks_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://user:hunter2@cache:6379/0")

    assert entry.run(["config", "show"]) == 0
    assert entry.run(["config", "get", "redis.url"]) == 0

    out = capsys.readouterr().out
    assert "hunter2" not in out
    assert "redis://user:***@cache:6379/0" in out


@pytest.mark.parametrize(
    ("key", "value"), [("zmq.frontend_port", "5555"), ("debug_methods", "false"), ("redis.url", "")]
)
def test_get_when_the_key_exists_prints_the_plain_value(
    key: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(["config", "get", key]) == 0
    assert capsys.readouterr().out == f"{value}\n"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("zmq.frontend_prt", "did you mean zmq.frontend_port?"),
        ("frontend_port", "did you mean zmq.frontend_port?"),
        ("zmq", "zmq is a section; its settings are zmq.bind"),
        ("xyzzy", "no setting 'xyzzy'"),
    ],
)
def test_get_when_the_key_is_unknown_exits_with_7_and_the_nearest(
    key: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(["config", "get", key]) == 7

    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_validate_when_all_is_well_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = rows(capsys, "config", "validate")

    assert row["configuration"] == "ok"


def test_validate_when_values_are_wrong_names_all_of_them(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, "zmq:\n  frontend_prt: 1\nworker:\n  count: none\n")
    monkeypatch.setenv("API_PORT", "99999999")

    assert entry.run(["config", "validate"]) == 6

    err = capsys.readouterr().err
    assert err.startswith("tacore: configuration: 3 wrong:")
    for said in ("did you mean zmq.frontend_port?", "worker.count", "environment API_PORT"):
        assert said in err


def test_validate_when_markets_and_logging_are_wrong_names_both_files(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "markets:\n  US:\n    provider: nowhere\nrisk:\n  limits:\n    max_weigt: 1\n"
    write_config(home, wrong, "trading_config.yaml")
    write_config(home, "handlers:\n  x:\n    class: no.such.Handler\n", "logging.yaml")

    assert entry.run(["config", "validate"]) == 6

    err = capsys.readouterr().err
    assert "nowhere" in err
    assert "risk.limits.max_weigt = 1: unknown key" in err
    assert "config/logging.yaml" in err


def test_command_when_the_config_folder_is_missing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["--config", "nowhere", "config", "show"]) == 6
    assert "--config nowhere: no such folder" in capsys.readouterr().err


def test_init_when_the_folder_is_empty_writes_files_that_are_valid(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = rows(capsys, "init")

    names = {"config.yaml", "logging.yaml", "trading_config.yaml"}
    assert {Path(row["file"]) for row in written} == {home / "config" / name for name in names}
    assert {row["state"] for row in written} == {"written"}
    assert rows(capsys, "config", "validate")[0]["folder"] == str(home / "config")


def test_init_when_files_are_there_keeps_them_without_force(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(home, "log_level: DEBUG\n")

    states = {Path(row["file"]).name: row["state"] for row in rows(capsys, "init")}

    assert states == {"config.yaml": "kept", "logging.yaml": "written", "trading_config.yaml": "written"}
    assert (home / "config" / "config.yaml").read_text() == "log_level: DEBUG\n"

    forced = {Path(row["file"]).name: row["state"] for row in rows(capsys, "init", "--force")}
    assert set(forced.values()) == {"overwritten"}
    assert (home / "config" / "config.yaml").read_text() != "log_level: DEBUG\n"


def test_init_when_a_folder_is_named_writes_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows(capsys, "init", "elsewhere/deep")

    assert (home / "elsewhere" / "deep" / "config" / "config.yaml").is_file()


def test_init_when_the_folder_cannot_be_written_exits_with_6(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").touch()

    assert entry.run(["init", "file"]) == 6
    assert "can't write to" in capsys.readouterr().err
