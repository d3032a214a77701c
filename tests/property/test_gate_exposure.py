"""Whatever passes the gate and however it fills, exposure stays within its limit and cash is not overspent.

The model is a dictionary of holdings at prices that stand still. It knows nothing of how the gate counts.
"""

from dataclasses import dataclass, field
from decimal import Decimal as D

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tacore.execution.gate import Sight
from tacore.model.orders import Order
from tests.support.gate_cases import CURRENCY, SYMBOL, Setup, a_sight, an_order, held, limits

MARKS = {"US": D(100), "HK": D(300), "CRYPTO": D(20)}
RATES = {"USD": D(1), "HKD": D("0.125"), "USDT": D(1)}
LIMIT = 13_000
TIGHT = {"USD": D(7_000), "HKD": D(50_000), "USDT": D(7_000)}
AMPLE = dict.fromkeys(TIGHT, D(10**9))
SIZES = {"US": D(40), "HK": D(100), "CRYPTO": D("150.5")}  # about 4000 USD each


@dataclass
class World:
    """What an account holds, and its open orders."""

    allow_short: bool
    cash: dict[str, D]
    holdings: dict[str, D] = field(default_factory=lambda: dict.fromkeys(MARKS, D(0)))
    open_orders: list[Order] = field(default_factory=list)
    taken: int = 0

    def ask(self, market: str, side: str, lots: int, kind: str, offset: int) -> None:
        """Place an order, if the gate lets it pass; its own prices are ``offset`` percent off the mark."""
        price = str(MARKS[market] * (100 + offset) / 100)
        prices = {
            "market": {},
            "limit": {"limit_price": price},
            "stop": {"stop_price": price},
            "stop_limit": {"stop_price": price, "limit_price": price},
        }[kind]
        draft = an_order(side, str(SIZES[market] * lots), market=market, **prices)
        bounds = limits(max_gross_exposure=LIMIT, allow_short=self.allow_short)
        judgement = Setup(draft, self._sight(market), bounds).judged()
        if judgement.passes:
            self.taken += 1
            reserve = judgement.reserve_price
            order = msgspec.structs.replace(draft, order_id=f"o-{self.taken}", reserve_price=reserve)
            self.open_orders.append(order)

    def fill(self, number: int, share: int, worse: int) -> None:
        """Fill part of an order that the mark lets trade, at its reserve_price or ``worse`` percent below."""
        ready = [each for each in self.open_orders if _may_trade(each)]
        if not ready:
            return
        order = ready[number % len(ready)]
        step = SIZES[order.market]
        quantity = min(order.left, max(step, order.left * share / 4 // step * step))
        price = order.reserve_price * (100 - worse) / 100
        self.holdings[order.market] += order.sign * quantity
        self.cash[order.currency] -= order.sign * quantity * price
        self.open_orders.remove(order)
        if quantity < order.left:
            filled = order.filled_quantity + quantity
            self.open_orders.append(msgspec.structs.replace(order, filled_quantity=filled))

    def cancel(self, number: int) -> None:
        if self.open_orders:
            self.open_orders.pop(number % len(self.open_orders))

    def exposure(self) -> D:
        return sum(
            (abs(each) * MARKS[market] * RATES[CURRENCY[market]] for market, each in self.holdings.items()),
            D(0),
        )

    def _sight(self, market: str) -> Sight:
        return a_sight(
            market,
            str(MARKS[market]),
            str(self.holdings[market]),
            positions=[held(str(each), which) for which, each in self.holdings.items()],
            prices={(which, SYMBOL[which]): mark for which, mark in MARKS.items()},
            rates=RATES,
            cash=self.cash,
            open_orders=list(self.open_orders),
        )


def _may_trade(order: Order) -> bool:
    """Tell whether an order can trade while the price stands at the mark."""
    mark = MARKS[order.market]
    reached = order.stop_price is None or (mark - order.stop_price) * order.sign >= 0
    willing = order.limit_price is None or (order.limit_price - mark) * order.sign >= 0
    return reached and willing


ASKS = st.tuples(
    st.just("ask"),
    st.sampled_from(sorted(MARKS)),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 8),
    st.sampled_from(["market", "market", "limit", "stop", "stop_limit"]),
    st.integers(-9, 9),
)
FILLS = st.tuples(st.just("fill"), st.integers(0, 9), st.integers(1, 4), st.sampled_from([0, 0, 1, 50]))
CANCELS = st.tuples(st.just("cancel"), st.integers(0, 9))


STEPS = st.lists(st.one_of(ASKS, ASKS, FILLS, CANCELS), min_size=12, max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.booleans(), st.sampled_from([TIGHT, AMPLE]), STEPS)
def test_account_when_orders_pass_and_fill_in_any_way_stays_within_its_limits(
    allow_short: bool, cash: dict[str, D], steps: list[tuple[object, ...]]
) -> None:
    world = World(allow_short, dict(cash))
    all_fill: list[tuple[object, ...]] = [("fill", 0, 4, 0)] * len(steps)
    for what, *terms in steps + all_fill:
        getattr(world, str(what))(*terms)

        assert world.exposure() <= LIMIT
        if not allow_short:
            assert min(world.cash.values()) >= 0
            assert min(world.holdings.values()) >= 0
