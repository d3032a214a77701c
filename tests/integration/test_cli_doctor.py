"""`tacore doctor` by its real command line: what can be wrong is planted, found and explained."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq

from tacore import __version__
from tests.support.broker_world import GOODBYE, HEARTBEAT, READY, frame
from tests.support.calendars import keep_calendars
from tests.support.fake_broker import Answer, FakeBroker, success
from tests.support.operations import Home, eventually, home_in
from tests.support.redis_server import RedisServer, needs_redis
from tests.support.terminal import on_terminal

ROOT = Path(__file__).resolve().parents[2]
Found = dict[str, Any]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A service of one worker, shared by what does it no harm."""
    with home_in(tmp_path_factory.mktemp("running")) as made:
        made.up("-n", "1")
        yield made


def doctor(home: Home, *words: str, code: int, **environ: str) -> list[Found]:
    done = home.run("doctor", *words, **environ)
    assert done.returncode == code, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def problems(found: list[Found], name: str | None = None) -> list[Found]:
    return [each for each in found if each["level"] == "problem" and name in (None, each["name"])]


def only(found: list[Found], name: str) -> Found:
    """Give the one problem there is, which is of that examination."""
    (one,) = problems(found)
    assert one["name"] == name
    assert one["advice"]
    return one


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


# -- all is well -----------------------------------------------------------------------------------


def test_doctor_when_nothing_runs_and_nothing_is_wrong_succeeds(home: Home) -> None:
    found = doctor(home, code=0)
    assert problems(found) == []
    names = {"configuration", "service", "clock", "databases", "disk", "journal", "ports", "providers"}
    names |= {"redis", "run_files", "security", "sqlite", "versions"}
    assert names <= {each["name"] for each in found}
    assert list(home.folder.iterdir()) == []  # it looks, and leaves nothing


def test_doctor_when_the_service_runs_well_succeeds_and_knows_its_processes(running: Home) -> None:
    found = doctor(running, code=0)
    assert problems(found) == []
    seen = {each["name"]: each["seen"] for each in found}
    pid = running.facts("broker")["pid"]
    assert f"pid {pid}" in seen["service"]
    assert any(f"pid {pid}" in each["seen"] for each in found if each["name"] == "ports")
    assert seen["workers"] == f"1 workers, all of the broker's version {__version__}"


def test_doctor_when_typed_elsewhere_looks_at_the_running_service(running: Home, tmp_path: Path) -> None:
    environ = {key: value for key, value in running.environ.items() if key != "TACORE_HOME"}
    words = [sys.executable, "-m", "tacore", "doctor"]
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{running.folder}/data/tacore.db is sound" in done.stdout


def test_doctor_when_on_a_terminal_lays_out_what_to_do_in_colours(running: Home) -> None:
    with contextlib.ExitStack() as stack:
        planted = running.folder / "run" / "stale.lock"
        stack.callback(planted.unlink)
        planted.touch()
        seen = on_terminal(["doctor", "--home", str(running.folder)], running.folder, running.endpoint)
    assert seen.returncode == 1
    assert "\x1b[1;31mproblem" in seen.raw
    text = "\n".join(seen.lines)
    assert "→ `tacore doctor --fix` removes it" in text
    assert "`tacore doctor --fix` repairs 1 of them" in text


# -- planted: ports --------------------------------------------------------------------------------


