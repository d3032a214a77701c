"""The loop of `tacore up`: children, signals and the wait until the service answers."""

import os
import signal
import time
from types import FrameType

import psutil
import zmq

from tacore import runfiles
from tacore.cli.exits import INTERRUPTED, OK
from tacore.cli.probe import Probe
from tacore.cli.screen import Screen
from tacore.cli.supervision import Part, Supervision
from tacore.processes import POSIX
from tacore.settings.model import Settings

TURN_S = 0.5
ASK_EVERY_S = 0.2
KILLED_S = 5.0


class Bell:
    """Counts the signals that ask for an end; its descriptor turns readable with the first."""

    def __init__(self) -> None:
        self.rung = 0
        self.fd, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def install(self) -> None:
        """Listen to Ctrl-C, SIGTERM, and the hang-up of the terminal unless that is ignored (nohup)."""
        signal.signal(signal.SIGINT, self._ring)
        signal.signal(signal.SIGTERM, self._ring)
        if POSIX and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
            signal.signal(signal.SIGHUP, self._ring)

    def silence(self) -> None:
        """Take note that the ringing was heard."""
        os.read(self.fd, 1)

    def close(self) -> None:
        """Close the descriptors."""
        os.close(self.fd)
        os.close(self._write)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        self.rung += 1
        os.write(self._write, b"!")


class Service:
    """Runs the parts until a signal or a failure ends them."""

    def __init__(self, supervision: Supervision, settings: Settings, screen: Screen) -> None:
        self._supervision = supervision
        self._run_dir = settings.run_dir
        self._screen = screen
        self._bell = Bell()
        self._probe = Probe(settings.frontend_endpoint)
        self._ready = False
        self._ask_at = 0.0

    def run(self) -> int:
        """Keep everything up, then end everything; give the exit code."""
        self._bell.install()
        try:
            while self._supervision.failed is None and not self._bell.rung:
                self._turn(time.monotonic())
            if self._bell.rung:
                self._screen.stopping()
            at_once = not self._stop()
        except BaseException:
            self._kill()
            raise
        finally:
            self._probe.close()
            self._bell.close()
            self._sweep()
        if at_once:
            return INTERRUPTED
        self._screen.stopped(self._supervision.failed)
        return OK if self._supervision.failed is None else self._supervision.failed

    def _turn(self, now: float) -> None:
        for part in self._supervision.due(now):
            self._begun(part)
        wait_s = min((self._supervision.next_start() or now + TURN_S) - now, TURN_S)
        if not self._ready:
            wait_s = min(wait_s, self._ask(now))
        self._listen(max(wait_s, 0.0))
        self._screen.turn(now)
        for ended in self._supervision.reap(time.monotonic()):
            self._ready = False
            self._screen.ended(ended)

    def _begun(self, part: Part) -> None:
        if part.starts > 1 and part.process is not None:
            self._screen.again(part, part.process.pid)

    def _ask(self, now: float) -> float:
        if now >= self._ask_at:
            self._ask_at = now + ASK_EVERY_S
            self._probe.ask()
        return self._ask_at - now

    def _listen(self, wait_s: float) -> None:
        poller = zmq.Poller()
        poller.register(self._bell.fd, zmq.POLLIN)
        poller.register(self._probe.socket, zmq.POLLIN)
        for process in self._supervision.running():
            poller.register(process.fd, zmq.POLLIN)
        for ready, _ in poller.poll(int(wait_s * 1000) + 1):
            if ready is self._probe.socket:
                self._hear()

    def _hear(self) -> None:
        health = self._probe.hear()
        pids = {part.name: part.process.pid for part in self._supervision.parts if part.process}
        if health is not None and not self._ready and self._screen.complete(health, pids):
            self._ready = True
            self._screen.ready(health, pids)

    # -- the end -----------------------------------------------------------------------------------

    def _stop(self) -> bool:
        """End the parts one after the other; False when a second signal ended them at once."""
        signals = self._bell.rung
        for part in self._supervision.parts:
            part.start_at = None
            if part.process is None:
                continue
            part.process.terminate()
            deadline = time.monotonic() + part.stop_s
            while not part.process.ended():
                if self._bell.rung > max(signals, 1) or time.monotonic() > deadline:
                    self._screen.at_once(part.name, asked=time.monotonic() <= deadline)
                    self._kill()
                    return False
                self._wait_for(part.process.fd)
            part.process.close()
            part.process = None
        return True

    def _wait_for(self, fd: int) -> None:
        poller = zmq.Poller()
        poller.register(fd, zmq.POLLIN)
        poller.register(self._bell.fd, zmq.POLLIN)
        if any(ready == self._bell.fd for ready, _ in poller.poll(50)):
            self._bell.silence()

    def _kill(self) -> None:
        """End every process at once, but for the journal writer: that one commits what it has, then ends."""
        for part in self._supervision.parts:
            if part.process is None:
                continue
            below = [] if part.name == "broker" else _children(part.process.pid)
            part.process.kill()
            for each in below:
                each.kill()
            part.process.wait(KILLED_S)
            part.process.close()
            part.process = None

    def _sweep(self) -> None:
        """Remove what a broker left that was killed."""
        announced = self._run_dir / "broker.json"
        if announced.exists() and runfiles.read_live(announced) is None:
            announced.unlink(missing_ok=True)
            (self._run_dir / "broker.lock").unlink(missing_ok=True)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
