"""Locks and announcements in run/."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tacore import runfiles
from tacore.errors import ConfigurationError

HOLD = """
import sys
from pathlib import Path
from tacore import runfiles
with runfiles.locked(Path(sys.argv[1]), lambda: "held"):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_lock_when_another_process_holds_it_is_refused_with_its_words(tmp_path: Path) -> None:
    path = tmp_path / "up.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with (
            pytest.raises(ConfigurationError, match="someone has it"),
            runfiles.locked(path, lambda: "someone has it"),
        ):
            pass
        holder.kill()

    with runfiles.locked(path, lambda: "still held"):
        assert path.exists()
    assert not path.exists()


def test_announcement_when_its_process_runs_is_read_and_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "run" / "up.json"

    with runfiles.announced(path, {"home": "/somewhere"}):
        found = runfiles.read_live(path)
        assert found is not None
        assert (found["pid"], found["home"]) == (os.getpid(), "/somewhere")
        process = runfiles.process_of(found)
        assert process is not None
        assert process.pid == os.getpid()

    assert runfiles.read_live(path) is None
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', '{"pid": 999999999, "started": 1}'])
def test_announcement_when_unusable_counts_as_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "up.json"
    path.write_text(text)

    assert runfiles.read_live(path) is None


def test_announcement_when_its_pid_is_another_process_by_now_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "up.json"
    started = psutil.Process().create_time()
    path.write_text(json.dumps({"pid": os.getpid(), "started": started - 60}))

    assert runfiles.read_live(path) is None
