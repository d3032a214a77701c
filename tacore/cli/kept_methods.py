"""What the service's methods take, asked of it and kept in a file, for a shell that completes a line.

Nothing here may cost a person a pause: the service is asked seldom and never waited for.
"""

import contextlib
import json
import os
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli.endpoint import home_of, resolve
from tacore.cli.globals import Globals
from tacore.errors import TacoreError
from tacore.settings import names

FRESH_S = 180.0
"""How long what was kept is taken for what is."""
AGAIN_S = 20.0
"""How long a service that did not answer is left alone,"""
SOON_S = 2.0
"""and how long where nothing is kept that could be offered meanwhile."""
PATIENCE_S = 0.3
KEPT = ("name", "aliases", "renames", "params_schema", "idempotent", "writes")
DESCRIBE = "describe.methods"
_CHOSEN = ("--endpoint", names.ENV_ENDPOINT, names.ENV_FRONTEND_PORT)
_LONGEST_NAME = 100
Methods = list[dict[str, Any]]


class Service:
    """The service that a command line means; ``now_s`` is the wall clock, in epoch seconds."""

    def __init__(self, options: Globals, environ: Mapping[str, str], now_s: float) -> None:
        if options.home:
            options = options._replace(home=os.path.expanduser(options.home))  # noqa: PTH111
        self._endpoint, origin = resolve(options, environ)
        self._now_s = now_s
        self._began_s = _written_s(origin)
        self._file = file_of(self._key(options, environ, origin), environ)

    def methods(self) -> Methods:
        """Give the methods: as they were a moment ago, else as they are, else as they were last."""
        kept = _read(self._file)
        methods: Methods = kept.get("methods", [])
        asked_s = float(kept.get("asked_s", 0.0))
        limit_s = FRESH_S if kept.get("answered") else AGAIN_S if methods else SOON_S
        if self._began_s <= asked_s <= self._now_s < asked_s + limit_s:
            return methods
        found = self.ask(DESCRIBE)
        if found is not None:
            methods = [{key: each.get(key) for key in KEPT} for each in found["methods"]]
        _write(self._file, {"asked_s": self._now_s, "answered": found is not None, "methods": methods})
        return methods

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Ask the service now; None where it does not answer at once, or not with a success."""
        from tacore.client.sync import Client  # noqa: PLC0415  40 ms, and only where nothing is kept

        try:
            with Client(self._endpoint, timeout_s=PATIENCE_S, retries=0) as client:
                data = client.call(method, params)
        except TacoreError:
            return None
        return data if isinstance(data, dict) else None

    def _key(self, options: Globals, environ: Mapping[str, str], origin: str) -> str:
        """Name what is kept: by the home where there is one, for only a running broker tells its port."""
        if origin in _CHOSEN:
            return self._endpoint
        home = os.path.realpath(home_of(options, environ))
        is_home = os.path.isdir(os.path.join(home, "run"))  # noqa: PTH112, PTH118  pathlib costs 5 ms
        return home if is_home else self._endpoint


def file_of(key: str, environ: Mapping[str, str]) -> str:
    """Give the file for an endpoint or a home, in the user's cache folder; none without a user."""
    home = environ.get("HOME")
    folder = environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    if folder is None:
        return ""
    readable = re.sub(r"[^\w.-]+", "_", key)[-_LONGEST_NAME:]
    return f"{folder}/tacore/methods-{readable}-{zlib.crc32(key.encode()):08x}.json"


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  pathlib costs 5 ms
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _written_s(origin: str) -> float:
    """Give when a broker wrote where it is: what an earlier one said no longer holds; 0 for other origins."""
    try:
        return os.stat(origin).st_mtime if origin.endswith("broker.json") else 0.0  # noqa: PTH116
    except OSError:
        return 0.0


def _write(path: str, told: Mapping[str, Any]) -> None:
    """Keep it whole or not at all; a folder that cannot be written keeps nothing."""
    unfinished = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
        with open(unfinished, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(told, file)
        os.replace(unfinished, path)  # noqa: PTH105
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)  # noqa: PTH108


def named(methods: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Find a method by its name or an alias of it."""
    return next((each for each in methods if name in (each["name"], *(each["aliases"] or ()))), None)
