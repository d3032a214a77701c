from pathlib import Path

import pytest

from tacore.store.link import JournalLink
from tacore.store.performance_log import PerformanceLog
from tests.support.journal import chunk, committed, options, pump_until


def test_performance_log_when_full_rotates_and_keeps_every_line(tmp_path: Path) -> None:
    log = PerformanceLog(tmp_path / "logs" / "performance.log", max_bytes=100, backups=9)

    for number in range(10):
        log.write([f"line {number:025}", f"more {number:025}"])
    log.close()

    files = sorted((tmp_path / "logs").iterdir())
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert len(files) == 5
    assert sorted(lines) == sorted(
        f"{word} {number:025}" for word in ("line", "more") for number in range(10)
    )


def test_performance_log_when_the_disk_is_full_counts_lost_lines_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "performance.log"
    path.symlink_to("/dev/full")
    log = PerformanceLog(path, max_bytes=0, backups=1)

    log.write(["a\nb", "c"])
    assert log.lost == 3
    assert "No space left" in str(log.error)

    path.unlink()
    log.write(["d"])
    log.close()
    assert log.error is None
    assert path.read_text() == "d\n"


def test_performance_log_when_it_cannot_be_written_degrades_but_rows_are_kept(home: Path) -> None:
    link = JournalLink(options(home, performance_log="/dev/full").argv())
    link.append(chunk(0, 20), 20)
    pump_until(link, committed(link))

    status = link.status()
    link.close(10)
    assert status["status"] == "degraded"
    assert "performance log" in status["reason"]
    assert status["performance_lines_lost"] == 20


@pytest.mark.parametrize("name", ["", "logs/performance.log"])
def test_performance_log_when_switched_has_a_line_per_row_or_is_not_there(home: Path, name: str) -> None:
    path = home / "logs" / "performance.log"
    link = JournalLink(options(home, performance_log=str(home / name) if name else "").argv())
    link.append(chunk(0, 20), 20)
    link.close(10)

    assert path.exists() == bool(name)
    if name:
        found = [line.split() for line in path.read_text().splitlines() if "processing_time" in line]
        assert [words[-1] for words in found] == ["1.000"] * 20
