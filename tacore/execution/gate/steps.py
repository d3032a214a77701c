"""Prices on a market's steps."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tacore.model.trading import TickBand  # pydantic, which requests do without


def tick_at(price: Decimal, ticks: "Sequence[TickBand]") -> Decimal:
    """Give the step that holds at a price."""
    return next(band.tick for band in reversed(ticks) if band.at <= price or band.at == 0)


def on_tick(price: Decimal, ticks: "Sequence[TickBand]") -> bool:
    """Tell whether a price is allowed."""
    return price > 0 and price % tick_at(price, ticks) == 0


def neighbours(price: Decimal, ticks: "Sequence[TickBand]") -> tuple[Decimal, ...]:
    """Give the nearest allowed prices below and above one that is not; only the one above near zero."""
    tick = tick_at(price, ticks)
    below = price - price % tick
    starts = [band.at for band in ticks if band.at > price]
    above = min([below + tick, *starts])
    return (below, above) if below > 0 else (above if above > 0 else tick,)


def rounded(price: Decimal, ticks: "Sequence[TickBand]") -> Decimal:
    """Round a price to its step, half up, as exchanges round their daily limits."""
    tick = tick_at(price, ticks)
    return (price / tick).to_integral_value(rounding=ROUND_HALF_UP) * tick
