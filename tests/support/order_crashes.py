"""An order desk that dies again and again, its successors, the clients that wait, and what must hold."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tacore.clock import ManualClock
from tacore.errors import Rejected, TacoreError
from tacore.execution.desk import Desk, set_up
from tacore.execution.ledger import Fenced
from tacore.model.orders import Dedupe, Order, OrderRequest
from tacore.model.risk import RiskSettings, parse_risk
from tacore.model.trading import TradingSettings, parse_trading
from tacore.ports import Later, MarketData
from tacore.ports.orders import Asker, Key, Story, Which
from tests.support.crash_points import Crash, Fuse, WatchedDesk, WatchedLedger
from tests.support.markets import WALL, wall_us
from tests.support.model_exchange import ModelExchange, Taken

D = Decimal
QUOTES: Mapping[str, Decimal] = {"AAPL": D("430.47"), "MSFT": D("27.95"), "IBM": D("202.91")}
"""The last closes of the sample history (2013-03-01), where its replay stands."""
PRICES = {"AAPL": ("400", "425", "440.5"), "MSFT": ("26.5", "27.9", "28.9"), "IBM": ("190", "200", "210.05")}
MOST = {"max_order_notional": 20_000, "max_position_notional": 50_000, "max_gross_exposure": 90_000}
MOST_OPEN = 25
PATIENCE_S = 5.0
RETRYABLE = ("unavailable", "outcome_unknown", "deadline_exceeded", "overloaded")


@cache
def parsed() -> tuple[TradingSettings, RiskSettings]:
    """Give settings with limits that random orders run into."""
    limits: dict[str, Any] = {**MOST, "max_open_orders": MOST_OPEN, "duplicate_window_s": None}
    limits |= {"max_orders_per_minute": None, "max_daily_loss": None}
    venue = {"kind": "ccxt", "base_url": "http://127.0.0.1:1"}  # the exchange in this process takes its place
    section = {
        "default_account": "main",
        "accounts": {"main": {"venue": "exchange", "limits": limits}},
        "venues": {"exchange": venue},
        "halt": {"denials": 100_000, "within_s": 60},
        "reconcile_s": 5,
    }
    return parse_trading(section), parse_risk(None)


class Stage(Executor):
    """Keeps what threads would do until it is told to do some of it."""

    def __init__(self) -> None:
        self.tasks: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.tasks.append(lambda: fn(*args, **kwargs))
        return Future()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.tasks.clear()


@dataclass
class Client:
    """One who wants an order, and sends the same again until there is an answer."""

    key: Key
    request: OrderRequest
    replies: list[Story | TacoreError] = field(default_factory=list)
    waiting: "Later[Story] | None" = None
    given_up: float = 0.0

    @property
    def answered(self) -> bool:
        """Tell whether the last reply was one that asks for no retry."""
        last = self.replies[-1] if self.replies else None
        return last is not None and not (isinstance(last, TacoreError) and last.code in RETRYABLE)

    @property
    def stories(self) -> list[Story]:
        """List the replies that acknowledged the order."""
        return [each for each in self.replies if isinstance(each, Story)]


class CrashWorld:
    """A ledger's file, a venue and clients, and one desk after the other."""

    def __init__(self, home: Path, data: MarketData, chance: Random, dedupe: Dedupe) -> None:
        self.chance = chance
        self.clock = ManualClock(wall_us=wall_us(WALL))
        self.fuse = Fuse(chance, self._die)
        self.clients: list[Client] = []
        self.exchange = ModelExchange("exchange", dedupe, self.clock, chance, QUOTES, self._reach)
        self.exchange.on_take = self._within_limits
        self.takeovers = 0
        self._home = home
        self._data = data
        self._setup = set_up(*parsed(), {"exchange": self.exchange})
        self._deaths = 0
        self._path = home / "ledger.db"
        self.others: list[Later[Any]] = []
        self._start()

    # -- lives and deaths ------------------------------------------------------------------------------

    def _start(self) -> None:
        """Open the ledger anew, as the executor that comes after."""
        self.ledger = WatchedLedger(self._path, self.clock, self.fuse)
        self.ledger.take()
        assert self.ledger.check() == []
        self._reader = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)
        self.stages: dict[str, Stage] = {"prices": Stage(), "venue": Stage()}
        parts = (
            self.ledger,
            self._setup,
            self._data,
            self.clock,
            lambda: None,
            lambda _, name: self.stages[name],
        )
        self.desk: Desk = WatchedDesk(self.fuse, *parts)
        for each in self.clients:
            each.waiting = None
        self.others.clear()

    def _die(self, label: str) -> None:
        self._deaths += 1
        self._path = self.ledger.leave(self._home / str(self._deaths), label, self.chance)

    def alive(self, act: Callable[[], object]) -> None:
        """Do something; if it is the death of this executor, have the next one."""
        try:
            act()
        except Crash:
            self._reader.close()
            self.ledger.close()
            self._start()

    def close(self) -> None:
        """End it for good."""
        self._reader.close()
        self.ledger.close()

    def take_over(self) -> None:
        """Let a successor come while this executor only stands still; it goes on after that, and must not."""
        old = self.desk, self.ledger, self.stages
        client = self.new_client()
        self._reader.close()
        self._start()
        self.takeovers += 1
        self.clients.append(client)
        try:
            self._haunt(old[0], old[2], client)
        finally:
            old[1].close()

    def _haunt(self, desk: Desk, stages: dict[str, Stage], client: Client) -> None:
        before, sent = self._committed(), len(self.exchange.sent)
        with suppress(TacoreError):
            desk.execute(client.request, client.key, self._asker())
        with pytest.raises(Fenced):
            for _ in range(3):
                desk.turn()
                while stages["prices"].tasks:
                    stages["prices"].tasks.pop(0)()
                desk.set_trading_state("active", "", self._asker())
        while stages["venue"].tasks:
            stages["venue"].tasks.pop(0)()
        with suppress(Fenced):
            desk.turn()
        assert (self._committed(), len(self.exchange.sent)) == (before, sent), "a fenced executor went on"

    def _committed(self) -> list[Any]:
        sql = "SELECT (SELECT count(*) FROM events), max(number) FROM orders"
        return self._reader.execute(sql).fetchall()

    # -- what happens ----------------------------------------------------------------------------------

    def new_client(self) -> Client:
        """Make somebody with an order of their own."""
        chance, symbol = self.chance, self.chance.choice(list(QUOTES))
        price = chance.choice([None, *PRICES[symbol]])
        most = int(6_000 / QUOTES[symbol])
        request = OrderRequest(
            account="main",
            venue="exchange",
            market="US",
            symbol=symbol,
            side=chance.choice(("buy", "buy", "buy", "sell")),
            quantity=D(chance.randint(1, most)),
            order_type="market" if price is None else "limit",
            limit_price=None if price is None else D(price),
            time_in_force="DAY" if price is None else "GTC",
        )
        return Client(Key(f"key-{len(self.clients) + 1}", "explicit"), request)

    def place(self) -> None:
        """Have a new order sent."""
        self.clients.append(self.new_client())
        self.ask(self.clients[-1])

    def ask(self, client: Client) -> None:
        """Send a client's order, the first time or once more."""
        client.given_up = self.clock.monotonic() + PATIENCE_S

        def hear(story: Story | None, error: TacoreError | None) -> None:
            self.fuse.reach("before the reply")
            client.replies.append(story or error)  # type: ignore[arg-type]
            client.waiting = None
            self.fuse.reach("after the reply")

        try:
            client.waiting = self.desk.execute(client.request, client.key, self._asker())
        except TacoreError as error:
            hear(None, error)
        else:
            client.waiting.then(hear)

    def retry(self) -> None:
        """Have somebody send again blindly, answered or not."""
        if self.clients:
            self.ask(self.chance.choice(self.clients))

    def send_another(self) -> None:
        """Have a key used for another order, which is refused."""
        known = [each for each in self.clients if each.stories]
        if not known:
            return
        client = self.chance.choice(known)
        other = self.new_client().request
        if other == client.request:
            return
        self._expect(self.desk.execute(other, client.key, self._asker()), "idempotency_mismatch")

    def cancel(self) -> None:
        """Have an order cancelled that somebody knows of."""
        which = self._some_known()
        if which is not None:
            later = self.desk.cancel(which, self._asker())
            self.others.append(later)

    def modify(self) -> None:
        """Have an order changed at a venue that changes none."""
        which = self._some_known()
        if which is not None:
            with pytest.raises(Rejected, match="changes no orders"):
                self.desk.modify(which, {"quantity": D(1)}, self._asker())

    def work(self) -> None:
        """Let a thread end some of what it does, in whatever order."""
        stage = self.stages["prices" if self.chance.random() < 0.6 else "venue"]
        if stage.tasks:
            stage.tasks.pop(self.chance.randrange(len(stage.tasks)))()

    def wait(self) -> None:
        """Let time pass."""
        self.clock.advance(self.chance.choice((0.05, 0.3, 1.0, 2.0)))
        self.exchange.arrive()

    def turn(self) -> None:
        """Give the desk a turn."""
        self.desk.turn()

    def settle(self) -> None:
        """Let everything be well until all is known: clients retry, and a person decides what is left."""
        self.fuse.disarm()
        self.exchange.healthy = True
        self.exchange.arrive(all_of_them=True)
        for _ in range(40):
            self.exchange.show()
            self.finish()
            self.clock.advance(1.0)
            left = [each for each in self.clients if not each.answered]
            for client in left:
                self.ask(client)
            if not left and not self._decide():
                break
        self.finish()
        for _ in range(3):
            self.exchange.show()
            self.clock.advance(20.0)
            self.finish()
        for client in self.clients:  # the retry that only asks
            self.ask(client)
        self.finish()

    def finish(self) -> None:
        """Let threads and desk do all there is to do now."""
        for _ in range(12):
            self.desk.turn()
            for stage in self.stages.values():
                while stage.tasks:
                    stage.tasks.pop(0)()

    def _decide(self) -> bool:
        """Decide on unknown orders as somebody who looks at the venue does; tell whether there were any."""
        lost = [each for each in self.ledger.open_orders() if each.status in ("submitting", "unknown")]
        for order in lost:
            if order.status == "unknown" and self.exchange.dedupe != "lasting":
                outcome = "rejected" if self.exchange.newest(order) is None else "accepted"
                which = Which(order_id=order.order_id)
                self.others.append(self.desk.decide(which, outcome, "looked there", self._asker()))
        return bool(lost)

    # -- inside ----------------------------------------------------------------------------------------

    def _asker(self) -> Asker:
        return Asker("local", self.clock.monotonic() + PATIENCE_S)

    def _some_known(self) -> Which | None:
        known = [client.stories[-1].order for client in self.clients if client.stories]
        found = [each for each in known if (at := self.exchange.newest(each)) is not None and at.is_open]
        wanted = found if found and self.chance.random() < 0.8 else known
        return Which(order_id=self.chance.choice(wanted).order_id) if wanted else None

    @staticmethod
    def _expect(later: "Later[Any]", code: str) -> None:
        later.then(lambda _, error: _assert_is(error, code))

    def _reach(self, label: str, order: Order) -> None:
        """See at the moment of a send what another process would see in the ledger."""
        if label == "before send":
            sql = "SELECT status FROM orders WHERE client_order_id = ?"
            assert self._reader.execute(sql, (order.client_order_id,)).fetchall() == [("submitting",)]
        self.fuse.reach(label)

    def _within_limits(self) -> None:
        """Hold all that the exchange has against the limits, by its own record.

        A trade that crossed an order's end may be known here or not yet: it counts for neither.
        """
        gross, opened = D(0), 0
        for symbol, quote in QUOTES.items():
            mine = [each for each in self.exchange.orders() if each.order.symbol == symbol]
            bought, bought_late = _traded(mine, "buy")
            sold, sold_late = _traded(mine, "sell")
            held, may_come = max(bought - sold - sold_late, D(0)), D(0)
            for each in mine:
                opened += each.is_open
                if each.is_open and each.order.side == "buy":
                    may_come += each.left * (each.order.limit_price or quote)
            assert bought + bought_late >= sold, f"{symbol} was sold short"
            assert held * quote + may_come <= MOST["max_position_notional"], symbol
            gross += held * quote + may_come
        assert gross <= MOST["max_gross_exposure"]
        assert opened <= MOST_OPEN


def _traded(taken: Sequence[Taken], side: str) -> tuple[Decimal, Decimal]:
    """Sum what traded on a side: what was told in time, and what crossed an order's end."""
    trades = [trade for each in taken if each.order.side == side for trade in each.trades]
    late = sum((each.quantity for each in trades if each.crossed), D(0))
    return sum((each.quantity for each in trades), D(0)) - late, late


def _assert_is(error: TacoreError | None, code: str) -> None:
    assert error is not None and error.code in (code, "denied", *RETRYABLE), error
