"""Succession with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tacore.errors import Unavailable
from tacore.possession import Possession

HOLD = """
import sys
from pathlib import Path
from tacore.possession import Possession
Possession(Path(sys.argv[1]), wait_s=float(sys.argv[2])).take()
print("held", flush=True)
sys.stdin.readline()
"""
Holder = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def owner(path: Path) -> Path:
    return path.with_name("ledger.db.owner")


@pytest.fixture
def holder(path: Path) -> Iterator[Holder]:
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        argv = [sys.executable, "-c", HOLD, str(path), "20"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def change(owner: Path, **facts: Any) -> None:
    owner.write_text(json.dumps({**json.loads(owner.read_text()), **facts}), encoding="utf-8")


def refused(path: Path) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        Possession(path, wait_s=0.3).take()
    return caught.value


def test_possession_when_nobody_holds_it_records_this_process(path: Path, owner: Path) -> None:
    with Possession(path, wait_s=0):
        facts = json.loads(owner.read_text())
        assert (facts["pid"], facts["role"], facts["ledger"]) == (os.getpid(), "tacore executor", str(path))
        assert facts["started"] == pytest.approx(psutil.Process().create_time(), abs=0.1)
    assert not owner.exists()
    Possession(path, wait_s=0).take()


@pytest.mark.parametrize("stopped", [False, True])
def test_possession_when_a_predecessor_runs_or_stands_still_ends_it(
    path: Path, owner: Path, holder: Holder, stopped: bool
) -> None:
    process = holder()
    if stopped:
        process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
    with Possession(path, wait_s=20):
        assert process.wait(timeout=20) == -signal.SIGKILL
        assert json.loads(owner.read_text())["pid"] == os.getpid()


def test_possession_when_its_holder_was_killed_is_free(path: Path, holder: Holder) -> None:
    process = holder()
    process.kill()
    process.wait(timeout=20)
    Possession(path, wait_s=0).take()


@pytest.mark.parametrize(
    "facts", [{"started": 12345.0}, {"role": "another"}, {"pid": "none"}, {"ledger": "/x"}]
)
def test_possession_when_the_record_fits_no_predecessor_kills_nobody(
    path: Path, owner: Path, holder: Holder, facts: dict[str, Any]
) -> None:
    process = holder()
    change(owner, **facts)
    error = refused(path)
    assert process.poll() is None
    pid = facts.get("pid", process.pid)
    assert error.details == {"ledger": str(path), "reason": "locked", "pid": pid}
    assert f"process {pid} holds the ledger" in error.message


@pytest.mark.parametrize("text", ["", "[]", "{", None])
def test_possession_when_the_record_is_spoilt_kills_nobody(
    path: Path, owner: Path, holder: Holder, text: str | None
) -> None:
    process = holder()
    owner.unlink() if text is None else owner.write_text(text)
    assert "process unknown holds the ledger" in refused(path).message
    assert process.poll() is None


def test_possession_when_this_process_holds_it_spares_it(path: Path) -> None:
    with Possession(path, wait_s=0):
        start = time.monotonic()
        assert refused(path).details["pid"] == os.getpid()
        assert time.monotonic() - start < 2


def test_possession_when_its_lock_file_was_removed_ends_the_predecessor(path: Path, holder: Holder) -> None:
    process = holder()
    path.with_name("ledger.db.lock").unlink()
    with Possession(path, wait_s=20):
        assert process.wait(timeout=20) == -signal.SIGKILL


def test_possession_when_the_home_is_a_copy_spares_the_original(
    tmp_path: Path, path: Path, owner: Path, holder: Holder
) -> None:
    process = holder()
    copy = tmp_path / "copy" / "ledger.db"
    copy.parent.mkdir()
    copy.with_name(owner.name).write_text(owner.read_text())
    with Possession(copy, wait_s=0):
        assert process.poll() is None


def test_possession_when_taken_over_twice_passes_on(path: Path, holder: Holder) -> None:
    first = holder()
    second = holder()
    assert first.wait(timeout=20) == -signal.SIGKILL
    assert second.poll() is None


def test_possession_when_it_can_not_be_recorded_is_let_go(path: Path, owner: Path) -> None:
    owner.mkdir()
    with pytest.raises(Unavailable, match="lock can't be taken") as caught:
        Possession(path, wait_s=0).take()
    assert caught.value.details["reason"] == "io"
    owner.rmdir()
    Possession(path, wait_s=0).take()
