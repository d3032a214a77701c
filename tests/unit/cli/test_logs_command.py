import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tacore.cli.exits import Usage
from tacore.cli.moments import moment_us
from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.wire.records import Answers
from tests.support import journal
from tests.support.command import command, environment, tacore
from tests.support.fake_broker import Answer, FakeBroker, success
from tests.support.journal_columns import Row

FAILED = Row("b", "denied", 2_500, b'{"symbol": "MSFT"}', b'{"code": "denied"}')
MADE = Row("a", None, 1_000, b'{"symbol": "AAPL"}', b"{}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write(
        folder, [journal.answers([MADE]), journal.answers([FAILED], method="execute.order", worker_id=None)]
    )
    return folder


def write(home: Path, records: Sequence[Answers]) -> None:
    database = Database(home / "data/tacore.db")
    batch = Batch(lines=False)
    batch.add(records)
    batch.seq = database.committed_seq(1) + 1
    database.commit(batch, 1)
    database.close()


def logs(home: Path, cwd: Path, *words: str) -> list[dict[str, object]]:
    environ = {"TACORE_HOME": str(home), "TACORE_ENDPOINT": "tcp://127.0.0.1:1"}
    done = tacore(["logs", *words], cwd, **environ)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_logs_when_no_broker_runs_read_the_journal_of_the_home(home: Path, tmp_path: Path) -> None:
    rows = logs(home, tmp_path)
    assert [(row["request_id"], row["method"], row["status"], row["code"]) for row in rows] == [
        ("a", "debug.echo", "success", None),
        ("b", "execute.order", "error", "denied"),
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("--method debug.echo", ["a"]),
        ("--status error", ["b"]),
        ("--worker fast-1", ["a"]),
        ("--request-id b", ["b"]),
        ("--text AAPL", ["a"]),
        ("--since 2023-01-01 --until 2023-12-31T00:00", ["a", "b"]),
        ("--since 1d", []),
        ("-n 1", ["b"]),
        ("-n 0", []),
    ],
)
def test_logs_when_filtered_show_only_those(home: Path, tmp_path: Path, words: str, found: list[str]) -> None:
    assert [row["request_id"] for row in logs(home, tmp_path, *words.split())] == found


def test_logs_when_columns_are_chosen_show_those(home: Path, tmp_path: Path) -> None:
    assert logs(home, tmp_path, "--columns", "request_id,processing_time_ms", "-n", "1") == [
        {"request_id": "b", "processing_time_ms": 2.5}
    ]


def test_logs_when_for_reading_are_a_line_each(home: Path, tmp_path: Path) -> None:
    environ = {"TACORE_HOME": str(home), "TACORE_ENDPOINT": "tcp://127.0.0.1:1"}
    lines = tacore(["logs", "-o", "table"], tmp_path, **environ).stdout.splitlines()
    assert lines[0].split() == ["answered_at", "method", "outcome", "ms", "worker_id", "request_id"]
    assert [line.split()[1:] for line in lines[1:]] == [
        ["debug.echo", "success", "1.00", "fast-1", "a"],
        ["execute.order", "denied", "2.50", "broker", "b"],
    ]
    csv = tacore(["logs", "-o", "csv", "--columns", "request_id,code"], tmp_path, **environ).stdout
    assert csv == "request_id,code\na,\nb,denied\n"


def test_logs_when_a_broker_runs_elsewhere_show_its_journal(home: Path, tmp_path: Path) -> None:
    def healthy(request: dict[str, object]) -> Answer:
        return Answer(success(request, {"database": str(home / "data/tacore.db")}))

    with FakeBroker(healthy) as broker:
        done = tacore(["logs", "--columns", "request_id"], tmp_path, broker.endpoint)
    assert done.stdout == '{"request_id": "a"}\n{"request_id": "b"}\n'


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("", 7, "no broker has run there yet"),
        ("--status maybe", 2, "--status is success or error"),
        ("--since soon", 2, "an age like 90s"),
        ("--sinse 5m", 2, "does not know '--sinse'"),
        ("-f -o json", 2, "has an end"),
    ],
)
def test_logs_when_they_cannot_be_shown_say_why(
    tmp_path: Path, home: Path, words: str, code: int, says: str
) -> None:
    folder = tmp_path if code != 2 else home
    environ = {"TACORE_HOME": str(folder), "TACORE_ENDPOINT": "tcp://127.0.0.1:1"}
    done = tacore(["logs", *words.split()], tmp_path, **environ)
    assert done.returncode == code
    assert says in done.stderr


@pytest.fixture
def following(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    environ = environment(
        TACORE_HOME=str(tmp_path), TACORE_ENDPOINT="tcp://127.0.0.1:1", COVERAGE_SIGTERM="1"
    )
    with subprocess.Popen(
        command("logs", "-f"), cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def test_logs_when_followed_show_what_comes_soon(tmp_path: Path, following: "subprocess.Popen[str]") -> None:
    assert following.stdout is not None
    for n in range(3):
        row = Row(f"r{n}", None, 1_000, b"{}", b"{}")
        write(tmp_path, [journal.answers([row])])
        watchdog = threading.Timer(20, following.kill)
        watchdog.start()
        assert json.loads(following.stdout.readline())["request_id"] == f"r{n}"
        watchdog.cancel()


def test_moment_when_it_is_an_age_or_a_date_is_epoch_microseconds() -> None:
    assert moment_us("--since", "90s", 1_000.0) == 910_000_000
    assert moment_us("--since", "2h", 10_000.0) == 2_800_000_000
    assert moment_us("--since", "2023-11-14T22:13:20", 0) == 1_700_000_000_000_000
    assert moment_us("--since", "2023-11-14T23:13:20+01:00", 0) == 1_700_000_000_000_000
    assert moment_us("--since", None, 0) is None
    with pytest.raises(Usage):
        moment_us("--since", "xs", 0)
