"""Managers and runs as real processes, killed in the middle."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.operations import eventually, is_running

ROOT = Path(__file__).resolve().parents[2]


class Manager:
    """A manager, and a line to it."""

    def __init__(self, home: Path) -> None:
        argv = [sys.executable, "-m", "tests.support.job_manager", str(home)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, *words: str) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self._line())
        return told

    def runs(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def managers() -> Iterator[list[Manager]]:
    started: list[Manager] = []
    runs: list[psutil.Process] = []
    yield started
    for each in started:
        with suppress(psutil.Error):
            runs += each.runs()
        each.kill()
    for run in runs:
        with suppress(psutil.Error):
            run.kill()


def begin(home: Path, managers: list[Manager]) -> tuple[Manager, str, psutil.Process]:
    """Have a job run that has done its first node and hangs."""
    manager = Manager(home)
    managers.append(manager)
    job_id = manager.ask("submit")["job_id"]
    eventually(lambda: manager.ask("job", job_id)["stage"] == "second", "its first node is done", 45)
    (run,) = manager.runs()
    return manager, job_id, run


def test_manager_when_killed_leaves_no_run_and_its_successor_goes_on(
    tmp_path: Path, managers: list[Manager]
) -> None:
    first, job_id, run = begin(tmp_path, managers)
    first.kill()
    assert is_running(run)  # this one does not heed that its manager is gone
    second = Manager(tmp_path)
    managers.append(second)
    assert not is_running(run)
    eventually(lambda: second.ask("job", job_id)["state"] == "done", "it goes on to its end", 45)
    told = second.ask("job", job_id)
    assert (told["attempts"], told["calls"]) == (2, {"first": 1, "second": 1})
    assert second.runs() == []


def test_manager_when_it_stands_still_is_ended_by_its_successor(
    tmp_path: Path, managers: list[Manager]
) -> None:
    first, job_id, run = begin(tmp_path, managers)
    psutil.Process(first.process.pid).suspend()
    second = Manager(tmp_path)
    managers.append(second)
    assert first.process.wait(45) == -9
    assert not is_running(run)
    eventually(lambda: second.ask("job", job_id)["state"] == "done", "it goes on to its end", 45)


def test_cancel_when_the_run_hangs_is_answered_with_it_gone(tmp_path: Path, managers: list[Manager]) -> None:
    manager, job_id, run = begin(tmp_path, managers)
    assert manager.ask("cancel", job_id)["state"] == "cancelled"
    assert not is_running(run)
