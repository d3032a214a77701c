"""The operator's commands, run for real on free ports in temporary homes."""

import json
import os
import re
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq

from tests.support.calendars import keep_calendars
from tests.support.command import command
from tests.support.operations import Home, eventually, home_in, is_running


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    keep_calendars(tmp_path)  # a child that computes them would be one process more, for a second
    with home_in(tmp_path) as made:
        yield made


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with home_in(tmp_path_factory.mktemp("other")) as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Give a home from which everything runs, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("running")
    keep_calendars(folder)
    with home_in(folder) as made:
        made.up("-n", "1")
        yield made


# -- up and down -----------------------------------------------------------------------------------


def test_up_when_ready_tells_where_everything_is(running: Home) -> None:
    told = json.loads(running.said("up.out"))
    assert told["clients"] == running.endpoint
    assert told["workers_at"] == f"tcp://127.0.0.1:{running.backend}"
    assert (told["workers"], told["home"], told["trading"]) == (1, str(running.folder), "PAPER")
    assert set(told["pids"].values()) <= {each.pid for each in running.family(running.facts("up")["pid"])}
    assert running.rows("call", "debug.echo", "--text", "hello") == [{"text": "hello"}]


def test_up_when_terminated_leaves_nothing_behind(home: Home) -> None:
    up = home.up("-n", "2")

    up.send_signal(signal.SIGTERM)

    assert up.wait(20) == 0
    assert home.alive() == []
    assert home.left_in_run() == []
    assert not [each for each in (home.folder / "data").iterdir() if each.suffix == ".lock"]
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", home.frontend))


