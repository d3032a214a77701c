"""Take the snapshot of a portfolio that risk is measured on: prices, histories, benchmark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from tacore.errors import InvalidParams, NotFound, Unavailable, bad_param
from tacore.market.asking import in_order
from tacore.market.holdings import Rates, Valued, value, warn_of_values
from tacore.market.hours import HOURS
from tacore.model import Instrument
from tacore.model.history import History
from tacore.model.portfolio import Portfolio, Trade
from tacore.model.risk import RiskSettings, WindowSettings
from tacore.model.snapshot import Asset, Benchmark, Part, Snapshot
from tacore.ports import MarketData

_APART = timedelta(days=1)
_BEFORE = 10  # days: a window starts at the last close before it, which a long holiday puts some days back


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much to look at: returns back, what beta is against (None means as configured)."""

    base_currency: str
    lookback_days: int
    benchmark: tuple[str, ...] | None = None


def take_snapshot(
    portfolio: Portfolio,
    trade: Trade | None,
    wanted: Wanted,
    data: MarketData,
    settings: RiskSettings,
    check: Callable[[], None] = lambda: None,
) -> Snapshot:
    """Look at all that a portfolio and a proposed trade hang on; ``check`` may end it between steps."""
    rates = Rates(wanted.base_currency, settings.fx.to_usd)
    valued = value(portfolio, trade, rates, data)
    warn_of_values(portfolio, valued, settings.value_tolerance_pct)
    check()
    bench_market, bench = _benchmark(valued, wanted, data, settings)
    markets = [*valued.assets, *([bench_market] if bench and bench_market not in valued.assets else [])]
    taker = _Taker(data, settings, wanted.lookback_days, {market: data.now(market) for market in markets})
    parts, histories = [], {}
    for market in markets:
        assets = valued.assets.get(market, [])
        instruments = [valued.instruments[market, asset.symbol] for asset in assets]
        # What is held and in the benchmark is asked for once: history is the dearest part of a request.
        more = [each for each in bench if market == bench_market and each not in instruments]
        histories[market] = taker.history(market, [*instruments, *more])
        if assets:
            parts.append(taker.part(market, assets, instruments, histories[market]))
        check()
    keys = [(part.market, asset.symbol) for part in parts for asset in part.assets]
    return Snapshot(
        base_currency=wanted.base_currency,
        parts=tuple(parts),
        quantities=np.array([valued.quantities[key] for key in keys], dtype=np.float64),
        cash=valued.cash,
        benchmark=_as_benchmark(bench_market, bench, histories) if bench else None,
        trade_row=None if valued.trade_key is None else keys.index(valued.trade_key),
        excluded=tuple(valued.excluded),
        warnings=(*valued.warnings, *taker.warnings()),
        rates=rates.used,
    )


