"""A portfolio and a trade as a client states them, brought to one shape; nothing is looked up yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Holding:
    """One position: ``symbol`` as sent, ``quantity`` negative for a short.

    ``value`` is what the client says it is worth, in the base currency and signed like the quantity. One of
    the two may be missing. Several ``lot``s of one instrument add up; else it may be stated only once.
    """

    symbol: str
    quantity: float | None = None
    value: float | None = None
    lot: bool = False


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Positions, cash by currency, and what the client says all of it is worth (in the base currency)."""

    holdings: tuple[Holding, ...] = ()
    cash: Mapping[str, float] = field(default_factory=dict)
    total_value: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade that is thought of: ``side`` is buy or sell, ``price`` None means the last quote.

    ``value`` is the client's estimate of quantity times price; it stands in for a missing quantity.
    """

    symbol: str
    side: str
    quantity: float | None = None
    price: float | None = None
    value: float | None = None
    warnings: tuple[str, ...] = ()
