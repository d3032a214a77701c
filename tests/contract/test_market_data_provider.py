"""What every market data provider keeps, run on each provider file there is and each market it serves."""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tacore.clock import SystemClock
from tacore.errors import InvalidParams, NotFound
from tacore.market.hours import HOURS
from tacore.market.providers import __name__ as providers
from tacore.market.registry import ProviderKind, provider_names
from tacore.model import Instrument
from tacore.ports import MarketDataProvider, NewsProvider
from tacore.store.cache.levels import Levels
from tests.support.caches import FOR_PROVIDERS
from tests.support.markets import open_markets
from tests.support.price_files import write_history
from tests.support.vendors.guard import loopback_only
from tests.support.vendors.serving import LOOPBACK, Loopback

KINDS: dict[str, ProviderKind] = {
    name: importlib.import_module(f"{providers}.{name}").PROVIDER for name in provider_names()
}
SERVED = [
    (name, market, how)
    for name, kind in KINDS.items()
    for market in kind.markets
    for how in (("asked", "remembered") if kind.remote else ("asked",))
]
NO_WAIT = {"rate_per_s": 10_000, "rate_burst": 10_000, "backoff_s": 0}
Served = tuple[MarketDataProvider, str, datetime]


@pytest.fixture(params=SERVED, ids="-".join)
def served(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    """Give a provider, a market of it, and the time there; a remote one asks its loopback server.

    A remote one is also looked at as workers have it, behind a cache.
    """
    name, market, how = request.param
    kind = KINDS[name]
    cache = Levels(FOR_PROVIDERS, SystemClock()) if how == "remembered" else None
    with ExitStack() as opened:
        loopback = Loopback()
        if kind.remote:
            if name not in LOOPBACK:
                pytest.skip(f"{name} has no loopback server in tests/support/vendors")
            loopback_only(monkeypatch)
            loopback = opened.enter_context(LOOPBACK[name](market))
        if name == "files":
            write_history(tmp_path / "data" / "history", market)
        markets = open_markets(
            {market: {"provider": name}},
            loopback.wall,
            {name: NO_WAIT | dict(loopback.options)},
            tmp_path,
            cache,
        )
        yield markets.provider(market), market, markets.now(market)


def first(served: Served) -> Instrument:
    provider, market, _ = served
    return provider.instruments(market)[0]


def test_instruments_when_listed_are_ordered_unique_and_resolve_to_themselves(served: Served) -> None:
    provider, market, _ = served
    symbols = [each.symbol for each in provider.instruments(market)]
    assert symbols
    assert symbols == sorted(set(symbols))
    for each in list(provider.instruments(market))[:20]:
        assert provider.resolve(each.symbol.lower(), market) == each
        assert all(provider.resolve(alias, market) == each for alias in each.aliases)
        assert each.market == market


def test_resolve_when_nothing_has_that_symbol_is_not_found(served: Served) -> None:
    provider, market, _ = served
    with pytest.raises(NotFound):
        provider.resolve("NOSUCHTHING", market)


def test_quote_when_asked_alone_or_among_others_is_the_same(served: Served) -> None:
    provider, market, now = served
    some = list(provider.instruments(market))[:40]
    assert [provider.quote(each, now=now) for each in some] == list(provider.quotes(some, now=now))


def test_quote_when_shown_lies_in_its_session_and_not_in_the_future(served: Served) -> None:
    provider, _, now = served
    quote = provider.quote(first(served), now=now)
    assert 0 < quote.low <= quote.open <= quote.high
    assert quote.low <= quote.price <= quote.high
    assert quote.volume >= 0
    assert quote.as_of <= now
    assert quote.as_of.utcoffset() == timedelta()


def test_bars_when_listed_are_whole_ordered_and_in_the_past(served: Served) -> None:
    provider, market, now = served
    for timeframe in provider.timeframes:
        bars = list(provider.bars(first(served), timeframe, now=now, limit=50))
        assert len(bars) == 50
        times = [bar.time for bar in bars]
        assert times == sorted(set(times))
        assert times[-1] <= now
        for bar in bars:
            assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
            ended = bar.time - timedelta(microseconds=1)
            assert ended.astimezone(HOURS[market].tz).date().isoformat() == bar.session


def test_bars_when_limited_are_the_newest_of_all(served: Served) -> None:
    provider, _, now = served
    instrument = first(served)
    many = list(provider.bars(instrument, "1d", now=now, limit=25))
    assert list(provider.bars(instrument, "1d", now=now, limit=10)) == many[-10:]
    assert list(provider.bars(instrument, "1d", now=now, start=many[4].time)) == many[5:]
    assert list(provider.bars(instrument, "1d", now=now, end=many[4].time, limit=3)) == many[2:5]
    assert list(provider.bars(instrument, "1d", now=now, limit=0)) == []


def test_bars_when_looked_at_earlier_show_nothing_of_later(served: Served) -> None:
    provider, _, now = served
    instrument = first(served)
    earlier = now - timedelta(days=9)
    seen = list(provider.bars(instrument, "1d", now=earlier, limit=10))
    assert seen[-1].time <= earlier
    assert seen == list(provider.bars(instrument, "1d", now=now, end=earlier, limit=10))


def test_bars_when_adjusted_close_at_the_adjusted_close(served: Served) -> None:
    provider, _, now = served
    for bar in provider.bars(first(served), "1d", now=now, limit=20, adjusted=True):
        assert bar.close == bar.adjusted_close
        assert bar.low <= bar.open <= bar.high


def test_history_when_laid_out_is_the_daily_bars_of_each(served: Served) -> None:
    provider, market, now = served
    some = list(provider.instruments(market))[:3]
    history = provider.history(some, now=now, sessions=20)
    assert history.symbols == tuple(each.symbol for each in some)
    assert history.close.shape == (len(some), 20)
    days = [str(day) for day in history.sessions]
    assert days == sorted(set(days))
    for row, each in enumerate(some):
        for bar in provider.bars(each, "1d", now=now, limit=20):
            column = days.index(bar.session)
            for name in ("open", "high", "low", "close", "volume", "adjusted_close"):
                assert getattr(history, name)[row, column] == float(getattr(bar, name))
    assert set(history.sources) == {provider.name}
    assert set(history.simulated) == {provider.simulated}


def test_history_when_of_closes_only_has_the_very_same_closes(served: Served) -> None:
    provider, market, now = served
    some = list(provider.instruments(market))[:3]
    closes = provider.history(some, now=now, sessions=80, closes_only=True)
    days = [str(day) for day in closes.sessions]
    assert (closes.symbols, len(days)) == (tuple(each.symbol for each in some), 80)
    for row, each in enumerate(some):
        for bar in provider.bars(each, "1d", now=now, limit=80):
            column = days.index(bar.session)
            assert closes.close[row, column] == float(bar.close)
            assert closes.adjusted_close[row, column] == float(bar.adjusted_close)
    assert set(closes.sources) == {provider.name}
    assert set(closes.simulated) == {provider.simulated}


def test_bars_when_the_timeframe_is_unknown_name_the_known_ones(served: Served) -> None:
    provider, _, now = served
    with pytest.raises(InvalidParams) as refused:
        provider.bars(first(served), "3m", now=now)
    assert refused.value.details["timeframe"]["allowed"] == list(provider.timeframes)


def test_values_when_given_name_their_source_and_whether_it_invents(served: Served) -> None:
    provider, _, now = served
    quote = provider.quote(first(served), now=now)
    assert (quote.source, quote.simulated) == (provider.name, provider.simulated)
    bars = provider.bars(first(served), "1d", now=now, limit=3)
    assert {each.source for each in bars} == {provider.name}


def reporter(served: Served) -> NewsProvider:
    provider = served[0]
    if not isinstance(provider, NewsProvider):
        pytest.skip(f"{provider.name} has no news")
    return provider


def test_news_when_given_are_whole_ordered_bounded_and_in_the_past(served: Served) -> None:
    provider, now = reporter(served), served[2]
    found = list(provider.news(first(served), now=now, limit=5))
    assert len(found) == 5
    times = [each.published for each in found]
    assert times == sorted(times, reverse=True)
    assert times[0] <= now
    for each in found:
        assert each.published.utcoffset() == timedelta()
        assert each.title
        assert each.source == provider.name


def test_news_when_limited_are_the_newest_of_all(served: Served) -> None:
    provider, now = reporter(served), served[2]
    many = list(provider.news(first(served), now=now, limit=8))
    assert list(provider.news(first(served), now=now, limit=3)) == many[:3]
    assert list(provider.news(first(served), now=now, limit=0)) == []


def test_news_when_looked_at_earlier_show_nothing_of_later(served: Served) -> None:
    provider, now = reporter(served), served[2]
    many = list(provider.news(first(served), now=now, limit=8))
    earlier = many[2].published
    assert list(provider.news(first(served), now=earlier, limit=4)) == many[2:6]


def test_provider_when_asked_says_its_name_and_whether_it_invents(served: Served) -> None:
    provider: Any = served[0]
    assert provider.name in provider_names()
    assert isinstance(provider.simulated, bool)
