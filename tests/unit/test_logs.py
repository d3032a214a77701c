import json
import logging
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tacore import logs
from tacore.errors import ConfigurationError
from tacore.logs import FileLimits, JsonFormatter, LogFile, TextFormatter
from tacore.settings.logs import start_logs
from tests.support.configuration import load, write_config

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) \S+ \S")


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.raiseExceptions)
    yield
    for handler in [each for each in root.handlers if each not in before[1]]:
        handler.close()
    root.setLevel(before[0])
    root.handlers, logging.raiseExceptions = before[1], before[2]


def record(message: str = "worker_ready", /, **fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "tacore.broker", "levelno": 20, "levelname": "INFO", "msg": message}
    )
    made.created, made.msecs = 1767225600.123, 123.0
    vars(made).update(fields)
    return made


def text(message: str = "worker_ready", /, **fields: object) -> str:
    return TextFormatter().format(record(message, **fields))


def parsed(message: str = "worker_ready", /, **fields: object) -> dict[str, Any]:
    line = JsonFormatter().format(record(message, **fields))
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def raised() -> Any:
    try:
        raise ValueError("first\n2026-01-01T00:00:00.000Z INFO forged line")
    except ValueError:
        return sys.exc_info()


def test_text_line_when_it_has_fields_shows_them_in_order() -> None:
    expected = "2026-01-01T00:00:00.123Z INFO tacore.broker worker_ready worker_id=w1 pool=fast n=3"
    assert text(worker_id="w1", pool="fast", n=3) == expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", '"a b"'),
        ("", '""'),
        ('say "x"', '"say \\"x\\""'),
        ("a=b", '"a=b"'),
        ("C:\\new", '"C:\\\\new"'),
        ("one\r\ntwo", '"one\\r\\ntwo"'),
        ("\x1b[31mred", '"\\x1b[31mred"'),
        ("a\u2028b", '"a\\u2028b"'),
        ("\ud800", '"\\ud800"'),
        ("腾讯", "腾讯"),
        (None, "None"),
    ],
)
def test_text_line_when_a_value_is_awkward_quotes_and_escapes_it(value: object, shown: str) -> None:
    assert text(x=value).endswith(f" worker_ready x={shown}")


def test_text_line_when_event_or_key_has_newlines_stays_one_line() -> None:
    assert text("a\nb", **{"k\ney": 1}).endswith(" tacore.broker a\\nb k\\ney=1")


def test_text_line_when_an_error_is_logged_indents_its_traceback() -> None:
    first, *rest = text("failed", exc_info=raised()).split("\n")
    assert first.endswith(" failed")
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in rest)
    assert "forged line" in rest[-1]


def test_json_line_when_parsed_has_event_level_time_and_fields() -> None:
    assert parsed(worker_id="w1", n=3) == {
        "time": "2026-01-01T00:00:00.123Z",
        "level": "INFO",
        "logger": "tacore.broker",
        "event": "worker_ready",
        "worker_id": "w1",
        "n": 3,
    }


def test_json_line_when_a_field_has_one_of_our_names_keeps_both() -> None:
    found = parsed(level="high", event="x")
    assert (found["level"], found["level_"], found["event"], found["event_"]) == (
        "INFO",
        "high",
        "worker_ready",
        "x",
    )


def test_json_line_when_a_value_is_no_json_becomes_text_and_spares_the_others() -> None:
    loop: list[object] = []
    loop.append(loop)
    found = parsed(a=float("nan"), b=Path("/x"), c={(1, 2): 3}, d=loop, e=[1, None])
    assert (found["a"], found["b"], found["c"], found["e"]) == ("nan", "/x", "{(1, 2): 3}", [1, None])
    assert found["d"] == "[[...]]"


def test_json_line_when_an_error_is_logged_carries_its_traceback() -> None:
    assert "ValueError: first\n2026" in parsed("failed", exc_info=raised())["exception"]


def test_line_when_a_url_has_a_password_masks_it() -> None:
    url = "redis://me:hunter2@cache:6379/0"
    assert text(url=url).endswith(" url=redis://me:***@cache:6379/0")
    assert parsed(url=url, more={"also": url})["more"] == {"also": "redis://me:***@cache:6379/0"}
    assert "hunter2" not in text(f"cannot reach {url}")


def start(home: Path, *, file: Any, flags: dict[str, Any] | None = None, **more: Any) -> logging.Logger:
    start_logs(load(home, flags), file=file, **more)
    return logging.getLogger("tacore.test")


def test_logging_when_started_by_a_worker_writes_its_own_file_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = start(tmp_path, file="worker.log", context={"worker_id": "w1"}, stderr=False)
    logger.info("batch_taken", extra={"size": 3})
    logger.info("handed_over", extra={"worker_id": "w2"})
    logger.debug("unseen")
    lines = (tmp_path / "logs" / "worker.log").read_text().splitlines()
    assert [re.sub(r"^\S+ ", "", line) for line in lines] == [
        "INFO tacore.test batch_taken size=3 worker_id=w1",
        "INFO tacore.test handed_over worker_id=w2",
    ]
    assert all(LINE.match(line) for line in lines)
    assert [each.name for each in (tmp_path / "logs").iterdir()] == ["worker.log"]
    assert capsys.readouterr() == ("", "")


def test_logging_when_started_for_the_terminal_writes_stderr_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(tmp_path, file=None, flags={"log_level": "warning"}).warning("broker_gone")
    logging.getLogger("tacore.test").info("unseen")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(" WARNING tacore.test broker_gone\n")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "logs").exists()


