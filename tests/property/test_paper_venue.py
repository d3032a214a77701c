"""Whatever prices do and whenever somebody looks, the paper venue trades only what the market offered.

The market is a path of prices that moves by a cent at a time within a session, so that the truth is known
where the venue sees only a bar: when a stop was reached, and what could be had after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tacore.model import Bar, Quote
from tacore.model.orders import Order, Report, VenueFill
from tacore.ports.venue import Change, Cleared, Moment
from tests.support.gate_cases import an_order
from tests.support.paper import a_venue, after

CENT = D("0.01")
MINUTE = timedelta(minutes=1)
DAYS = 3
QUANTITY = 100
Rows = Sequence[tuple[int, Sequence[tuple[int, int]]]]
"""For each day a jump at its open, then steps of price and volume."""


@dataclass(frozen=True)
class Tick:
    at: datetime
    day: int
    price: D
    volume: int
    """Of its session so far."""


@dataclass
class Market:
    """What trades, minute by minute; a session ends with its last tick, and an hour later it is night."""

    rows: Rows
    ticks: list[Tick] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        cents = 10_000
        for day, (jump, steps) in enumerate(self.rows):
            cents, volume = cents + jump, 0
            at = datetime(2024, 3, 4 + day, 14, 30, tzinfo=UTC)
            for step, traded in steps:
                cents, volume, at = cents + step, volume + traded, at + MINUTE
                self.ticks.append(Tick(at, day, cents * CENT, volume))
                self.instants.append(at)
            self.instants.append(at + 60 * MINUTE)

    def of(self, day: int) -> list[Tick]:
        return [tick for tick in self.ticks if tick.day == day]

    def session(self, at: datetime | None) -> str:
        if at is None:
            return ""
        day = next((day for day in range(len(self.rows)) if self.of(day)[-1].at >= at), len(self.rows))
        return str(date(2024, 3, 4 + day))

    def moment(self, now: datetime, order: Order) -> Moment:
        last = [tick for tick in self.ticks if tick.at <= now][-1]
        since = order.matched_until or order.market_time
        return Moment(
            now=now,
            at_us=0,
            is_open=last.at == now,
            session=self.session(now),
            order_session=self.session(order.market_time),
            matched_session=self.session(order.matched_until),
            quote_session=self.session(last.at),
            quote=self._quote(last),
            bars=[bar for bar in map(self._bar, range(len(self.rows))) if since < bar.time <= now],
        )

    def _quote(self, last: Tick) -> Quote:
        price = last.price
        return Quote(
            price=price,
            change_pct=None,
            open=price,
            high=price,
            low=price,
            volume=D(last.volume),
            as_of=last.at,
        )

    def _bar(self, day: int) -> Bar:
        ticks = self.of(day)
        prices = [tick.price for tick in ticks]
        return Bar(
            time=ticks[-1].at,
            session=self.session(ticks[-1].at),
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=D(ticks[-1].volume),
            adjusted_close=prices[-1],
        )


@dataclass
class Course:
    """An order's story: what was asked of the venue, and what came back."""

    market: Market
    order: Order
    share: D
    slippage: int
    since: datetime = field(init=False)
    """From when on its present terms hold."""
    fills: list[VenueFill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.venue = a_venue(volume_share=self.share, slippage_bps=self.slippage)
        self.since = self.order.market_time
        moment = self.market.moment(self.since, self.order)
        self._book(self.venue.submit(Cleared(self.order), moment), self.since)

    def look(self, now: datetime) -> None:
        moment = self.market.moment(now, self.order)
        report = self.venue.follow(self.order, moment)
        assert report == self.venue.follow(self.order, moment)
        self._book(report, now)
        if self.order.is_open:  # what the first look left is nothing
            assert self.venue.follow(self.order, self.market.moment(now, self.order)) is None

    def change(self, now: datetime, cents: int) -> None:
        if self.order.limit_price is None:
            return
        wanted = {"limit_price": self.order.limit_price + cents * CENT}
        whole = {"quantity": self.order.quantity, "stop_price": self.order.stop_price, **wanted}
        report = self.venue.modify(self.order, Change(**whole), self.market.moment(now, self.order))  # type: ignore[arg-type]
        self.order = after(msgspec.structs.replace(self.order, **wanted), report)
        self.since = now

    def _book(self, report: Report | None, now: datetime) -> None:
        if report is None:
            return
        for fill in report.fills:
            self._check(fill, now)
            self.fills.append(fill)
        self.order = after(self.order, report)
        assert self.order.filled_quantity <= self.order.quantity
        assert (self.order.status == "filled") == (self.order.left == 0)

    def _check(self, fill: VenueFill, now: datetime) -> None:
        """Hold a fill against the truth."""
        order, sign = self.order, self.order.sign
        assert 0 < fill.quantity
        assert fill.price % CENT == 0
        assert fill.at <= now
        seen = [tick for tick in self.market.ticks if order.market_time <= tick.at <= fill.at]
        stop, limit = order.stop_price, order.limit_price
        reached = [tick.at for tick in seen if stop is None or (tick.price - stop) * sign >= 0]
        assert reached, "filled before its stop"
        offered = [tick.price for tick in seen if tick.at >= max(reached[0], self.since)]
        best = min(offered) if sign > 0 else max(offered)
        assert (fill.price - best) * sign >= 0, "better than the market"
        if limit is not None:
            assert (limit - fill.price) * sign >= 0, "beyond its limit"
        if order.time_in_force != "GTC":
            assert self.market.session(fill.at) == self.market.session(order.market_time)
        self._check_volume(fill)

    def _check_volume(self, fill: VenueFill) -> None:
        name = self.market.session(fill.at)
        volume = max(
            t.volume for t in self.market.ticks if t.at <= fill.at and self.market.session(t.at) == name
        )
        before = sum(each.quantity for each in self.fills if self.market.session(each.at) == name)
        assert fill.quantity + before <= self.share * volume


STEPS = st.lists(st.tuples(st.integers(-1, 1), st.integers(0, 300)), min_size=2, max_size=8)
PATHS = st.lists(st.tuples(st.integers(-6, 6), STEPS), min_size=DAYS, max_size=DAYS)
TERMS = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["buy", "sell"]),
        "kind": st.sampled_from(["market", "limit", "stop", "stop_limit"]),
        "limit": st.integers(9_990, 10_010),
        "stop": st.integers(9_990, 10_010),
        "time_in_force": st.sampled_from(["GTC", "GTC", "DAY", "IOC", "FOK"]),
        "quantity": st.integers(1, QUANTITY),
    }
)
ACTIONS = st.lists(
    st.one_of(st.none(), st.just("look"), st.integers(-6, 6)), min_size=DAYS * 9, max_size=DAYS * 9
)


