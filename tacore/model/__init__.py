"""Values: bars, quotes and instruments. Prices are Decimal, times are aware UTC."""

from datetime import datetime
from decimal import Decimal

import msgspec


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """Something that trades; ``aliases`` are other symbols that mean it, ``note`` what a reader must know."""

    symbol: str
    market: str
    name: str
    currency: str
    aliases: tuple[str, ...] = ()
    sector: str | None = None
    note: str | None = None


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One interval of trading; ``time`` is when it ended (UTC), ``session`` the exchange's date of it.

    Prices are raw; ``adjusted_close`` has later splits and dividends taken out of ``close``. ``source`` names
    the provider that gave it.
    """

    time: datetime
    session: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    adjusted_close: Decimal
    source: str = ""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The last known price and the session it is from.

    ``change_pct`` is in percent against the close before, ``change_24h`` against the last price known 24
    hours before ``as_of``, both of adjusted prices where the provider has them; ``as_of`` is when the price
    was made (UTC). ``source`` is the name of the provider that gave it, ``simulated`` whether it invents.
    """

    price: Decimal
    change_pct: Decimal | None
    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    as_of: datetime
    change_24h: Decimal | None = None
    source: str = ""
    simulated: bool = False


class NewsItem(msgspec.Struct, frozen=True, kw_only=True):
    """One article about an instrument, in plain text; ``published`` is aware UTC.

    ``publisher`` is who wrote it, ``source`` the provider that gave it. What a publisher does not say is "".
    """

    published: datetime
    title: str
    summary: str = ""
    publisher: str = ""
    url: str = ""
    source: str = ""


class Fundamentals(msgspec.Struct, frozen=True, kw_only=True):
    """A company's figures as published by ``as_of`` (UTC); None where the provider has none.

    Growth is of the newest year or quarter against the same one a year before; all of percent are in percent,
    ``debt_to_equity`` is a ratio, ``market_cap`` and ``earnings_per_share`` are in the instrument's currency.
    ``source`` is who gave them.
    """

    as_of: datetime
    source: str = ""
    market_cap: float | None = None
    price_to_earnings: float | None = None
    price_to_book: float | None = None
    price_to_sales: float | None = None
    dividend_yield_pct: float | None = None
    earnings_per_share: float | None = None
    revenue_growth_pct: float | None = None
    earnings_growth_pct: float | None = None
    profit_margin_pct: float | None = None
    return_on_equity_pct: float | None = None
    debt_to_equity: float | None = None
