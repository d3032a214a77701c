"""Find the instruments of a portfolio in their markets, and value them in one currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tacore.errors import InvalidParams, NotFound, bad_param
from tacore.model import Instrument
from tacore.model.portfolio import Holding, Portfolio, Trade
from tacore.model.snapshot import Asset, Excluded
from tacore.ports import MarketData

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of a currency is worth in the base currency; ``used`` collects those asked for."""

    base: str
    to_usd: Mapping[str, float]
    used: dict[str, float] = field(default_factory=dict)

    def rate(self, currency: str) -> float | None:
        """Give the rate; None where there is none."""
        if currency == self.base:
            return 1.0
        if currency not in self.to_usd:
            return None
        self.used[currency] = self.to_usd[currency] / self.to_usd[self.base]
        return self.used[currency]

    def missing(self, currency: str) -> str:
        """Say that there is no rate."""
        return f"there is no rate from {currency} to {self.base} in risk.fx"


@dataclass(slots=True)
class Valued:
    """Instruments with a price, by market, and what is held of each by (market, symbol).

    ``named`` gives the instruments' symbols by the spellings that the client sent.
    """

    assets: dict[str, list[Asset]] = field(default_factory=dict)
    instruments: dict[tuple[str, str], Instrument] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    quantities: dict[tuple[str, str], float] = field(default_factory=dict)
    cash: dict[str, float] = field(default_factory=dict)
    excluded: list[Excluded] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    trade_key: tuple[str, str] | None = None


def value(portfolio: Portfolio, trade: Trade | None, rates: Rates, data: MarketData) -> Valued:
    """Value a portfolio and the instrument of a trade; what has no price or no rate is excluded, with why."""
    made = Valued(warnings=list(portfolio.warnings))
    held = _resolve(portfolio.holdings, data, made)
    if trade is not None:
        made.trade_key = _resolve_trade(trade, data, made)
    for market in dict.fromkeys(market for market, _ in made.instruments):
        _price(market, held, rates, data, made)
    if made.trade_key is not None and not any(
        asset.symbol == made.trade_key[1] for asset in made.assets.get(made.trade_key[0], ())
    ):
        raise bad_param("proposed_trade.symbol", "it has no price, or no rate", value=made.trade_key[1])
    _take_cash(portfolio, rates, made)
    _take_rest(portfolio, held, rates, made)
    return made


def _resolve(holdings: Iterable[Holding], data: MarketData, made: Valued) -> dict[tuple[str, str], Holding]:
    """Give what is held by (market, symbol)."""
    held: dict[tuple[str, str], Holding] = {}
    for each in holdings:
        if each.quantity == 0:
            continue
        try:
            key = _instrument(each.symbol, data, made)
        except (NotFound, InvalidParams) as error:
            made.excluded.append(Excluded(each.symbol, error.message, each.value))
            continue
        held[key] = _together(held[key], each) if key in held else each
    return held


def _instrument(symbol: str, data: MarketData, made: Valued) -> tuple[str, str]:
    market = data.market(data.infer_market([symbol]))
    found = data.provider(market).resolve(symbol, market)
    key = market, found.symbol
    made.instruments[key] = found
    made.named[symbol] = found.symbol
    return key


def _resolve_trade(trade: Trade, data: MarketData, made: Valued) -> tuple[str, str]:
    try:
        return _instrument(trade.symbol, data, made)
    except (NotFound, InvalidParams) as error:
        raise bad_param("proposed_trade.symbol", error.message, value=trade.symbol) from error


def _together(one: Holding, other: Holding) -> Holding:
    """Add up the lots of an instrument; other than as lots it may not be stated twice."""
    if not (one.lot and other.lot):
        raise bad_param(
            f"portfolio.{other.symbol}",
            f"means the same instrument as {one.symbol}: state it once",
            value=[one.quantity, other.quantity],
        )
    if (one.quantity is None) != (other.quantity is None):
        raise bad_param(
            f"portfolio.{other.symbol}", "one lot has a quantity and another only a value", value=other.symbol
        )
    values = None if one.value is None or other.value is None else one.value + other.value
    if one.quantity is None or other.quantity is None:
        return replace(one, value=values)
    return replace(one, quantity=one.quantity + other.quantity, value=values)