def test_logging_when_in_production_writes_json(tmp_path: Path) -> None:
    logger = start(tmp_path, file="tacoreservice.log", flags={"env": "production"}, stderr=False)
    logger.error("bind_failed", extra={"port": 5555})
    found = json.loads((tmp_path / "logs" / "tacoreservice.log").read_text())
    assert (found["level"], found["event"], found["port"]) == ("ERROR", "bind_failed", 5555)


def test_logging_when_a_handler_of_the_operators_is_added_keeps_it(tmp_path: Path) -> None:
    mine = """
version: 1
formatters: {text: {(): tacore.logs.TextFormatter}}
handlers:
  mine: {class: logging.FileHandler, filename: ../mine.log, formatter: text, delay: true}
  worker: {class: tacore.logs.SharedFileHandler, filename: worker.log, formatter: text}
root: {handlers: [mine, worker]}
loggers: {tacore.noisy: {level: ERROR}}
"""
    write_config(tmp_path, mine, "logging.yaml")
    (tmp_path / "logs").mkdir()
    logger = start(tmp_path, file="worker.log")
    logger.info("seen")
    logging.getLogger("tacore.noisy").warning("unseen")
    for name in ("mine.log", "logs/worker.log"):
        assert (tmp_path / name).read_text().endswith(" INFO tacore.test seen\n")
    logging.getLogger("tacore.noisy").setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("version: 2\n", "Unsupported version: 2"),
        ("handlers: {x: {class: no.such.Handler}}\n", "handler 'x'"),
        ("handlers: [x]\n", "'list' object"),
        ("root: {handlers: [nowhere]}\n", "nowhere"),
    ],
)
def test_logging_when_the_mapping_is_wrong_is_refused_naming_the_file(
    tmp_path: Path, mapping: str, expected: str
) -> None:
    write_config(tmp_path, mapping, "logging.yaml")
    with pytest.raises(ConfigurationError) as refused:
        start(tmp_path, file="worker.log")
    assert refused.value.message.startswith("config/logging.yaml: ")
    assert expected in refused.value.message


def test_performance_file_when_logging_yaml_limits_it_has_those_limits(tmp_path: Path) -> None:
    mapping = {"handlers": {"any": {"filename": "performance.log", "max_bytes": 7, "keep": 2}}}
    limits = logs.performance_file(mapping, logs_dir=tmp_path)
    assert limits == FileLimits(tmp_path / "performance.log", 7, 2)
    shipped = logs.performance_file(load(tmp_path).logging, logs_dir=tmp_path)
    assert shipped == FileLimits(tmp_path / "performance.log", 104857600, 5)


def _append(path: str, writer: int, lines: int, max_bytes: int) -> None:
    file = LogFile(Path(path), max_bytes=max_bytes, keep=1000)
    for number in range(lines):
        file.write(f"{writer} {number} {'x' * 80}\n")
    file.close()
    os._exit(1 if file.dropped else 0)


def test_log_file_when_many_processes_append_and_rotate_loses_and_mixes_no_line(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "worker.log"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append, args=(str(path), n, 500, 5000)) for n in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join(60)
    assert [each.exitcode for each in writers] == [0, 0, 0, 0]
    lines = [line for file in path.parent.iterdir() for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(f"{n} {number} {'x' * 80}" for n in range(4) for number in range(500))
    # 170 kB in files of about 5 kB; a process held up while it rotates lets the others write on meanwhile.
    assert len(list(path.parent.iterdir())) > 3
    assert {file.name.split(".")[0] for file in path.parent.iterdir()} == {"worker"}


def test_log_file_when_too_long_keeps_only_so_many_old_ones(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "x.log", max_bytes=10, keep=2)
    for number in range(5):
        file.write(f"{number} {'x' * 10}\n")
    file.close()
    found = {each.name: each.read_text()[0] for each in tmp_path.iterdir()}
    assert found == {"x.log": "4", "x.log.1": "3", "x.log.2": "2"}


def test_log_file_when_moved_away_by_logrotate_is_made_anew(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "x.log")
    file.write("one\n")
    (tmp_path / "x.log").rename(tmp_path / "old.log")
    file.write("two\n")
    file.close()
    assert (tmp_path / "old.log").read_text() == "one\n"
    assert (tmp_path / "x.log").read_text() == "two\n"


def test_log_file_when_it_cannot_be_written_says_so_once_and_recovers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    file = LogFile(folder / "x.log")
    file.write("one\n")
    file.write("two\nthree\n")
    err = capsys.readouterr().err
    assert err.startswith(f"{folder / 'x.log'}: lines are being lost: ")
    assert len(err.splitlines()) == 1
    assert file.dropped == 3
    folder.unlink()
    file.write("four\n")
    file.close()
    assert (folder / "x.log").read_text() == "four\n"


_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tacore.logs import LogFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = LogFile(Path(sys.argv[1]))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
file.write("complete\\n")
file.write("cut off\\n")
file.write("lost\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
file.write("again\\n")
print(file.dropped)
"""


def test_log_file_when_the_disk_fills_up_in_a_line_starts_the_next_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _FULL_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, timeout=30)
    assert path.read_text() == "complete\nc\nagain\n"
    assert done.stdout == "2\n"
    assert len(done.stderr.splitlines()) == 1


def test_log_call_when_a_value_cannot_be_shown_does_not_raise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    logger = start(tmp_path, file="worker.log")
    logger.info("odd", extra={"x": Broken()})
    logger.info("fine")
    assert (tmp_path / "logs" / "worker.log").read_text().endswith(" INFO tacore.test fine\n")
    assert "no text" not in capsys.readouterr().err
