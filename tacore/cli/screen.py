"""What `tacore up` tells its operator."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from tacore import __version__, runfiles
from tacore.cli import render
from tacore.cli.building import Building
from tacore.cli.exits import tell
from tacore.cli.globals import Globals
from tacore.cli.supervision import Ended, Part
from tacore.model.trading import parse_trading
from tacore.settings.loaded import Loaded

MONITOR = "monitor"
_MONEY = {"PAPER": "[reverse] PAPER [/]", "LIVE": "[bold white on red] LIVE [/]"}


class Screen:
    """Says what runs where, once it runs; what happens to it goes to standard error.

    ``parts`` are those beside the broker: the supervisors of workers, orders and agents, and the monitor.
    """

    def __init__(self, loaded: Loaded, parts: Sequence[str], options: Globals) -> None:
        self._loaded = loaded
        self._teams = [each for each in parts if each != MONITOR]
        self._monitor = MONITOR in parts
        self._options = options
        self._live = parse_trading(loaded.trading.get("trading"), loaded.trading_file).is_live
        self._shown = False
        self._building = Building(loaded.settings.features_dir, self._say)
        self._watched = sys.stderr.isatty() and not options.quiet

    def complete(self, health: Mapping[str, Any], pids: Mapping[str, int]) -> bool:
        """Tell whether these very children serve: the broker answers, each team is there, and the monitor."""
        parts = health["components"]["workers"]
        if health["pid"] != pids.get("broker"):
            return False
        if self._monitor and not self._shown and not self._monitor_serves(pids):
            return False
        wanted = {each["pid"]: each for each in parts["supervisors"]}
        ours = [wanted.get(pids.get(team, 0)) for team in self._teams]
        teams = [each["supervisor"] for each in parts["workers"]]
        return all(each and teams.count(each["supervisor"]) >= each["wanted"] for each in ours)

    def _monitor_serves(self, pids: Mapping[str, int]) -> bool:
        facts = runfiles.read_live(self._loaded.settings.run_dir / "monitor.json")
        return facts is not None and facts["pid"] == pids.get(MONITOR)

    def ready(self, health: Mapping[str, Any], pids: Mapping[str, int]) -> None:
        """Say that the service answers: everything the first time, then a line."""
        if self._shown:
            there = health["workers"]
            self._say(f"ready again, with {there} worker{'' if there == 1 else 's'}")
            return
        self._shown = True
        facts = self._facts(health, pids)
        if self._options.output in (None, "table") and sys.stdout.isatty():
            console = Console(no_color=self._options.no_color or None, highlight=False)
            console.print(*self._sheet(facts), sep="\n")
        else:
            render.show(facts, self._options)

    def turn(self, now: float) -> None:
        """Say on a terminal how far long work is; ``now`` is a monotonic time in seconds."""
        if self._watched and self._shown:
            self._building.turn(now)

    def ended(self, ended: Ended) -> None:
        """Say that a child ended, and what follows."""
        said = f"{ended.part.name} (pid {ended.pid}) {ended.reason}"
        if ended.again_s is not None:
            said += f"; starting it again in {ended.again_s:.1f} s"
        self._say(said)

    def again(self, part: Part, pid: int) -> None:
        """Say that a child runs again."""
        self._say(f"{part.name} started again (pid {pid})")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._say("stopping: answering what is open (Ctrl-C again ends at once)")

    def at_once(self, name: str, *, asked: bool) -> None:
        """Say that the orderly end was cut short, and why."""
        self._say("ended at once" if asked else f"{name} did not end in time: ended at once")

    def stopped(self, failed: int | None) -> None:
        """Say how it all ended."""
        if failed is None:
            self._say("stopped: nothing is left running")
        elif failed == 1:
            self._say("gave up: it died too often; the reason is above, and in the logs folder")

    def _say(self, text: str) -> None:
        if not self._options.quiet:
            tell(f"tacore up: {text}")

    def _facts(self, health: Mapping[str, Any], pids: Mapping[str, int]) -> dict[str, Any]:
        settings = self._loaded.settings
        workers = health["components"]["workers"]["workers"]
        return {
            "status": "ready",
            "version": __version__,
            "trading": "LIVE" if self._live else "PAPER",
            "clients": settings.frontend_endpoint,
            "workers_at": settings.backend_endpoint,
            "monitor": settings.monitor_url if self._monitor else None,
            "workers": len([each for each in workers if each["pool"] == settings.worker.pool]),
            "pool": settings.worker.pool,
            "home": str(settings.home),
            "database": str(settings.database_path),
            "ledger": str(settings.ledger_path) if "orders" in self._teams else None,
            "jobs": str(settings.jobs_path) if "agents" in self._teams else None,
            "logs": str(settings.logs_dir),
            "config": str(self._loaded.config_dir),
            "pids": dict(pids),
        }

    def _sheet(self, facts: Mapping[str, Any]) -> list[RenderableType]:
        pids = facts["pids"]
        rows = [
            ("clients", facts["clients"], f"broker, pid {pids.get('broker')}"),
            ("workers", facts["workers_at"], self._team(facts)),
            ("orders", facts["ledger"] or "none", self._owner("orders", facts)),
            ("agents", facts["jobs"] or "none", self._owner("agents", facts)),
            ("monitor", facts["monitor"] or "none", self._page(facts)),
            ("home", facts["home"], ""),
            ("journal", facts["database"], ""),
            ("logs", facts["logs"], ""),
            ("settings", facts["config"], "tacore config show --origin"),
        ]
        sheet = Table.grid(padding=(0, 2))
        for name, where, note in rows:
            sheet.add_row(f"[dim]{name}[/]", escape(where), f"[dim]{note}[/]")
        where = escape(f" --home {self._options.home}") if self._options.home else ""
        return [
            f"\n[bold]tacore {facts['version']}[/] is up  {_MONEY[str(facts['trading'])]}",
            "",
            sheet,
            "",
            "[dim]In another terminal:[/]",
            f"  tacore{where} call get.market_data --symbols AAPL",
            f"  tacore{where} top       all of it, live",
            f"  tacore{where} logs -f   requests as they are answered",
            f"  tacore{where} down      stop everything (Ctrl-C here does the same)",
            "",
        ]

    def _team(self, facts: Mapping[str, Any]) -> str:
        if "workers" not in self._teams:
            return "none: tacore worker spawn"
        return f"{facts['workers']} in pool {facts['pool']}, supervisor pid {facts['pids'].get('workers')}"

    def _page(self, facts: Mapping[str, Any]) -> str:
        if not self._monitor:
            return "tacore monitor start"
        return f"page for a browser, pid {facts['pids'].get(MONITOR)}"

    def _owner(self, pool: str, facts: Mapping[str, Any]) -> str:
        if pool not in self._teams:
            return f"tacore worker spawn --pool {pool}"
        return f"one worker, supervisor pid {facts['pids'].get(pool)}"