def _price(
    market: str, held: Mapping[tuple[str, str], Holding], rates: Rates, data: MarketData, made: Valued
) -> None:
    instruments = [each for (where, _), each in made.instruments.items() if where == market]
    quotes = data.provider(market).quotes(instruments, now=data.now(market))
    for instrument, quote in zip(instruments, quotes, strict=True):
        key = market, instrument.symbol
        rate = rates.rate(instrument.currency)
        if quote is None or rate is None or not quote.price:
            why = rates.missing(instrument.currency) if quote is not None else "it has no price yet"
            if key in held:
                made.excluded.append(Excluded(instrument.symbol, why, held[key].value))
            continue
        asset = Asset(
            symbol=instrument.symbol,
            market=market,
            currency=instrument.currency,
            sector=instrument.sector,
            price=float(quote.price),
            rate=rate,
            as_of=quote.as_of,
        )
        made.assets.setdefault(market, []).append(asset)
        made.quantities[key] = _quantity(held[key], asset) if key in held else 0.0


def _quantity(holding: Holding, asset: Asset) -> float:
    if holding.quantity is not None:
        return holding.quantity
    return (holding.value or 0.0) / (asset.price * asset.rate)


def _take_cash(portfolio: Portfolio, rates: Rates, made: Valued) -> None:
    for currency, amount in portfolio.cash.items():
        rate = rates.rate(currency)
        if rate is not None:
            made.cash[currency] = amount * rate
        elif amount:
            made.excluded.append(Excluded(currency, rates.missing(currency)))


def _take_rest(
    portfolio: Portfolio, held: Mapping[tuple[str, str], Holding], rates: Rates, made: Valued
) -> None:
    """Take what total_value leaves beside positions and cash for cash in the base currency."""
    if portfolio.total_value is None:
        return
    if any(each.value is None for each in made.excluded):
        made.warnings.append("total_value is not used: the value of an excluded position is not known")
        return
    values = {
        (asset.market, asset.symbol): asset.price * asset.rate
        for each in made.assets.values()
        for asset in each
    }
    stated = sum(
        holding.value if holding.value is not None else made.quantities[key] * values[key]
        for key, holding in held.items()
        if key in values
    )
    rest = (
        portfolio.total_value
        - stated
        - sum(made.cash.values())
        - sum(each.value or 0 for each in made.excluded)
    )
    if rest > 1e-6 * abs(portfolio.total_value):
        made.cash[rates.base] = made.cash.get(rates.base, 0.0) + rest
        made.warnings.append(
            f"total_value leaves {rest:.2f} {rates.base} beside the positions: taken as cash"
        )
    elif rest < -1e-6 * abs(portfolio.total_value):
        made.warnings.append("total_value is less than positions and cash add up to, and is not used")


def warn_of_values(portfolio: Portfolio, made: Valued, tolerance_pct: float) -> None:
    """Warn of stated values that are far from quantity times price, which is what counts."""
    prices = {asset.symbol: asset.price * asset.rate for each in made.assets.values() for asset in each}
    apart = [
        symbol
        for each in portfolio.holdings
        if each.value is not None
        and each.quantity is not None
        and (symbol := made.named.get(each.symbol, "")) in prices
        and abs(each.value - each.quantity * prices[symbol]) > tolerance_pct / 100 * abs(each.value)
    ]
    if apart:
        named = ", ".join(apart[:_MOST_NAMED]) + (
            f" and {len(apart) - _MOST_NAMED} more" if len(apart) > _MOST_NAMED else ""
        )
        made.warnings.append(
            f"the value stated for {named} is not quantity times price, which is used instead"
        )
