"""A service that takes orders, the venue behind it in a process, and what the files of both say.

``SETTINGS`` has the worlds by name. Each order of theirs is for one unit and fills at once, so that
what is held follows from the fills alone.
"""

import json
import random
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tacore.clock import SystemClock
from tacore.execution.ledger import Ledger
from tests.support.configuration import write_config
from tests.support.order_load import Kinds
from tests.support.service import Service, free_ports, wait_until
from tests.support.venues.process import VenueProcess
from tests.support.venues.worlds import keys

MOST_HELD = 20
"""Units that the limit on the position allows."""
MARKETS: Mapping[str, Any] = {
    "US": {"provider": "sample", "replay": {"at": "2013-03-01", "speed": 0}},
    "CRYPTO": {"provider": "synthetic", "synthetic": {"seed": 1, "size": 5}},
}
_NO_LIMITS = (
    "max_order_notional",
    "max_gross_exposure",
    "max_open_orders",
    "max_orders_per_minute",
    "max_daily_loss",
    "duplicate_window_s",
)


class Setting(NamedTuple):
    """A venue and the orders that are placed at it; ``server`` is None for the simulated one.

    ``aside`` is an order that no limit denies, whatever the others have come to.
    """

    venue: Mapping[str, Any]
    server: str | None
    kinds: Kinds
    aside: Mapping[str, Any]
    unit: Decimal
    price: Decimal
    most: Decimal | None


def _kinds(symbol: str, quantity: float, *hows: Mapping[str, Any]) -> Kinds:
    sides = ("buy", "buy", "sell")
    return [{"symbol": symbol, "action": side, "quantity": quantity, **how} for side in sides for how in hows]


_US = _kinds("AAPL", 1, {"order_type": "market"}, {"price": 430.47, "time_in_force": "GTC"})
_SHARE = {"symbol": "MSFT", "action": "buy", "quantity": 1}
_COIN = _kinds("BTC/USDT", 0.001, {"order_type": "market", "time_in_force": "IOC"})
SETTINGS: Mapping[str, Setting] = {
    "paper": Setting({"kind": "paper"}, None, _US, _SHARE, Decimal(1), Decimal("430.47"), Decimal(8800)),
    "alpaca": Setting(
        {"kind": "alpaca"}, "alpaca", _US, _SHARE, Decimal(1), Decimal("430.47"), Decimal(8800)
    ),
    "ccxt": Setting({"kind": "ccxt"}, "binance", _COIN, _COIN[0], Decimal("0.001"), Decimal(50_000), None),
}


def _trading(setting: Setting, venue: Mapping[str, Any]) -> Mapping[str, Any]:
    free = dict.fromkeys(_NO_LIMITS)
    limits = {**free, "max_position_notional": None if setting.most is None else float(setting.most)}
    account = {"venue": "here", "cash": {"USD": 10_000_000, "USDT": 10_000_000}, "limits": limits}
    return {
        "default_account": "own",
        "poll_s": 0.2,
        "reconcile_s": 0.5,
        "halt": {"denials": 100_000, "within_s": 1},
        "accounts": {"own": account},
        "venues": {"here": dict(venue)},
    }


