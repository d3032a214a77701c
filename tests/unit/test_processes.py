"""Real child processes: what a child gets, how its end is noticed, and that it ends with its parent."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tacore.processes import Child, role_argv

PATIENCE_S = 20.0


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def read_line(child: Child) -> str:
    """Wait for a line on the child's standard output."""
    assert child.process.stdout is not None
    return child.process.stdout.readline().decode().strip()


@pytest.fixture
def children() -> Iterator[list[Child]]:
    made: list[Child] = []
    yield made
    for child in made:
        child.kill()
        child.close()


SAY_SPEC = """
import json
from tacore.processes import read_spec
print(json.dumps(read_spec()), flush=True)
"""
WAIT = "import sys; print('up', flush=True); sys.stdin.read()"


def test_child_when_started_gets_its_spec_and_no_argv_shows_it(children: list[Child]) -> None:
    spec = {"password": "s3cret", "nested": {"ü": [1, None]}}
    child = Child(python(SAY_SPEC + "import sys; sys.stdin.read()"), spec)
    children.append(child)
    assert json.loads(read_line(child)) == spec
    assert "s3cret" not in " ".join(psutil.Process(child.pid).cmdline())
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    assert os.getsid(child.pid) == os.getsid(0)
    assert child.reason() == "running"
    assert not child.ended()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit(3)", "exited with status 3"),
        ("pass", "exited with status 0"),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("import os; os._exit(70)", "exited with status 70"),
    ],
)
def test_child_when_it_ends_turns_its_descriptor_readable_and_says_why(
    code: str, reason: str, children: list[Child]
) -> None:
    child = Child(python(code), {})
    children.append(child)
    readable, _, _ = select.select([child.fd], [], [], PATIENCE_S)
    assert readable == [child.fd]
    assert child.wait(PATIENCE_S)
    assert (child.ended(), child.reason()) == (True, reason)
    child.terminate()
    child.kill()
    assert child.reason() == reason


@pytest.mark.parametrize(("how", "number"), [("terminate", signal.SIGTERM), ("kill", signal.SIGKILL)])
def test_child_when_told_to_end_ends_by_that_signal(how: str, number: int, children: list[Child]) -> None:
    child = Child(python(WAIT), {})
    children.append(child)
    assert read_line(child) == "up"
    assert not child.wait(0.01)
    getattr(child, how)()
    assert child.wait(PATIENCE_S)
    assert child.reason() == f"killed by signal {int(number)}"


def test_child_when_it_closed_its_input_already_still_starts(children: list[Child]) -> None:
    child = Child(["true"], {"big": "x" * 10})
    children.append(child)
    assert child.wait(PATIENCE_S)
    child.close()
    child.close()


PARENT = """
import sys, threading
from tacore.processes import Child
code = '''
import os, sys, threading
from tacore.processes import read_spec, watch_parent
spec = read_spec()
gone = threading.Event()
watch_parent(gone.set)
print(os.getpid(), flush=True)
gone.wait()
open(spec["mark"], "w").write("saw it")
'''
child = Child([sys.executable, "-c", code], {"mark": sys.argv[1]})
print(child.process.stdout.readline().decode(), flush=True)
threading.Event().wait()
"""


def test_child_when_its_parent_is_killed_notices_and_ends(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with subprocess.Popen([sys.executable, "-c", PARENT, str(mark)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        grandchild = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([grandchild], timeout=PATIENCE_S)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE
    assert mark.read_text() == "saw it"


def test_spec_when_there_is_no_parent_ends_with_words() -> None:
    done = subprocess.run(
        python(SAY_SPEC), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "started by tacore itself" in done.stderr


SIGNALS = """
import os, signal
from tacore.processes import on_stop_signals
def stop():
    os.write(1, b"stop\\n")  # print can't be entered again while it still says "up"
on_stop_signals(stop)
print("up", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_signal_when_it_comes_twice_stops_and_then_ends_at_once(
    number: int, children: list[Child]
) -> None:
    child = Child(python(SIGNALS), {})
    children.append(child)
    assert read_line(child) == "up"
    os.kill(child.pid, number)
    assert read_line(child) == "stop"
    assert not child.ended()
    os.kill(child.pid, number)
    assert child.wait(PATIENCE_S)
    assert child.reason() == f"exited with status {128 + number}"


def test_role_when_started_is_this_python_and_names_no_settings() -> None:
    argv = role_argv("worker")
    assert argv[0] == sys.executable
    assert argv[-1] == "worker"


def test_crash_method_when_run_ends_its_process_with_the_status() -> None:
    code = "from tacore.methods.debug_crash import METHOD, Params; METHOD.handler(Params(code=71), None)"
    started = time.monotonic()
    assert subprocess.run(python(code), check=False).returncode == 71
    assert time.monotonic() - started < PATIENCE_S
