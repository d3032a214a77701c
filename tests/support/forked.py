"""Commands that begin as forks of one process which has imported the command line already.

Each is a process with an environment, a folder and streams of its own, as `python -m tacore` is; what it does
not do anew is import, which is most of what a short command costs. Run as a program this is that process.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
MOST_INPUT = 32 * 1024
"""Bytes that a pipe takes before anybody reads."""
AT_START = ("PYTHON", "LC_", "LANG", "COVERAGE")
"""Variables that Python looks at when it starts, which is over here."""
STREAMS = (("stdin", "r", "strict"), ("stdout", "w", "strict"), ("stderr", "w", "backslashreplace"))


def can_fork(environ: Mapping[str, str], text: str) -> bool:
    """Tell whether a fork does as a new process would; one that is measured for coverage does not."""
    mine = {name: value for name, value in os.environ.items() if name.startswith(AT_START)}
    theirs = {name: value for name, value in environ.items() if name.startswith(AT_START)}
    measured = any(name.startswith("COVERAGE") for name in mine)
    return mine == theirs and not measured and len(text.encode()) <= MOST_INPUT


def run_forked(
    words: Sequence[str], cwd: Path, environ: Mapping[str, str], text: str, timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """Run a tacore command to its end; raises TimeoutExpired as subprocess.run does."""
    pipes = [os.pipe() for _ in range(4)]  # input, output, errors, and what becomes of it
    (theirs_in, ours_in), (out, theirs_out), (err, theirs_err), (fate, theirs_fate) = pipes
    os.write(ours_in, text.encode())
    os.close(ours_in)
    try:
        _parent().begin(words, cwd, environ, [theirs_in, theirs_out, theirs_err, theirs_fate])
        for each in (theirs_in, theirs_out, theirs_err, theirs_fate):
            os.close(each)
        found = _read_all((out, err, fate), time.monotonic() + timeout_s)
    finally:
        for each in (out, err, fate):
            os.close(each)
    told = found[fate].split()
    if len(told) != 2:
        if told:
            os.kill(int(told[0]), signal.SIGKILL)
        raise subprocess.TimeoutExpired(["tacore", *words], timeout_s, found[out], found[err])
    shown, said = (found[each].decode().replace("\r\n", "\n") for each in (out, err))
    return subprocess.CompletedProcess(["tacore", *words], int(told[1]), shown, said)


def _read_all(files: Sequence[int], deadline: float) -> dict[int, bytes]:
    found, open_ = dict.fromkeys(files, b""), set(files)
    while open_ and (left := deadline - time.monotonic()) > 0:
        for each in select.select(list(open_), [], [], left)[0]:
            read = os.read(each, 65536)
            found[each] += read
            if not read:
                open_.discard(each)
    return found


class Parent:
    """The process whose forks the commands are, seen from a process of tests."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.end)

    def begin(
        self, words: Sequence[str], cwd: Path, environ: Mapping[str, str], files: Sequence[int]
    ) -> None:
        """Begin a command with these files as its streams; the fourth hears of its pid and its end."""
        what = json.dumps([list(words), str(cwd), dict(environ)], ensure_ascii=True).encode()
        with self._one_at_a_time:
            socket.send_fds(self._line, [len(what).to_bytes(8, "big")], list(files))
            self._line.sendall(what)

    def end(self) -> None:
        """Hang up, which ends it."""
        self._line.close()
        self._process.wait()


@cache
def _parent() -> Parent:
    return Parent()


# -- what the forks are of -------------------------------------------------------------------------


def _load() -> None:
    """Import the whole command line; what is heavy its functions import, after the fork."""
    import tacore.cli  # noqa: PLC0415 - of the other process alone

    for found in pkgutil.walk_packages(tacore.cli.__path__, "tacore.cli."):
        importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


def _serve(line: socket.socket) -> Callable[[], None]:
    """Fork for each command that is told of; within a fork give what is left to do there."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    fates: dict[int, int] = {}
    while True:
        ready = select.select([line.fileno(), woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
            _tell_ends(fates)
        if line.fileno() in ready:
            head, files, _, _ = socket.recv_fds(line, 8, 4)
            if not head:
                sys.exit()
            words, cwd, environ = json.loads(_exactly(line, int.from_bytes(head, "big")))
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                line.close()
                for each in (woken, wake, files[3], *fates.values()):
                    os.close(each)
                return lambda: _become(words, cwd, environ, files[:3])
            for each in files[:3]:
                os.close(each)
            fates[pid] = files[3]
            os.write(files[3], b"%d " % pid)


def _exactly(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += line.recv(size - len(found))
    return found


def _tell_ends(fates: dict[int, int]) -> None:
    for pid in list(fates):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            fate = fates.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(fate, b"%d" % os.waitstatus_to_exitcode(status))
            os.close(fate)


def _become(words: Sequence[str], cwd: str, environ: Mapping[str, str], files: Sequence[int]) -> None:
    """Be the command: its streams, folder and environment, then what `python -m tacore` runs."""
    from tacore.cli import entry  # noqa: PLC0415 - of the other process alone

    for number, (each, (name, mode, errors)) in enumerate(zip(files, STREAMS, strict=True)):
        os.dup2(each, number)
        os.close(each)
        stream = open(number, mode, closefd=False, encoding="utf-8", errors=errors)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = [str(TOP / "tacore" / "__main__.py"), *words]
    sys.path[0] = cwd
    entry.main()


if __name__ == "__main__":
    sys.path[0] = str(TOP)
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))()
