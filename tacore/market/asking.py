"""What methods on market data share: reading symbols and moments, finding instruments, provenance."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tacore.errors import InvalidParams, NotFound, Unavailable, bad_param
from tacore.market.hours import Hours
from tacore.market.symbols import canonical, market_of
from tacore.model import Instrument
from tacore.ports import MarketData, MarketDataProvider

_MOMENT = "a date (2013-02-28) or a moment with its offset (2013-02-28T21:00:00Z), of the years 1900 to 2200"
_YEARS = range(1900, 2201)


def listed(value: object) -> object:
    """Turn comma-separated text into a list; anything else stays as it is, for the type check to judge."""
    if not isinstance(value, str):
        return value
    return [word.strip() for word in value.split(",") if word.strip()]


def merge_symbols(params: dict[str, Any]) -> dict[str, Any]:
    """Make ``symbols`` a list, taking ``symbol`` into it; InvalidParams where the two disagree."""
    one, many = listed(params.get("symbol")), listed(params.get("symbols"))
    if one is not None and many is not None and one != many:
        raise InvalidParams(
            "symbol and symbols disagree: send one of them",
            details={"symbol": {"problem": "disagrees with symbols", "value": [one, many]}},
        )
    merged = {name: value for name, value in params.items() if name not in ("symbol", "symbols")}
    symbols = one if many is None else many
    return merged if symbols is None else merged | {"symbols": symbols}


def moment(field: str, value: str | None, hours: Hours, *, ends: bool = False) -> datetime | None:
    """Read a moment; a date means its beginning in the market's zone, or its end where ``ends``."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
        day = date.fromisoformat(value) if found.tzinfo is None else None
    except ValueError:
        found, day = None, None
    if found is None or (found.tzinfo is None and day is None) or found.year not in _YEARS:
        raise bad_param(field, "this is no moment in time", value=value, allowed=_MOMENT)
    if day:
        return hours.local(day + timedelta(days=1) if ends else day, 0)
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """One symbol of a request: as sent, in its market's spelling, and the instrument it means."""

    sent: str
    symbol: str
    instrument: Instrument


def find(
    symbols: Sequence[str],
    market: str,
    provider: MarketDataProvider,
    unasked: set[str] | None = None,
) -> tuple[list[Asked], dict[str, str]]:
    """Give what the symbols mean, each once, and why the others are missing.

    Those that a provider could not be asked for are missing too, and collected in ``unasked``. Raises
    Unavailable where nothing was found for that reason.
    """
    found: dict[str, Asked] = {}
    missing: dict[str, str] = {}
    down: Unavailable | None = None
    for sent in symbols:
        symbol = canonical(sent, market)
        try:
            found.setdefault(symbol, Asked(sent, symbol, provider.resolve(sent, market)))
        except NotFound as error:
            missing[sent] = error.message + _hint(sent, market)
        except Unavailable as error:
            missing[sent], down = error.message, down or error
            if unasked is not None:
                unasked.add(sent)
    if down and not found:
        raise down
    return list(found.values()), missing


def why_no_price(asked: Asked, provider: MarketDataProvider, now: datetime) -> str:
    """Say why an instrument has no price: only the question for it alone tells."""
    try:
        provider.quote(asked.instrument, now=now)
    except (NotFound, Unavailable) as error:
        return error.message
    return f"{asked.symbol} had no price at {now.isoformat()} when all were asked at once"


def _hint(symbol: str, market: str) -> str:
    elsewhere = market_of(symbol)
    return f"; it looks like a symbol of {elsewhere}" if elsewhere not in (None, market) else ""


def provenance(
    data: MarketData,
    market: str,
    now: datetime,
    prices_as_of: Sequence[datetime],
    sources: Collection[str] = (),
) -> Mapping[str, Any]:
    """Give what every answer says of its data; ``as_of`` is that of the oldest price in it.

    ``sources`` are those that the values name; without any, it is what serves the market.
    """
    provider = data.provider(market)
    oldest = min(prices_as_of, default=None)
    return {
        "market": market,
        "source": in_order(sources, provider) or provider.name,
        "simulated": provider.simulated,
        "replay": data.is_replay(market),
        "as_of": oldest,
        "age_s": age_s(oldest, now),
        "market_time": now,
    }


def in_order(sources: Collection[str], provider: MarketDataProvider) -> str:
    """Join the names of sources, the preferred first."""
    return ",".join(each for each in provider.name.split(",") if each in sources)


def age_s(as_of: datetime | None, now: datetime) -> Decimal | None:
    """Give how many seconds of market time a price is old, to the millisecond."""
    if as_of is None:
        return None
    return Decimal((now - as_of) // timedelta(milliseconds=1)) / 1000
