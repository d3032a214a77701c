"""The ports that the service listens on: free, its own, or taken by somebody else."""

import errno
import os
import socket
from collections.abc import Mapping, Sequence

import psutil

from tacore import runfiles
from tacore.cli.doctor.finding import Finding, ok, problem
from tacore.cli.doctor.situation import Situation
from tacore.settings.names import env_name
from tacore.settings.problems import shorten


def examine(situation: Situation) -> Sequence[Finding]:
    """Name the process that has a port of ours, and what to do about it."""
    settings = situation.settings
    if settings is None:
        return []
    if situation.elsewhere:
        return [
            ok(f"not looked at, for the service runs elsewhere (its home: {situation.broker.health['home']})")
        ]
    ours = _ours(situation)
    ports = (
        ("zmq.frontend_port", "broker", settings.zmq.bind, settings.zmq.frontend_port),
        ("zmq.backend_port", "broker", settings.zmq.bind, settings.zmq.backend_port),
        ("api.port", "monitor", settings.api.bind, settings.api.port),
    )
    return [_port(key, role, host, port, ours) for key, role, host, port in ports]


def _ours(situation: Situation) -> dict[int, str]:
    """Give the processes of this home that have announced themselves, and as what."""
    announced = {path.stem: runfiles.read_live(path) for path in situation.run_dir.glob("*.json")}
    return {int(facts["pid"]): role for role, facts in announced.items() if facts is not None}


def _port(key: str, role: str, host: str, port: int, ours: Mapping[int, str]) -> Finding:
    number = _why_not(host, port)
    if number is None:
        return ok(f"{port} is free ({key})")
    chosen = f"choose another {key} ({env_name(key)})"
    if number != errno.EADDRINUSE:
        bind = f"{key.partition('.')[0]}.bind"
        return problem(
            f"nobody may listen on {host} port {port}: {os.strerror(number)}", f"{chosen} or {bind}"
        )
    # The kernel names nobody for a process of another user: then what has announced itself has it.
    pids = sorted(_listeners(port) or [pid for pid, name in ours.items() if name == role])
    own = [pid for pid in pids if pid in ours]
    if own:
        return ok(f"{port} is the running service's (pid {own[0]}, {key})")
    if not pids:
        seen = f"{port} ({key}) is in use by a process of another user"
        return problem(seen, f"`sudo ss -ltnp sport = :{port}` names it: end it, or {chosen}")
    named = ", ".join(f"pid {pid}: {_command(pid)}" for pid in pids)
    end = f"kill {' '.join(map(str, pids))}"
    return problem(
        f"{port} ({key}) is in use by another program ({named})",
        f"end it (`{end}`; `tacore down` in its home, where it is another tacore), or {chosen}",
    )


def _why_not(host: str, port: int) -> int | None:
    """Try to listen for a moment; give the error's number, None where it works."""
    address = {"*": "0.0.0.0", "localhost": "127.0.0.1"}.get(host, host).strip("[]")  # noqa: S104 - as configured
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError as error:
            return error.errno or errno.EINVAL
    return None


def _listeners(port: int) -> set[int]:
    try:
        found = psutil.net_connections("tcp")
    except psutil.Error:
        return set()
    listening = [each for each in found if each.status == psutil.CONN_LISTEN]
    here = [each.pid for each in listening if getattr(each.laddr, "port", None) == port]
    return {pid for pid in here if pid is not None}


def _command(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        words = " ".join(process.cmdline()).split()
        return shorten(" ".join(words) or process.name(), 60)
    except psutil.Error:
        return "?"