def an_order_of(terms: dict[str, Any], at: datetime) -> Order:
    kind = terms["kind"]
    prices = {
        f"{name}_price": str(terms[name] * CENT) for name in ("limit", "stop") if name in kind.split("_")
    }
    return an_order(
        terms["side"],
        str(terms["quantity"]),
        order_id="o-1",
        status="accepted",
        time_in_force=terms["time_in_force"],
        market_time=at,
        **prices,
    )


@settings(max_examples=250, deadline=None)
@given(
    PATHS,
    TERMS,
    st.integers(0, 11),
    ACTIONS,
    st.sampled_from(["0.05", "0.1", "1"]),
    st.sampled_from([0, 1, 5]),
)
def test_order_when_looked_at_at_any_time_trades_only_what_the_market_offered(
    rows: Rows, terms: dict[str, Any], start: int, actions: list[Any], share: str, slippage: int
) -> None:
    market = Market(rows)
    instants = market.instants[min(start, len(market.instants) - 1) :]
    course = Course(market, an_order_of(terms, instants[0]), D(share), slippage)

    if terms["time_in_force"] in ("IOC", "FOK"):
        assert not course.order.is_open
        if terms["time_in_force"] == "FOK":
            assert course.order.filled_quantity in (0, terms["quantity"])
    for now, action in zip(instants[1:], actions, strict=False):
        if not course.order.is_open:
            break
        if isinstance(action, int):
            course.change(now, action)
        if action is not None:
            course.look(now)

    assert len({each.trade_id for each in course.fills}) == len(course.fills)


@settings(max_examples=100, deadline=None)
@given(PATHS, TERMS)
def test_order_when_nobody_looks_for_days_trades_what_the_market_reached(
    rows: Rows, terms: dict[str, Any]
) -> None:
    quiet = [(0, [(0, 1), (0, 1)])]
    busy = [(jump, [(step, QUANTITY) for step, _ in steps]) for jump, steps in rows]
    market = Market([*quiet, *busy])
    night = market.of(0)[-1].at + 60 * MINUTE
    order = an_order_of({**terms, "time_in_force": "GTC"}, night)
    once, nightly = (Course(market, order, D(1), 0) for _ in range(2))

    for day in range(1, DAYS + 1):
        if nightly.order.is_open:
            nightly.look(market.of(day)[-1].at + 60 * MINUTE)
    once.look(market.instants[-1])

    assert once.fills == nightly.fills
    prices = [tick.price for tick in market.ticks if tick.day]
    reached = any(order.stop_price is None or (each - order.stop_price) * order.sign >= 0 for each in prices)
    good = any(order.limit_price is None or (order.limit_price - each) * order.sign >= 0 for each in prices)
    if terms["kind"] == "stop_limit":
        assert not once.fills or (reached and good)
    else:
        assert (once.order.status == "filled") == (reached and good)
