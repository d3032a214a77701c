"""An order desk with a ledger of its own, the real sample history and clocks that move only when told."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextvars import copy_context
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tacore.clock import ManualClock, MarketClock
from tacore.execution.desk import Desk, set_up
from tacore.execution.ledger import Ledger
from tacore.execution.venues.registry import build_venue
from tacore.market.calendars import Calendars
from tacore.market.registry import Providers, provider_names
from tacore.market.router import Markets, build_market_data
from tacore.model.markets import parse_markets
from tacore.model.orders import OrderRequest
from tacore.model.providers import parse_providers
from tacore.model.risk import parse_risk
from tacore.model.trading import TradingSettings, parse_trading
from tacore.ports import Later, Venue
from tacore.ports.orders import Asker, Key, Story
from tests.support.calendars import SHARED
from tests.support.markets import ALL_MARKETS, WALL, wall_us

T = TypeVar("T")


class AtOnce(Executor):
    """Runs what it is given before `submit` returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        done: Future[T] = Future()
        done.set_result(copy_context().run(fn, *args, **kwargs))
        return done


def no_fees(**changes: Any) -> dict[str, Any]:
    """Give a trading section without fees, slippage and limits, so that figures are easy to check by hand."""
    limits = {
        "max_order_notional": None,
        "max_position_notional": None,
        "max_gross_exposure": None,
        "max_open_orders": None,
        "max_orders_per_minute": None,
        "max_daily_loss": None,
        "duplicate_window_s": None,
    }
    account = {"cash": {"USD": 1_000_000, "USDT": 1_000_000, "CNY": 1_000_000}, "limits": limits}
    paper = {"kind": "paper", "slippage_bps": 0, "fees": {}}
    return {"accounts": {"paper": account}, "venues": {"paper": paper}} | changes


class DeskWorld:
    """A desk whose threads run at once.

    ``at`` puts the US market's standing replay there; `travel` moves it. ``venues`` replace configured ones.
    """

    made: ClassVar[list["DeskWorld"]] = []

    @classmethod
    def close_all(cls) -> None:
        """Close the ledgers of all that were made."""
        while cls.made:
            cls.made.pop().ledger.close()

    def __init__(
        self,
        home: Path,
        trading: Mapping[str, Any] | None = None,
        at: date | datetime | None = None,
        venues: Mapping[str, Venue] | None = None,
        markets: Mapping[str, Any] = ALL_MARKETS,
        clock: ManualClock | None = None,
        take: bool = True,
    ) -> None:
        self.home = home
        self.clock = clock or ManualClock(wall_us=wall_us(WALL))
        replay = {} if at is None else {"replay": {"at": at.isoformat()}}
        settings = parse_markets({**markets, "US": {"provider": "sample", **replay}})
        configured = Providers(parse_providers(None, tuple(provider_names())), home)
        self.data: Markets = build_market_data(
            settings, self.clock, None, configured, calendars=Calendars(SHARED)
        )
        self.trading: TradingSettings = parse_trading(no_fees() if trading is None else trading)
        self.venues = dict(venues or {})
        for name, each in self.trading.venues.items():
            if name not in self.venues and each.kind == "paper":
                self.venues[name] = build_venue(name, each, self.trading.rules)
        self.ledger = Ledger(home / "ledger.db", self.clock)
        if take:
            self.ledger.take()
        setup = set_up(self.trading, parse_risk(None), self.venues)
        self.desk = Desk(self.ledger, setup, self.data, self.clock, lambda: None, lambda _, __: AtOnce())
        self._numbers = 0
        self.made.append(self)

    def travel(self, moment: datetime) -> None:
        """Move the US market's replay to another time, and let the desk look at its orders."""
        self.data._clocks["US"] = MarketClock(0, wall_us(moment), 0.0)
        self.clock.advance(self.trading.poll_s)
        self.turn()

    def turn(self, times: int = 4) -> None:
        """Let the desk do what it has to do."""
        for _ in range(times):
            self.desk.turn()

    def outcome(self, later: "Later[T]") -> T:
        """Wait for an outcome; raise the error that it is."""
        for _ in range(20):
            if later.done:
                break
            self.desk.turn()
        said: list[Any] = []
        later.then(lambda value, error: said.extend([value, error]))
        assert said, "no outcome"
        if said[1] is not None:
            raise said[1]
        value: T = said[0]
        return value

    def asker(self, patience_s: float = 5.0, principal: str = "local") -> Asker:
        """Give somebody who asks."""
        return Asker(principal, self.clock.monotonic() + patience_s)

    def request(
        self, symbol: str = "AAPL", side: str = "buy", quantity: Any = 10, **more: Any
    ) -> OrderRequest:
        """Make a request; numbers may be texts."""
        fields: dict[str, Any] = {"account": "paper", "venue": "", "market": "US", **more}
        for name in ("limit_price", "stop_price"):
            if fields.get(name) is not None:
                fields[name] = Decimal(str(fields[name]))
        if "order_type" not in fields:
            limit, stop = fields.get("limit_price"), fields.get("stop_price")
            kinds = {(False, False): "market", (True, False): "limit", (False, True): "stop"}
            fields["order_type"] = kinds.get((limit is not None, stop is not None), "stop_limit")
        return OrderRequest(symbol=symbol, side=side, quantity=Decimal(str(quantity)), **fields)  # type: ignore[arg-type]

    def place(self, symbol: str = "AAPL", side: str = "buy", quantity: Any = 10, **more: Any) -> Story:
        """Place an order under a key of its own, or under ``key``; give its story."""
        self._numbers += 1
        key = more.pop("key", None) or Key(f"order-{self._numbers}", "explicit")
        request = self.request(symbol, side, quantity, **more)
        return self.outcome(self.desk.execute(request, key, self.asker()))

    def cash(self, currency: str = "USD") -> Decimal:
        """Give the paper account's cash."""
        return self.ledger.cash("paper")[currency]
