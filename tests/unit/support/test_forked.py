"""Commands that are forks end, write and read as new processes do."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import environment, fresh_tacore, tacore
from tests.support.fake_broker import Answer, FakeBroker, echo, failure, silent
from tests.support.forked import can_fork, run_forked


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["version"], ""),
        (["help"], ""),
        (["no-such"], ""),
        (["call", "debug.echo", "--params", "-"], "no json"),
        (["worker", "ls"], ""),
        (["config", "get", "zmq.frontend_port"], ""),
        (["config", "--help"], ""),
    ],
)
def test_command_when_forked_does_what_a_new_process_does(
    tmp_path: Path, words: list[str], text: str
) -> None:
    environ = {"ZMQ_FRONTEND_PORT": "1", "TACORE_CLIENT__RETRIES": "0"}
    forked, fresh = (each(words, tmp_path, text=text, **environ) for each in (tacore, fresh_tacore))
    assert (forked.returncode, forked.stdout, forked.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)


def answer(request: dict[str, Any]) -> Answer:
    """Echo, and know no other method."""
    known = request["method"] == "debug.echo"
    return echo(request) if known else Answer(failure(request, "unknown_method"))


def test_commands_when_forked_at_once_each_have_their_own_input_and_answer(tmp_path: Path) -> None:
    with (
        FakeBroker(answer) as broker,
        ThreadPoolExecutor(8) as pool,
    ):

        def echoed(number: int) -> str:
            words = ["call", "debug.echo", "--params", "-"]
            return tacore(words, tmp_path, broker.endpoint, f'{{"number": {number}}}').stdout.strip()

        answers = list(pool.map(echoed, range(24)))
    assert [each.replace(" ", "").replace("\n", "") for each in answers] == [
        f'{{"number":{number}}}' for number in range(24)
    ]


def test_command_when_its_time_is_over_is_killed(tmp_path: Path) -> None:
    with FakeBroker(silent) as broker, pytest.raises(subprocess.TimeoutExpired):
        run_forked(
            ["call", "debug.echo", "--timeout", "60"],
            tmp_path,
            environment(TACORE_ENDPOINT=broker.endpoint),
            "",
            timeout_s=1,
        )


def test_fork_when_python_itself_is_told_something_else_will_not_do() -> None:
    assert not can_fork(environment(PYTHONUTF8="0"), "")
    assert not can_fork(environment(), "x" * 100_000)
