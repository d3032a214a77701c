"""What a trade at the paper venue costs: slippage, the market's price steps and fees."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from tacore.execution.gate.steps import neighbours, on_tick
from tacore.model.orders import Side

if TYPE_CHECKING:
    from tacore.model.trading import FeeSettings, MarketRules, TickBand  # pydantic, which requests do without

_PER_BPS = Decimal("0.0001")
_CENT = Decimal("0.01")
_COIN = Decimal("0.00000001")
"""What exchanges that never close keep balances in."""


def against(price: Decimal, side: Side, ticks: "Sequence[TickBand]") -> Decimal:
    """Round to the market's step, up for a buy and down for a sale; never to nothing."""
    if price <= 0:
        return ticks[0].tick
    if on_tick(price, ticks):
        return price
    steps = neighbours(price, ticks)
    return steps[-1] if side == "buy" else steps[0]


def slipped(price: Decimal, side: Side, bps: Decimal, ticks: "Sequence[TickBand]") -> Decimal:
    """Make a price worse for the client by ten-thousandths of it, and round it against them."""
    sign = 1 if side == "buy" else -1
    return against(price * (1 + sign * bps * _PER_BPS), side, ticks)


def fee(
    quantity: Decimal, price: Decimal, side: Side, fees: "FeeSettings | None", rules: "MarketRules"
) -> Decimal:
    """Give the fee of one fill in its currency: rounded half up to cents, at a 24/7 market to 8 places."""
    if fees is None:
        return Decimal(0)
    bps = fees.bps + (fees.sell_bps if side == "sell" else 0)
    asked = max(fees.minimum, fees.per_unit * quantity + quantity * price * bps * _PER_BPS)
    return asked.quantize(_COIN if rules.always_open else _CENT, rounding=ROUND_HALF_UP)
