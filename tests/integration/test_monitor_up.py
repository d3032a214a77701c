"""The monitor as a part of `tacore up`, and as a command of its own, run by the real command line."""

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import httpx

from tests.support.operations import Home, eventually, home_in


def test_up_when_it_has_a_monitor_keeps_it_up_and_ends_it(tmp_path: Path) -> None:
    with home_in(tmp_path) as home:
        running = home.up("-n", "1", monitor=True)
        told = json.loads(home.said("up.out"))
        url, pid = told["monitor"], told["pids"]["monitor"]
        assert url == f"http://127.0.0.1:{home.environ['API_PORT']}"
        assert get(url, "/health")["status"] in ("healthy", "degraded")
        roles = {row["role"]: row for row in home.rows("ps")}
        assert (roles["monitor"]["pid"], roles["monitor"]["where"]) == (pid, url)
        opened = home.run("monitor", "open", BROWSER="true")
        assert (opened.returncode, json.loads(opened.stdout)["monitor"]) == (0, url)

        os.kill(pid, signal.SIGKILL)
        other = eventually(lambda: another(home, pid), "another monitor")
        eventually(lambda: answers(url), "it answers")
        home.family(running.pid)
        assert running.poll() is None

        assert home.run("down").returncode == 0
        assert running.wait(40) == 0
        assert home.alive() == []
        assert not Path(f"/proc/{other}").exists()
        assert home.left_in_run() == []


def test_up_when_the_monitors_port_is_taken_says_so_and_ends(tmp_path: Path) -> None:
    with home_in(tmp_path) as home, socket.socket() as taken:
        taken.bind(("127.0.0.1", int(home.environ["API_PORT"])))
        taken.listen()
        done = home.run("up", "-n", "1")
        assert done.returncode == 6
        assert f"can't listen on 127.0.0.1:{home.environ['API_PORT']}" in done.stderr
        assert "--no-monitor" in done.stderr


def test_open_when_no_monitor_runs_says_how_to_start_one(tmp_path: Path) -> None:
    with home_in(tmp_path) as home:
        done = home.run("monitor", "open", BROWSER="true")
        assert (done.returncode, done.stdout) == (7, "")
        assert "`tacore monitor start`" in done.stderr


def test_monitor_when_started_before_any_broker_waits_for_it_and_finds_its_journal(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with home_in(tmp_path) as home:
        monitor = home.start("monitor", "start", TACORE_HOME=str(elsewhere))
        url = f"http://127.0.0.1:{home.environ['API_PORT']}"
        eventually(lambda: answers(url), "it answers")
        assert httpx.get(f"{url}/health").status_code == 503
        assert "no broker has run there yet" in get(url, "/api/overview")["health"]["journal_error"]

        home.up("-n", "1")
        eventually(lambda: get(url, "/api/overview")["health"]["status"] != "down", "it sees the broker")
        overview = get(url, "/api/overview")
        assert overview["home"] == str(tmp_path)
        assert overview["health"]["journal"] == str(tmp_path / "data" / "tacore.db")
        home.run("call", "debug.echo")
        eventually(lambda: get(url, "/api/requests?method=debug.echo"), "it shows the request")

        monitor.send_signal(signal.SIGTERM)
        assert monitor.wait(20) == 0


def get(url: str, path: str) -> Any:
    return httpx.get(url + path, timeout=20.0).json()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/live", timeout=5.0).status_code == 200
    except httpx.TransportError:
        return False


def another(home: Home, pid: int) -> int | None:
    try:
        found = home.facts("monitor")["pid"]
    except (OSError, ValueError):
        return None
    return int(found) if found != pid else None
