"""What every examination looks at: the home, the settings, and what the broker says of itself."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from tacore import runfiles
from tacore.cli.configured import load
from tacore.cli.ending import home
from tacore.cli.endpoint import resolve
from tacore.cli.globals import Globals
from tacore.client.sync import Client
from tacore.errors import ConfigurationError, NoAnswer, TacoreError
from tacore.settings.loaded import Loaded
from tacore.settings.model import Settings
from tacore.settings.names import DEFAULT_DATABASE, ENV_HOME

ASK_S = 3.0
SLOW_MS = 200.0


class Broker(NamedTuple):
    """What a broker answered, and when by our clock (epoch seconds): it was ``asked`` and had ``answered``.

    ``timestamp`` is its own clock in whole seconds. ``here`` says that it runs on this machine, from the home
    that is examined. Without an answer ``health`` is empty and ``silence`` says why.
    """

    health: Mapping[str, Any]
    silence: TacoreError | None = None
    asked: float = 0.0
    answered: float = 0.0
    timestamp: int = 0
    here: bool = False

    @property
    def parts(self) -> Mapping[str, Any]:
        """Give the reports of its components."""
        parts: Mapping[str, Any] = self.health.get("components", {})
        return parts

    @property
    def workers(self) -> list[Mapping[str, Any]]:
        """List the workers that are registered."""
        found: list[Mapping[str, Any]] = self.parts.get("workers", {}).get("workers", [])
        return found


@dataclass(frozen=True, slots=True)
class Situation:
    """One service as it is found.

    ``loaded`` is None where the settings are wrong: ``wrong`` says how, and what hangs on settings is not
    looked at. ``elsewhere`` says that a service of another home answers (in a container, on another host),
    and that nobody has named this one. ``wait_s`` bounds each examination. ``now`` gives epoch seconds,
    ``disk_usage`` the bytes of a folder's disk: all there are, used and free. Tests put their own there.
    """

    home: Path
    endpoint: str
    broker: Broker
    loaded: Loaded | None
    wrong: str = ""
    elsewhere: bool = False
    wait_s: float = 10.0
    slow_ms: float = SLOW_MS
    now: Callable[[], float] = time.time
    disk_usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage

    @property
    def settings(self) -> Settings | None:
        """Give the settings, where they make sense."""
        return None if self.loaded is None else self.loaded.settings

    @property
    def run_dir(self) -> Path:
        """Give the folder of pid files and locks."""
        return self.home / "run"

    @property
    def database(self) -> Path:
        """Give the journal's database."""
        if self.broker.here:
            return Path(self.broker.health["database"])
        return self.home / DEFAULT_DATABASE if self.settings is None else self.settings.database_path

    @property
    def ledger(self) -> Path:
        """Give the database of orders."""
        return self.home / "data" / "ledger.db"


def look(options: Globals, wait_s: float) -> Situation:
    """Ask the broker that is meant, and load the settings of its home."""
    endpoint, _ = resolve(options, os.environ)
    broker = _ask(endpoint)
    told = Path(broker.health["home"]) if broker.health else None
    if told is not None and options.home is None and _runs_here(broker, told):
        options = options._replace(home=str(told))
    folder = home(options, os.environ)
    broker = broker._replace(here=told == folder and _runs_here(broker, folder))
    named = bool(options.home or os.environ.get(ENV_HOME))
    made = Situation(
        folder,
        endpoint,
        broker,
        None,
        elsewhere=told is not None and not broker.here and not named,
        wait_s=wait_s,
    )
    try:
        return replace(made, loaded=load(options))
    except ConfigurationError as error:
        return replace(made, wrong=error.message)


def _runs_here(broker: Broker, folder: Path) -> bool:
    facts = runfiles.read_live(folder / "run" / "broker.json")
    return facts is not None and facts["pid"] == broker.health.get("pid")


def _ask(endpoint: str) -> Broker:
    with Client(endpoint, timeout_s=ASK_S, retries=0) as client:
        asked = time.time()
        try:
            reply = client.request("health.check", {"detailed": True})
        except NoAnswer as silence:
            return Broker({}, silence)
        if reply.error is not None or not isinstance(reply.data, Mapping) or "home" not in reply.data:
            odd = reply.error or TacoreError("health.check was answered with something else")
            return Broker({}, odd)
        return Broker(reply.data, None, asked, time.time(), reply.timestamp)
