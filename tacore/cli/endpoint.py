"""Which broker a command talks to, found without loading the settings."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from tacore.cli.globals import Globals
from tacore.settings import names

_PORT = re.compile(r"frontend_port[\"']?\s*:\s*[\"']?(\w+)")


def resolve(options: Globals, environ: Mapping[str, str]) -> tuple[str, str]:
    """Give the endpoint and where it came from: flag, environment, run file, config.yaml or default."""
    if options.endpoint:
        return options.endpoint, "--endpoint"
    if environ.get(names.ENV_ENDPOINT):
        return environ[names.ENV_ENDPOINT], names.ENV_ENDPOINT
    if environ.get(names.ENV_FRONTEND_PORT):
        return f"tcp://{names.LOOPBACK}:{environ[names.ENV_FRONTEND_PORT]}", names.ENV_FRONTEND_PORT
    home = home_of(options, environ)
    running = running_broker(home)
    if running is not None:
        return str(running["frontend"]), os.path.join(home, "run", "broker.json")  # noqa: PTH118
    return _configured(options, environ, home)


def home_of(options: Globals, environ: Mapping[str, str]) -> str:
    """Give the home: the flag, TACORE_HOME, else the working folder."""
    return options.home or environ.get(names.ENV_HOME) or "."


def running_broker(home: str) -> dict[str, Any] | None:
    """Read what a broker of this home wrote about itself; None where none is alive."""
    text = _read(f"{home}/run/broker.json")
    try:
        found = json.loads(text or "null")
        if isinstance(found, dict) and found.get("frontend") and _is_alive(found):
            return found
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _configured(options: Globals, environ: Mapping[str, str], home: str) -> tuple[str, str]:
    folder = options.config or environ.get(names.ENV_CONFIG)
    for path in [
        f"{each}/{names.CONFIG_FILE}" for each in ([folder] if folder else ["config", f"{home}/config"])
    ]:
        text = _read(path)
        if text is not None:
            port = _port(text)
            return names.default_endpoint(port), path if port != names.DEFAULT_FRONTEND_PORT else "default"
    return names.default_endpoint(), "default"


def _port(text: str) -> int:
    """Read zmq.frontend_port; the default file is recognised without a YAML parser, which costs 45 ms."""
    if set(_PORT.findall(text)) <= {str(names.DEFAULT_FRONTEND_PORT)}:
        return names.DEFAULT_FRONTEND_PORT
    import yaml  # noqa: PLC0415

    try:
        return int(yaml.safe_load(text)["zmq"]["frontend_port"])
    except (yaml.YAMLError, KeyError, TypeError, ValueError):
        return names.DEFAULT_FRONTEND_PORT


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None


def _is_alive(found: Mapping[str, Any]) -> bool:
    """Tell whether the process that wrote the file runs, and no later one that has its pid."""
    pid, started = int(found["pid"]), float(found["started"])
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return False
    began = _began(pid)
    return pid > 0 and (began is None or abs(began - started) < 1.0)


def _began(pid: int) -> float | None:
    """Give when a process started, in epoch seconds, without psutil, which costs 15 ms; None off Linux."""
    stat, kernel = _read(f"/proc/{pid}/stat"), _read("/proc/stat")
    if not stat or not kernel:
        return None
    booted = float(kernel.partition("btime ")[2].split(maxsplit=1)[0])
    return booted + int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