class OrderWorld:
    """The service, its venue's process where it has one, and looks into the ledger from outside."""

    def __init__(self, home: Path, name: str, venue: VenueProcess | None) -> None:
        setting = SETTINGS[name]
        self.name = name
        self.setting, self.venue, self.home = setting, venue, home
        own: Mapping[str, Any] = {} if venue is None else {**keys(home), "base_url": venue.url}
        trading = _trading(setting, {**setting.venue, **own})
        write_config(home, json.dumps({"markets": MARKETS, "trading": trading}), "trading_config.yaml")
        # Silence must be told from a busy machine; a call must outlive several restarts in a row.
        self.service = Service(
            home,
            workers=0,
            orders=True,
            worker__restart_backoff_s=0,
            worker__restart_budget=10_000,
            worker__heartbeat_s=0.3,
            worker__missed_heartbeats=5,
            broker__unserved_wait_s=30,
        )
        self.ledger = self.service.loaded.settings.ledger_path

    # -- processes -----------------------------------------------------------------------------------

    def executor(self) -> psutil.Process:
        """Give the executor's process, which may still be starting, from its supervisor."""
        supervisor = psutil.Process(self.service.child("orders").pid)
        found: list[psutil.Process] = []

        def there() -> bool:
            found[:] = [each for each in supervisor.children() if _lives(each)]
            return len(found) == 1

        wait_until(there, "there is an executor")
        return found[0]

    def kill_executor(self) -> None:
        """Kill the executor, and see that it is gone."""
        victim = self.executor()
        victim.kill()
        wait_until(lambda: not _lives(victim), "the executor has ended")

    def kill_broker(self) -> None:
        """Kill the broker, and start another."""
        self.service.child("broker").kill()
        self.service.bury("broker")
        self.service.start_broker()

    # -- the ledger ----------------------------------------------------------------------------------

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Read the ledger's file."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()

    def committed(self) -> dict[str, int]:
        """Give the client_order_id of every order whose ``submitting`` is committed, and when it was made."""
        return dict(
            self.rows(
                "SELECT client_order_id, min(at_us) FROM events JOIN orders ON orders.number = order_number"
                " WHERE after = 'submitting' GROUP BY order_number"
            )
        )

    def sent_without_commit(self) -> list[str]:
        """List what reached the venue although the ledger, read later, has nothing committed of it."""
        sent = [] if self.venue is None else self.venue.submits()
        return sorted(set(sent) - set(self.committed()))

    # -- what must hold --------------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until no request is open, and the ledger has booked all that traded at the venue."""
        wait_until(lambda: self.service.health()["in_flight"] == 0, "the broker holds no request")
        wait_until(lambda: not self._differences(), "the ledger agrees with the venue")

    def _differences(self) -> set[tuple[str, str]]:
        if self.venue is None:
            return {(each, "") for (each,) in self.rows("SELECT client_order_id FROM orders WHERE is_open")}
        ours = self.rows("SELECT client_order_id, filled_quantity FROM orders WHERE status = 'filled'")
        return self._traded() ^ {(name, str(Decimal(filled).normalize())) for name, filled in ours}

    def _traded(self) -> set[tuple[str, str]]:
        """Give what each of the venue's orders traded, by its trades."""
        if self.venue is None:
            return set()
        placed = [each["client_order_id"] for each in self.venue.events("placed")]
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for each in self.venue.events("trade"):
            sums[placed[each["number"] - 1]] += Decimal(each["quantity"])
        return {(name, str(total.normalize())) for name, total in sums.items()}

    def check(self) -> None:
        """Hold the ledger against itself and against the venue's record."""
        with Ledger(self.ledger, SystemClock()) as ledger:
            assert ledger.check() == []
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        doubled = "SELECT account, principal, key FROM orders GROUP BY 1, 2, 3 HAVING count(*) > 1"
        assert self.rows(doubled) == []
        if self.venue is not None:
            self._check_venue(self.venue)
        self._check_exposure()

    def _check_venue(self, venue: VenueProcess) -> None:
        committed, submits = self.committed(), Counter(venue.submits())
        assert {name: count for name, count in submits.items() if count > 1} == {}
        placed = {each["client_order_id"]: each["at_ms"] for each in venue.events("placed")}
        assert len(placed) == len(venue.events("placed"))
        assert set(placed) <= set(submits) <= set(committed)
        assert [name for name, at_ms in placed.items() if committed[name] // 1000 > at_ms] == []

    def _check_exposure(self) -> None:
        held: dict[str, Decimal] = defaultdict(Decimal)
        for symbol, side, quantity in self._moves():
            held[symbol] += quantity if side == "buy" else -quantity
            assert held[symbol] >= 0
            assert self.setting.most is None or held[symbol] <= MOST_HELD

    def _moves(self) -> Iterator[tuple[str, str, Decimal]]:
        """Give every trade: of the venue, where there is one, else of the ledger."""
        if self.venue is None:
            for symbol, side, quantity in self.rows(
                "SELECT symbol, side, quantity FROM fills ORDER BY number"
            ):
                yield symbol, side, Decimal(quantity)
            return
        placed = self.venue.events("placed")
        for each in self.venue.events("trade"):
            order = placed[each["number"] - 1]
            yield order["symbol"], order["side"].lower(), Decimal(each["quantity"])


class Weather:
    """Lets a venue answer well, late or not at all, as the dice fall, until it ends."""

    def __init__(self, venue: VenueProcess, dice: random.Random) -> None:
        self._venue, self._dice = venue, dice
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._venue.tell(forget=True, delay_s=0, twice=False)

    def _run(self) -> None:
        dice = self._dice
        while not self._ended.wait(dice.uniform(0.02, 0.2)):
            modes = dice.choices(("504_after_accept", "drop"), k=dice.randint(0, 3))
            on, late = dice.choice(("submit", "submit", "ask")), dice.choice((0, 0, 0.02, 0.2))
            self._venue.tell(forget=True, next=modes, on=on, delay_s=late, twice=late > 0)


@contextmanager
def order_world(home: Path, name: str) -> Iterator[OrderWorld]:
    """Run a world; at its end the service is stopped, and everything held against everything once more."""
    setting = SETTINGS[name]
    if setting.server is None:
        yield from _run(OrderWorld(home, name, None))
        return
    (port,) = free_ports(1)
    with VenueProcess(setting.server, port, home / "venue.jsonl") as venue:
        venue.tell(arrive={"quantity": setting.unit, "price": setting.price})
        yield from _run(OrderWorld(home, name, venue))


def _run(world: OrderWorld) -> Iterator[OrderWorld]:
    with world.service:
        yield world
    world.check()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