class _Taker:
    """Asks providers for history, all of it up to one moment where markets keep different times."""

    def __init__(
        self, data: MarketData, settings: RiskSettings, lookback: int, now: Mapping[str, datetime]
    ) -> None:
        self._data = data
        self._settings = settings
        self._now = now
        self._earliest = min(now.values(), default=None)
        self._apart = bool(now) and max(now.values()) - min(now.values()) > _APART
        # Common sessions are fewer than each market has: one that never closes has 7 a week.
        self._sessions = lookback + 1 if len(now) == 1 else (lookback + 1) * 3 // 2 + 20

    def history(self, market: str, instruments: Sequence[Instrument]) -> History:
        """Give what returns come from."""
        provider, now = self._data.provider(market), self._until(market)
        return provider.history(instruments, now=now, sessions=self._sessions, closes_only=True)

    def part(
        self, market: str, assets: Sequence[Asset], instruments: Sequence[Instrument], history: History
    ) -> Part:
        """Give a market's assets with all the history that they need."""
        provider = self._data.provider(market)
        own = history.take(range(len(assets))) if len(history.symbols) > len(assets) else history
        recent, newest = own, self._settings.liquidity.sessions
        if self._until(market) != self._now[market] or not _has_volumes(own, newest):
            recent = provider.history(instruments, now=self._now[market], sessions=newest)
        windows: dict[str, History] = {}
        for name, scenario in self._settings.stress.items():
            # An invented market has lived through nothing: its year 2008 says nothing of the real one.
            if scenario.window and not provider.simulated:
                windows[name] = self._window(market, instruments, own, scenario.window)
        return Part(
            market=market,
            source=in_order(history.sources, provider),
            simulated=provider.simulated,
            replay=self._data.is_replay(market),
            market_time=self._now[market],
            assets=tuple(assets),
            history=own,
            recent=recent,
            windows=windows,
            every_day=HOURS[market].every_day,
        )

    def warnings(self) -> list[str]:
        """Say what a reader must know of the times."""
        if not self._apart or self._earliest is None:
            return []
        told = ", ".join(f"{market} {now:%Y-%m-%d}" for market, now in self._now.items())
        return [
            f"the markets keep different times ({told}): prices are each market's own, returns are of the "
            f"sessions up to {self._earliest:%Y-%m-%d}, which all of them had"
        ]

    def _until(self, market: str) -> datetime:
        return self._earliest if self._apart and self._earliest is not None else self._now[market]

    def _window(
        self, market: str, instruments: Sequence[Instrument], own: History, window: WindowSettings
    ) -> History:
        first, last = np.datetime64(window.start, "D"), np.datetime64(window.end, "D")
        if own.sessions.size and own.sessions[0] <= first and last <= own.sessions[-1]:
            return own
        hours = HOURS[market]
        days = (window.end - window.start).days + _BEFORE
        return self._data.provider(market).history(
            instruments,
            now=min(hours.close(window.end), self._now[market]),
            sessions=days * hours.sessions_per_week // 7 + _BEFORE,
            closes_only=True,
        )


def _has_volumes(history: History, sessions: int) -> bool:
    """Tell whether so many sessions are there, the newest with their volumes, as some give unasked."""
    close, volume = history.close[:, -sessions:], history.volume[:, -sessions:]
    return history.sessions.size >= sessions and bool((np.isfinite(volume) | ~np.isfinite(close)).all())


def _benchmark(
    valued: Valued, wanted: Wanted, data: MarketData, settings: RiskSettings
) -> tuple[str, list[Instrument]]:
    """Give the benchmark's market and members: what was asked for, else that of the largest market."""
    if not valued.assets:
        return "", []
    sizes = {
        market: sum(abs(valued.quantities[market, each.symbol]) * each.price * each.rate for each in assets)
        for market, assets in valued.assets.items()
    }
    market = max(sizes, key=lambda each: sizes[each])
    symbols: Sequence[str] = settings.benchmarks.get(market, [])
    if wanted.benchmark is not None:
        market, symbols = _market_asked(wanted.benchmark, data), wanted.benchmark
    found, missing = [], []
    for symbol in symbols:
        try:
            found.append(data.provider(market).resolve(symbol, market))
        except NotFound as error:
            if wanted.benchmark is not None:
                raise bad_param("benchmark", error.message, value=symbol) from error
            missing.append(symbol)
        except Unavailable as error:
            raise Unavailable(
                f"{symbol} of the benchmark can't be had, which beta is against: {error.message}; "
                "name another with benchmark, or in risk.benchmarks of trading_config.yaml",
                details=error.details,
                retryable=error.retryable,
            ) from error
    if missing:
        valued.warnings.append(
            f"the benchmark of {market} lacks {', '.join(missing)}: {market} does not trade it"
        )
    return market, found


def _market_asked(symbols: Sequence[str], data: MarketData) -> str:
    try:
        return data.market(data.infer_market(symbols))
    except InvalidParams as error:
        raise bad_param("benchmark", error.message, value=list(symbols)) from error


def _as_benchmark(market: str, members: Sequence[Instrument], histories: Mapping[str, History]) -> Benchmark:
    """Give the benchmark's rows of its market's history, where it is beside the assets or among them."""
    history = histories[market]
    symbols = tuple(each.symbol for each in members)
    return Benchmark(symbols, market, history.take([history.symbols.index(each) for each in symbols]))