def test_doctor_when_a_port_is_in_use_names_the_pid(home: Home) -> None:
    code = (
        "import socket,sys; s=socket.socket(); s.setsockopt(1,2,1); "
        f"s.bind(('127.0.0.1',{home.backend})); s.listen(); print('on',flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as squatter:
        assert squatter.stdout is not None
        assert squatter.stdout.readline() == "on\n"
        one = only(doctor(home, code=1), "ports")
        squatter.terminate()
    assert f"{home.backend} (zmq.backend_port) is in use" in one["seen"]
    assert f"pid {squatter.pid}" in one["seen"]
    assert f"kill {squatter.pid}" in one["advice"]
    assert "ZMQ_BACKEND_PORT" in one["advice"]


def test_doctor_when_the_broker_port_is_taken_by_a_silent_program_ends_and_names_it(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", home.frontend))
        taken.listen()
        found = doctor(home, code=1)
    (port,) = problems(found, "ports")
    assert f"pid {os.getpid()}" in port["seen"]


def test_doctor_when_the_service_runs_in_a_container_leaves_its_ports_alone(home: Home) -> None:
    def answer(request: dict[str, Any]) -> Answer:
        return Answer(success(request, health(), timestamp=int(time.time())))

    environ = {key: value for key, value in home.environ.items() if key != "TACORE_HOME"}
    with FakeBroker(answer, home.endpoint):
        words = [sys.executable, "-m", "tacore", "doctor"]
        done = subprocess.run(
            words, cwd=home.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        assert "the service runs elsewhere (its home: /far/away)" in done.stdout
        one = only(doctor(home, code=1), "ports")  # a home that is named is meant to run itself
    assert f"pid {os.getpid()}" in one["seen"]


# -- planted: Redis --------------------------------------------------------------------------------


def test_doctor_when_redis_is_down_says_so_without_its_password(home: Home) -> None:
    one = only(doctor(home, code=1, REDIS_URL="redis://:geheim@127.0.0.1:1/0"), "redis")
    assert "redis is down" in one["seen"]
    assert "127.0.0.1:1" in one["seen"]
    assert "REDIS_URL" in one["advice"]
    assert "geheim" not in json.dumps(one)


@needs_redis
def test_doctor_when_redis_hangs_ends_all_the_same(home: Home) -> None:
    with RedisServer() as server:
        found = doctor(home, code=0, REDIS_URL=server.url)
        assert any("answers at" in each["seen"] for each in found if each["name"] == "redis")
        server.send(signal.SIGSTOP)
        try:
            only(doctor(home, code=1, REDIS_URL=server.url), "redis")
        finally:
            server.send(signal.SIGCONT)


# -- planted: the disk -----------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 MiB."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(tmp_path)], check=False, capture_output=True
    )
    if done.returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        yield tmp_path
    finally:
        subprocess.run([unmount, str(tmp_path)], check=True)


def test_doctor_when_the_disk_is_nearly_full_names_what_is_large(small_disk: Path) -> None:
    with home_in(small_disk) as home:
        (small_disk / "logs").mkdir()
        (small_disk / "logs" / "performance.log").write_bytes(bytes(50 << 20))
        one = only(doctor(home, code=1), "disk")
    assert "nearly full" in one["seen"]
    assert "performance.log (50.0 MiB)" in one["advice"]


# -- planted: what dead processes left -------------------------------------------------------------


def test_doctor_when_there_are_a_stale_lock_and_a_dead_pid_file_finds_and_fixes_both(home: Home) -> None:
    run = home.folder / "run"
    run.mkdir()
    gone = dead_pid()
    (run / "broker.json").write_text(json.dumps({"pid": gone, "started": time.time() - 60}))
    (run / "broker.lock").touch()
    found = problems(doctor(home, code=1), "run_files")
    assert [each["fixable"] for each in found] == [True, True]
    assert f"broker.json is of pid {gone}, which is dead" in found[0]["seen"]
    assert "broker.lock is a stale lock" in found[1]["seen"]
    assert {path.name for path in run.iterdir()} == {"broker.json", "broker.lock"}

    fixed = [each for each in doctor(home, "--fix", code=0) if each["level"] == "fixed"]
    assert [each["seen"].endswith(": removed") for each in fixed] == [True, True]
    assert list(run.iterdir()) == []
    assert problems(doctor(home, code=0)) == []


def test_doctor_when_a_pid_is_another_process_by_now_says_so_and_leaves_that_alone(home: Home) -> None:
    run = home.folder / "run"
    run.mkdir()
    (run / "up.json").write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
    one = only(doctor(home, code=1), "run_files")
    assert f"pid {os.getpid()}, which is another process by now" in one["seen"]
    doctor(home, "--fix", code=0)
    assert not (run / "up.json").exists()


def test_doctor_when_everything_was_killed_fixes_what_that_left(home: Home) -> None:
    keep_calendars(home.folder)  # for the executor, which would compute them
    process = home.up("-n", "1", orders=True)
    for each in reversed(home.family(process.pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait()
    eventually(lambda: not home.alive(), "all are dead")
    left = problems(doctor(home, code=1))
    assert {each["name"] for each in left} == {"run_files"}
    assert {"broker.json", "up.json", "up.lock"} <= {Path(each["seen"].split()[0]).name for each in left}
    assert all(each["fixable"] for each in left)
    assert problems(doctor(home, "--fix", code=0)) == []
    home.up("-n", "1", orders=True)
    assert problems(doctor(home, code=0)) == []


def test_doctor_when_asked_to_fix_a_running_service_takes_nothing_from_it(running: Home) -> None:
    before = running.left_in_run()
    doctor(running, "--fix", code=0)
    assert running.left_in_run() == before
    assert running.rows("call", "debug.echo", "a=b")


# -- planted: databases ----------------------------------------------------------------------------


def database(path: Path, rows: int = 5_000) -> None:
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)")
        connection.executemany("INSERT INTO t(b) VALUES (?)", [("x" * 100,)] * rows)
        connection.execute("PRAGMA user_version = 1")


def scratch(path: Path) -> None:
    """Overwrite pages in the file's middle, as a bad disk does."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(3 * 4096))


@pytest.mark.parametrize(
    ("name", "advised"),
    [("ledger.db", "orders are at stake"), ("jobs.db", ".recover"), ("other.db", ".recover")],
)
def test_doctor_when_a_database_is_corrupt_names_it_and_the_rescue(
    home: Home, name: str, advised: str
) -> None:
    path = home.folder / "data" / name
    database(path)
    doctor(home, code=0)
    scratch(path)
    one = only(doctor(home, code=1), "databases")
    assert f"{path} is corrupt" in one["seen"]
    assert advised in one["advice"]
    assert not one["fixable"]


def test_doctor_when_the_journal_is_no_database_says_what_is_lost(home: Home) -> None:
    path = home.folder / "data" / "tacore.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database at all " * 400)
    (one,) = problems(doctor(home, code=1), "databases")
    assert "file is not a database" in one["seen"]
    assert "only the history of requests" in one["advice"]


# -- planted: clocks -------------------------------------------------------------------------------


def health(**changes: Any) -> dict[str, Any]:
    parts = {"workers": {"status": "healthy", "workers": []}}
    told = {"status": "healthy", "reasons": [], "version": __version__, "home": "/far/away", "pid": 1}
    return told | {"database": "/far/away/data/tacore.db", "components": parts} | changes


@pytest.mark.parametrize(("off_s", "word"), [(-3600, "behind"), (90, "ahead of")])
def test_doctor_when_the_brokers_clock_is_off_says_by_how_much(home: Home, off_s: int, word: str) -> None:
    def answer(request: dict[str, Any]) -> Answer:
        return Answer(success(request, health(), timestamp=int(time.time()) + off_s))

    with FakeBroker(answer) as broker:
        one = only(doctor(home, "--endpoint", broker.endpoint, code=1), "clock")
    assert "clock skew" in one["seen"]
    assert f"{word} this machine's" in one["seen"]
    told = float(one["seen"].split(" s ")[0].rpartition(" ")[2].replace(",", ""))
    assert told == pytest.approx(abs(off_s), abs=3)
    assert "NTP" in one["advice"]


class Stranger:
    """A worker of another host and version, by hand on the real backend."""

    def __init__(self, home: Home, version: str, ahead_s: float) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets = {}
        process = uuid.uuid4().hex.encode()  # one of its own, as each stranger is another process
        for kind in (b"w", b"c"):
            made = self._context.socket(zmq.DEALER)
            made.setsockopt(zmq.IDENTITY, kind + b"far-1/" + process)
            made.connect(f"tcp://127.0.0.1:{home.backend}")
            self._sockets[kind] = made
        now_us = time.time_ns() // 1000
        self._ahead_us = round(ahead_s * 1e6)
        about = ("far-1", "far", ["debug.echo"], 2, 32, "far-host", 9, now_us, version, "far", None)
        self._sockets[b"w"].send(frame(READY, *about))

    def beat(self) -> None:
        wall_us = time.time_ns() // 1000 + self._ahead_us
        self._sockets[b"c"].send(frame(HEARTBEAT, "far-1", 0.5, 1_000_000, [{}, "", ""], wall_us))

    def leave(self) -> None:
        self._sockets[b"w"].send(frame(GOODBYE, "far-1"))

    def close(self) -> None:
        self._context.destroy(linger=0)


@pytest.mark.parametrize(
    ("version", "ahead_s", "name", "seen"),
    [
        ("0.0.9", 0.0, "workers", "on far-host version 0.0.9 runs"),
        (__version__, -40.0, "clock", "clock skew: the workers' (on far-host) clock is 40."),
    ],
)
def test_doctor_when_a_worker_of_another_host_is_off_names_the_host(
    running: Home, version: str, ahead_s: float, name: str, seen: str
) -> None:
    def strangers() -> list[Found]:
        (told,) = running.rows("call", "health.check", "--detailed")
        return [row for row in told["components"]["workers"]["workers"] if row["worker_id"] == "far-1"]

    with contextlib.closing(Stranger(running, version, ahead_s)) as stranger:

        def known() -> bool:
            stranger.beat()
            return any(row["clock_ahead_s"] is not None for row in strangers())

        eventually(known, "the stranger is registered")
        stranger.beat()
        found = problems(doctor(running, code=1), name)
        stranger.leave()
        eventually(lambda: not strangers(), "the stranger is gone")
    assert len(found) == 1
    assert seen in found[0]["seen"]
    assert found[0]["advice"]


def journalled(home: Home) -> None:
    """Wait until a service that may just have started has a row in its journal."""
    home.rows("call", "debug.echo", "a=b")
    eventually(lambda: home.run("logs").stdout, "the journal has a row")


def test_doctor_when_the_journal_is_from_the_future_says_so(running: Home, tmp_path: Path) -> None:
    journalled(running)
    with home_in(tmp_path) as copied:
        (tmp_path / "data").mkdir()
        copy = tmp_path / "data" / "tacore.db"
        source = sqlite3.connect(running.folder / "data" / "tacore.db")
        with contextlib.closing(source), contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            with target:
                target.execute("UPDATE requests SET answered_us = answered_us + 3600000000")
        one = only(doctor(copied, code=1), "clock")
    assert "in the future" in one["seen"]


# -- planted: slow queries -------------------------------------------------------------------------


def test_doctor_when_queries_are_slow_names_them(running: Home, tmp_path: Path) -> None:
    journalled(running)
    with home_in(tmp_path) as copied:
        (tmp_path / "data").mkdir()
        source = sqlite3.connect(running.folder / "data" / "tacore.db")
        target = sqlite3.connect(tmp_path / "data" / "tacore.db")
        with contextlib.closing(source), contextlib.closing(target):
            source.backup(target)
            with target:  # a client that makes up method names would do this, if they were not summed up
                target.execute(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000) "
                    "INSERT INTO rollups SELECT CAST(strftime('%s') / 10 * 10 AS INTEGER), 'm' || i, 1, 0, "
                    "1000, 1000, 0, x'' FROM n"
                )
        one = only(doctor(copied, code=1), "journal")
    assert "slow queries" in one["seen"]
    assert "rates of 5 minutes" in one["seen"]
    assert "journal.rollup_retention_days" in one["advice"]


# -- planted: settings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "good", "bad", "told"),
    [
        ("config.yaml", "frontend_port:", "frontent_port:", ["zmq.frontent_port", "frontend_port?"]),
        (
            "trading_config.yaml",
            "  US:\n    provider:",
            "  US:\n    provide:",
            ["markets.US.provide", "provider?"],
        ),
    ],
)
def test_doctor_when_a_yaml_file_has_a_wrong_key_names_file_key_and_the_right_one(
    home: Home, file: str, good: str, bad: str, told: list[str]
) -> None:
    shutil.copytree(ROOT / "config", home.folder / "config")
    path = home.folder / "config" / file
    text = path.read_text()
    assert good in text
    path.write_text(text.replace(good, bad, 1))
    found = problems(doctor(home, code=1), "configuration")
    assert all(word in json.dumps(found) for word in [file, *told])
    assert "tacore config validate" in found[0]["advice"]


def test_doctor_when_settings_are_wrong_still_looks_at_the_home(home: Home) -> None:
    (home.folder / "run").mkdir()
    (home.folder / "run" / "up.lock").touch()
    found = doctor(home, code=1, TACORE_WORKER__COUNT="many")
    assert {each["name"] for each in problems(found)} == {"configuration", "run_files"}
    assert any("were not looked at" in each["seen"] for each in found)


# -- security and providers ------------------------------------------------------------------------


def test_doctor_when_the_network_is_trusted_shows_it(home: Home) -> None:
    found = doctor(home, code=0, TACORE_SECURITY__TRUST_NETWORK="container", TACORE_ZMQ__BIND="0.0.0.0")  # noqa: S104
    (shown,) = [each for each in found if each["name"] == "security"]
    assert shown["level"] == "warning"
    assert "security.trust_network is container" in shown["seen"]
    assert "zmq.bind 0.0.0.0" in shown["seen"]


def test_doctor_when_a_provider_hangs_ends_and_names_it(home: Home) -> None:
    """A server that takes connections and never answers stands in for the vendor."""
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        shutil.copytree(ROOT / "config", home.folder / "config")
        (home.folder / "config" / "trading_config.yaml").write_text(
            f"markets:\n  US: {{provider: yahoo}}\nproviders:\n  yahoo: {{timeout_s: 60, base_url: {url}}}\n"
        )
        one = only(doctor(home, "--wait", "3", code=1), "providers")
    assert "yahoo for US can't be used: no answer within" in one["seen"]
