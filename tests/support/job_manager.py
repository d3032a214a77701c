"""A job manager of its own process, without a broker; its runs are real processes that outlive it.

A run does its first node and hangs; taken up again, it goes on after that node and ends with a decision.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from tacore.clock import SystemClock
from tacore.errors import TacoreError
from tacore.jobs.desk import Desk
from tacore.jobs.store import Store
from tacore.model.agents import parse_agents
from tacore.model.jobs import Ask, Job
from tacore.ports.analyst import Say
from tacore.ports.orders import Asker, Key
from tacore.possession import Possession
from tests.support.job_world import CONFIGURED
from tests.support.scripted_analyst import ASK, finished, stage, used

RUN = """
import sys, time
from pathlib import Path
kept = Path(sys.argv[1]) / "kept"
if kept.exists():
    print("second", flush=True)
else:
    print("first", flush=True)
    kept.touch()
    print("kept", flush=True)
time.sleep(600)
"""


class ProcessRun:
    """A process in a group of its own."""

    def __init__(self, folder: Path, say: Say) -> None:
        argv = [sys.executable, "-c", RUN, str(folder)]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.pid = self._process.pid
        threading.Thread(target=self._listen, args=(say,), daemon=True).start()

    def _listen(self, say: Say) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            word = line.strip()
            if word == "kept":
                say(stage("first", "second"))
            else:
                say(used(node=word))
            if word == "second":
                say(finished())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class ProcessAnalyst:
    """Starts real processes."""

    name = "tradingagents_cn"
    version = "1.0"

    def check(self, ask: Ask) -> None:
        """Nothing is lacking."""

    def start(self, ask: Ask, folder: Path, say: Say) -> ProcessRun:
        return ProcessRun(folder, say)

    def warm(self) -> None:
        """Nothing is made ready."""

    def close(self) -> None:
        """Nothing is left."""


def main() -> None:
    """Serve lines of JSON: ["submit"], ["job", id], ["cancel", id]; each is answered with a line."""
    home, clock = Path(sys.argv[1]), SystemClock()
    possession = Possession(home / "jobs.db", wait_s=20, role="tacore job manager", what="jobs")
    possession.take()
    store = Store(home / "jobs.db", clock)
    store.take()
    calls: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
    analysts = {"tradingagents_cn": ProcessAnalyst()}
    desk = Desk(store, parse_agents(CONFIGURED), analysts, home / "agents", clock, lambda: calls.put(None))
    threading.Thread(target=_read, args=(calls,), daemon=True).start()
    _tell("ready")
    while True:
        desk.turn()
        wait_s = max(0.0, min(1.0, (desk.due() or 0.0) - time.monotonic()))
        try:
            call = calls.get(timeout=wait_s or 0.001)
        except queue.Empty:
            continue
        if call is not None:
            _serve(desk, call)


def _read(calls: "queue.SimpleQueue[list[str] | None]") -> None:
    for line in sys.stdin:
        calls.put(json.loads(line))


def _serve(desk: Desk, call: list[str]) -> None:
    asker = Asker("local", time.monotonic() + 60)
    try:
        if call[0] == "submit":
            limits = desk.settings.job_limits
            told = desk.submit(ASK, limits, key=Key("k", "request"), fresh=False, wait=False, asker=asker)
        elif call[0] == "cancel":
            told = desk.cancel(call[1], asker)
        else:
            told = desk.job(call[1], after_id=0, wait_s=0, asker=asker)
    except TacoreError as error:
        _tell(json.dumps({"error": error.message}))
        return
    told.then(lambda story, error: _tell(json.dumps(_shown(story.job) if story else {"error": str(error)})))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _shown(job: Job) -> dict[str, object]:
    calls = {each.node: each.calls for each in job.spent}
    return {name: getattr(job, name) for name in ("job_id", "state", "attempts", "stage")} | {"calls": calls}


if __name__ == "__main__":
    main()
