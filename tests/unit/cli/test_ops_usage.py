"""Wrong command lines: what is said, and the exit code."""

import pytest

from tacore.cli import app, entry, help, spoken
from tacore.cli.globals import Globals


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wroker ls", "no command 'wroker'; did you mean worker?"),
        ("cal health.check", "no command 'cal'; did you mean call?"),
        ("methds", "no command 'methds'; did you mean methods?"),
        ("xyzzy", "no command 'xyzzy': `tacore --help`"),
        ("worker spwan", "no command 'spwan'; did you mean spawn?"),
        ("worker", "needs one of: spawn, ls, scale, restart, drain"),
        ("up --wokers 3", "no option --wokers; did you mean --workers?"),
        ("up -n many", "up: invalid value for '-n'"),
        ("up -n 3 --no-workers", "contradict"),
        ("up -n 0", "-n"),
        ("worker scale", "missing argument 'N'"),
        ("worker spawn --broker here", "--broker is an address like tcp://127.0.0.1:"),
        ("worker spawn --broker tcp://127.0.0.1:5555", "workers connect to tcp://127.0.0.1:5556"),
        ("--endpoint tcp://127.0.0.1:1 worker spawn", "name it with --broker"),
        ("worker spawn --pool orders -n 2", "pool orders has one worker, which alone writes its store"),
        ("completion bsh", "did you mean bash?"),
        ("--bogus", "no option --bogus"),
    ],
)
def test_command_line_when_wrong_says_what_and_exits_with_2(
    line: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ZMQ_FRONTEND_PORT", "ZMQ_BACKEND_PORT", "TACORE_HOME", "TACORE_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    assert entry.run(line.split()) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


def test_spawn_when_the_engine_is_not_there_says_which_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["worker", "spawn", "--engine", "ray"]) == 6

    err = capsys.readouterr().err
    assert "--engine ray is not available in this version" in err
    assert "local" in err


@pytest.mark.parametrize(
    "path", [path for path in spoken.commands() if path and path.split()[0] in app.COMMANDS]
)
def test_help_when_asked_of_a_command_explains_it(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run([*path.split(), "--help"]) == 0

    out = capsys.readouterr().out
    assert f"Usage: tacore {path}" in out
    assert "Options of every command" in out


def test_help_when_asked_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    help.run([], Globals())

    out = capsys.readouterr().out
    assert [name for name in (*app.COMMANDS, *entry.FAST) if name not in out and name != "help"] == []