def test_up_when_interrupted_in_a_terminal_stops_in_order(home: Home) -> None:
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    terminal = subprocess.Popen(
        [sys.executable, "-c", spawn, *command("up", "-n", "1")],
        cwd=home.folder,
        env=home.environ | {"TERM": "xterm", "COLUMNS": "120"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert terminal.stdin is not None
    shown = _read_until(terminal, b"Ctrl-C here does the same")
    home.family(terminal.pid)
    assert "PAPER" in shown
    assert home.endpoint in shown

    terminal.stdin.write(b"\x03")
    terminal.stdin.flush()

    assert "nothing is left running" in _read_until(terminal, b"nothing is left running")
    assert terminal.wait(10) == 0
    terminal.stdin.close()
    assert terminal.stdout is not None
    terminal.stdout.close()
    assert home.alive() == []
    assert home.left_in_run() == []


def _read_until(terminal: "subprocess.Popen[bytes]", mark: bytes) -> str:
    found, deadline = b"", time.monotonic() + 20
    assert terminal.stdout is not None
    while mark not in found:
        left = deadline - time.monotonic()
        assert left > 0, found.decode()
        if select.select([terminal.stdout], [], [], left)[0]:
            found += os.read(terminal.stdout.fileno(), 65536)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", found.decode())


def test_up_when_terminated_under_load_answers_and_journals_every_request(home: Home) -> None:
    up = home.up("-n", "2")
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    client = context.socket(zmq.DEALER)
    client.connect(home.endpoint)
    sent = 200
    answered: dict[str, int] = {}
    for number in range(sent):
        request: dict[str, Any] = {"request_id": f"r{number}", "method": "debug.sleep"}
        client.send(json.dumps(request | {"params": {"seconds": 0.01}}).encode())
    _take(client, answered)

    up.send_signal(signal.SIGTERM)
    while len(answered) < sent and client.poll(10_000):
        _take(client, answered)
    context.destroy(linger=0)

    assert up.wait(20) == 0
    assert len(answered) == sent
    with sqlite3.connect(f"file:{home.folder}/data/tacore.db?mode=ro", uri=True) as journal:
        rows = Counter(
            name
            for (name,) in journal.execute("SELECT request_id FROM request_logs WHERE method = 'debug.sleep'")
        )
    journal.close()
    assert rows == Counter(answered)


def _take(client: "zmq.Socket[bytes]", answered: dict[str, int]) -> None:
    reply = json.loads(client.recv())
    answered[reply["request_id"]] = answered.get(reply["request_id"], 0) + 1


def test_up_when_signalled_twice_ends_at_once(home: Home) -> None:
    up = home.up("-n", "1")
    busy = home.start("call", "debug.sleep", "--seconds", "8", "--timeout", "20", "--retries", "0")
    eventually(lambda: any(each["in_flight"] for each in home.rows("worker", "ls")), "a request is in flight")

    up.send_signal(signal.SIGTERM)
    eventually(lambda: "stopping" in home.said("up.err"), "the end has begun")
    up.send_signal(signal.SIGTERM)

    assert up.wait(5) == 130
    eventually(lambda: not home.alive(), "every process is gone", within_s=5)
    assert home.left_in_run() == []
    busy.kill()


@pytest.mark.parametrize(
    ("role", "again"), [("broker", "broker started again"), ("workers", "workers started again")]
)
def test_up_when_a_child_is_killed_starts_it_again_and_says_so(home: Home, role: str, again: str) -> None:
    home.up("-n", "1")
    pid = json.loads(home.said("up.out"))["pids"][role]

    psutil.Process(pid).kill()

    eventually(lambda: "ready again" in home.said("up.err"), "it is ready again")
    told = home.said("up.err")
    assert f"{role} (pid {pid}) killed by signal 9; starting it again in" in told
    assert again in told
    assert home.rows("call", "debug.echo", "--text", "hello") == [{"text": "hello"}]


def test_up_when_the_broker_keeps_dying_gives_up(home: Home) -> None:
    up = home.up("--no-workers", TACORE_WORKER__RESTART_BUDGET="1")
    first = home.facts("broker")["pid"]
    psutil.Process(first).kill()
    second = eventually(lambda: _new_pid(home, first), "it runs again")

    psutil.Process(second).kill()

    assert up.wait(20) == 1
    assert "gave up" in home.said("up.err")
    assert home.left_in_run() == []


def _new_pid(home: Home, old: int) -> int | None:
    try:
        pid = int(home.facts("broker")["pid"])
    except (OSError, ValueError):
        return None
    return None if pid == old else pid


def test_up_when_killed_outright_takes_its_children_along(home: Home) -> None:
    up = home.up("-n", "2")
    # up, broker, journal writer, supervisor, two workers; who computes a calendar is gone soon.
    eventually(lambda: len(home.alive()) == 6, "the service alone is running")

    up.kill()
    up.wait(5)

    eventually(lambda: not home.alive(), "every child has ended", within_s=20)


def test_up_when_killed_before_can_start_again_from_the_same_home(home: Home) -> None:
    up = home.up("--no-workers")
    up.kill()
    up.wait(5)
    eventually(lambda: not home.alive(), "every child has ended", within_s=20)

    again = home.up("--no-workers")
    again.send_signal(signal.SIGTERM)

    assert again.wait(20) == 0
    assert home.left_in_run() == []


def test_up_when_one_runs_from_this_home_says_who(home: Home) -> None:
    up = home.up("--no-workers")

    second = home.run("up")

    assert second.returncode == 6
    assert f"pid {up.pid}" in second.stderr
    assert "tacore down" in second.stderr


@pytest.mark.parametrize("words", [("up", "-n", "1"), ("broker", "start"), ("broker", "start", "--detach")])
def test_start_when_a_port_is_taken_names_it_and_its_setting(home: Home, words: tuple[str, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", home.backend))
        taken.listen()

        done = home.run(*words)

    assert done.returncode == 6
    assert f"tcp://127.0.0.1:{home.backend}: Address already in use" in done.stderr
    assert "zmq.backend_port (ZMQ_BACKEND_PORT" in done.stderr
    assert "starting it again" not in done.stderr
    assert "Traceback" not in done.stderr
    assert home.left_in_run() == []


@pytest.mark.parametrize(
    "words", [("up",), ("broker", "start"), ("broker", "start", "--detach"), ("worker", "spawn")]
)
def test_start_when_the_home_is_unwritable_says_so(home: Home, words: tuple[str, ...]) -> None:
    (home.folder / "file").touch()

    done = home.run("--home", str(home.folder / "file" / "below"), *words)

    assert done.returncode == 6
    assert "can't write to" in done.stderr
    assert "--home" in done.stderr


def test_down_when_up_runs_ends_it_and_says_so(home: Home) -> None:
    up = home.up("-n", "1")

    rows = home.rows("down")

    assert [(row["role"], row["pid"], row["state"]) for row in rows] == [("tacore up", up.pid, "ended")]
    assert up.wait(5) == 0
    assert home.alive() == []


def test_down_when_nothing_runs_says_so(home: Home) -> None:
    done = home.run("down")

    assert done.returncode == 5
    assert f"no service runs from {home.folder}" in done.stderr


def test_down_when_another_home_answers_names_it(home: Home, other: Home) -> None:
    home.up("--no-workers")

    done = other.run("down", ZMQ_FRONTEND_PORT=str(home.frontend))

    assert done.returncode == 5
    assert f"tacore --home {home.folder} down" in done.stderr
    assert home.alive()


def test_down_when_the_pid_is_another_process_by_now_leaves_it_alone(home: Home) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    (home.folder / "run").mkdir()
    facts = {"pid": stranger.pid, "started": psutil.Process(stranger.pid).create_time() - 100}
    (home.folder / "run" / "up.json").write_text(json.dumps(facts))

    done = home.run("down")

    assert done.returncode == 5
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait(5)


# -- broker ----------------------------------------------------------------------------------------


def test_broker_when_detached_answers_and_stops(home: Home) -> None:
    (started,) = home.rows("broker", "start", "--detach")
    broker = psutil.Process(started["pid"])
    home.family(broker.pid)
    assert started["endpoint"] == home.endpoint
    assert Path(started["output"]).parent == home.folder / "logs"

    (status,) = home.rows("broker", "status")
    assert (status["pid"], status["workers"], status["status"]) == (broker.pid, 0, "degraded")
    assert "tacore worker spawn" in status["reasons"][0]
    (stopped,) = home.rows("broker", "stop")

    assert stopped["pid"] == broker.pid
    assert not is_running(broker)
    assert home.alive() == []
    assert home.left_in_run() == []


def test_broker_when_it_does_not_answer_is_stopped_by_its_pid(home: Home, other: Home) -> None:
    (started,) = home.rows("broker", "start", "--detach")
    broker = psutil.Process(started["pid"])

    done = home.run("--endpoint", other.endpoint, "broker", "stop")

    assert done.returncode == 0, done.stderr
    assert not is_running(broker)


def test_broker_when_started_with_flags_listens_there(home: Home, other: Home) -> None:
    flags = ("--frontend-port", str(other.frontend), "--backend-port", str(other.backend))

    (started,) = home.rows("broker", "start", "--detach", *flags)

    assert started["endpoint"] == other.endpoint
    assert home.facts("broker")["backend"] == f"tcp://127.0.0.1:{other.backend}"
    assert home.run("broker", "status").returncode == 5
    assert home.run("--endpoint", other.endpoint, "broker", "stop").returncode == 0


def test_broker_when_down_is_typed_ends_without_up(home: Home) -> None:
    (started,) = home.rows("broker", "start", "--detach")

    (ended,) = home.rows("down")

    assert (ended["role"], ended["pid"]) == ("broker", started["pid"])
    assert home.left_in_run() == []


def test_broker_when_drained_refuses_and_stays(home: Home) -> None:
    home.up("-n", "1")

    assert home.run("broker", "drain").returncode == 0

    refused = home.run("call", "debug.echo", "--retries", "0")
    assert refused.returncode == 3
    assert "draining" in refused.stderr
    assert home.rows("broker", "status")[0]["status"] == "degraded"


@pytest.mark.parametrize("words", [("ps",), ("broker", "status"), ("broker", "stop"), ("worker", "ls")])
def test_command_when_no_broker_runs_exits_with_5(home: Home, words: tuple[str, ...]) -> None:
    done = home.run(*words)

    assert done.returncode == 5
    assert "tacore up" in done.stderr
    assert done.stdout == ""


# -- workers and ps --------------------------------------------------------------------------------


def test_workers_when_spawned_scaled_restarted_and_drained_follow(home: Home) -> None:
    home.rows("broker", "start", "--detach")
    spawned = home.start("worker", "spawn", "-n", "1")
    (first,) = eventually(lambda: home.rows("worker", "ls"), "a worker is listed")
    columns = ["worker_id", "pool", "pid", "host", "state", "in_flight", "processed", "uptime_s", "version"]
    assert list(first) == columns

    (scaled,) = home.rows("worker", "scale", "2")
    assert scaled["finished"] is True
    assert len(home.rows("worker", "ls")) == 2

    (restarted,) = home.rows("worker", "restart", first["worker_id"])
    assert restarted["finished"] is True
    pids = {each["worker_id"]: each["pid"] for each in home.rows("worker", "ls")}
    assert pids[first["worker_id"]] != first["pid"]

    (drained,) = home.rows("worker", "drain", first["worker_id"])
    assert drained["finished"] is True
    assert first["worker_id"] not in {each["worker_id"] for each in home.rows("worker", "ls")}

    home.family(spawned.pid)
    spawned.send_signal(signal.SIGINT)
    assert spawned.wait(15) == 0
    assert home.run("down").returncode == 0
    assert home.alive() == []


def test_workers_when_spawned_find_the_broker_that_runs(home: Home, other: Home) -> None:
    flags = ("--frontend-port", str(other.frontend), "--backend-port", str(other.backend))
    home.rows("broker", "start", "--detach", *flags)
    home.environ.pop("ZMQ_BACKEND_PORT")
    home.environ.pop("ZMQ_FRONTEND_PORT")

    home.start("worker", "spawn", "-n", "1")

    eventually(lambda: home.rows("worker", "ls"), "a worker is listed")
    assert other.endpoint.rpartition(":")[2] in str(home.facts("broker")["frontend"])


def test_workers_when_an_id_is_unknown_exit_with_7(running: Home) -> None:
    done = running.run("worker", "restart", "nobody")

    assert done.returncode == 7
    assert "nobody" in done.stderr


def test_scale_when_no_supervisor_runs_names_the_command_that_starts_one(home: Home) -> None:
    home.rows("broker", "start", "--detach")

    done = home.run("worker", "scale", "3")

    assert done.returncode == 3
    assert "tacore worker spawn -n 3" in done.stderr


def test_restart_when_a_worker_is_busy_is_not_finished_in_time(running: Home) -> None:
    home = running
    (before,) = home.rows("worker", "ls")
    busy = home.start("call", "debug.sleep", "--seconds", "4", "--timeout", "20", "--retries", "0")
    eventually(lambda: any(each["in_flight"] for each in home.rows("worker", "ls")), "a request is in flight")

    done = home.run("worker", "restart", "all", "--wait", "0.3")

    assert done.returncode == 4
    assert json.loads(done.stdout)["finished"] is False
    assert "tacore worker ls" in done.stderr
    busy.kill()
    busy.wait()

    def back() -> bool:
        return any(each["pid"] != before["pid"] for each in home.rows("worker", "ls"))

    eventually(back, "it is back, for the tests that share it")


def test_ps_when_everything_runs_lists_every_process_by_its_role(running: Home) -> None:
    home, up = running, running.facts("up")["pid"]

    def agreed() -> list[dict[str, Any]] | None:
        rows = home.rows("ps")
        same = {row["pid"] for row in rows} == {each.pid for each in home.family(up)}
        whole = Counter(row["role"] for row in rows) == everything
        return rows if same and whole else None

    everything = {"up": 1, "broker": 1, "journal writer": 1, "supervisor": 1, "worker": 1}
    rows = eventually(agreed, "ps lists every process; a worker that was restarted is back soon")

    assert all(row["rss_mb"] > 1 and row["uptime_s"] > 0 for row in rows)


# -- bench -----------------------------------------------------------------------------------------


def test_bench_when_the_service_answers_gives_figures(running: Home) -> None:
    (figures,) = running.rows("bench", "debug.echo", "--text", "x", "--duration", "0.5", "--concurrency", "8")

    assert figures["answered"] == figures["sent"] > 0
    assert figures["errors"] == {}
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"] <= figures["max_ms"]
    assert figures["per_s"] == pytest.approx(figures["answered"] / figures["seconds"], rel=0.01)


def test_bench_when_the_method_changes_something_refuses(running: Home) -> None:
    done = running.run("bench", "admin.stop")

    assert done.returncode == 2
    assert "changes something" in done.stderr
    assert running.run("broker", "status").returncode == 0
