"""Reads of a vendor through the cache: what the vendor is asked, counted by its own loopback server."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tacore.clock import ManualClock
from tacore.errors import NotFound, Unavailable
from tacore.market.lineup import has_remote
from tacore.market.registry import Providers, provider_names
from tacore.market.remembered import Remembered, depth_of
from tacore.market.router import Markets, build_market_data
from tacore.model import Instrument
from tacore.model.cached import CachePolicy
from tacore.model.markets import parse_markets
from tacore.model.providers import parse_providers
from tacore.ports import Cache, MarketDataProvider
from tacore.store.cache.levels import Levels
from tests.support.caches import FOR_PROVIDERS
from tests.support.markets import WALL, wall_us
from tests.support.vendors.guard import loopback_only
from tests.support.vendors.serving import section_of
from tests.support.vendors.yahoo import YahooServer

GONE = Instrument(symbol="GONE", market="US", name="Gone", currency="USD")
PAGES = ("/v7/finance/quote", "/v8/finance/chart")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


class World:
    """Yahoo on the loopback interface, a clock, and a cache that as many services as one likes stand on."""

    def __init__(
        self, server: YahooServer, home: Path, policies: dict[str, CachePolicy] | None = None
    ) -> None:
        self.server = server
        self.clock = ManualClock(wall_us=wall_us(WALL))
        self.cache = Levels(policies or FOR_PROVIDERS, self.clock)
        self._home = home

    def markets(self, *, cache: Cache | None = None, replay: dict[str, object] | None = None) -> Markets:
        """Open the markets as a worker does."""
        options = section_of("yahoo", self._home) | {"base_url": self.server.url}
        configured = Providers(parse_providers({"yahoo": options}, tuple(provider_names())), self._home)
        section = {"provider": "yahoo"} | ({"replay": replay} if replay else {})
        settings = parse_markets({"US": section, "HK": section})
        return build_market_data(
            settings, self.clock, None, configured, cache=self.cache if cache is None else cache
        )

    def known(self, *symbols: str, market: str = "US") -> tuple[MarketDataProvider, list[Instrument]]:
        """Give a provider that has found the instruments; what that took is not counted."""
        provider = self.markets().provider(market)
        found = [provider.resolve(each, market) for each in symbols]
        self.server.asked.clear()
        return provider, found

    @property
    def asked(self) -> list[str]:
        """What the vendor was asked for; its cookie and crumb are not counted."""
        return [
            asked.get("symbols") or path.rpartition("/")[2]
            for path, asked in self.server.asked
            if path.startswith(PAGES)
        ]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with YahooServer() as server:
        yield World(server, tmp_path)


def plain(world: World) -> MarketDataProvider:
    """Give the same market without a cache: what answers have to agree with."""
    options = section_of("yahoo", world._home) | {"base_url": world.server.url}
    configured = Providers(parse_providers({"yahoo": options}, tuple(provider_names())), Path())
    settings = parse_markets({"US": {"provider": "yahoo"}})
    return build_market_data(settings, world.clock, None, configured).provider("US")


def test_quotes_when_many_ask_are_asked_for_once(world: World) -> None:
    one, (apple, ms) = world.known("AAPL", "MSFT")
    other, _ = world.known("AAPL", "MSFT")
    seen = [each.quote(apple, now=WALL) for each in (one, other) for _ in range(5)]
    assert world.asked == ["AAPL"]
    assert seen == [plain(world).quote(apple, now=WALL)] * 10
    world.server.asked.clear()
    assert other.quotes([ms, apple], now=WALL) == plain(world).quotes([ms, apple], now=WALL)
    assert world.asked[0] == "MSFT,AAPL"


def test_quotes_when_some_are_kept_take_one_question_for_the_rest(world: World) -> None:
    provider, (apple, berkshire, ms) = world.known("AAPL", "BRK.B", "MSFT")
    provider.quote(apple, now=WALL)
    provider.quotes([apple, berkshire, ms], now=WALL)
    assert world.asked == ["AAPL", "BRK-B,MSFT"]


def test_daily_bars_when_a_scan_an_analysis_and_a_client_ask_are_asked_for_once(world: World) -> None:
    refresher, (apple,) = world.known("AAPL")
    worker, _ = world.known("AAPL")
    for_scan = refresher.history([apple], now=WALL, sessions=252)
    for_analysis = worker.history([apple], now=WALL, sessions=504)
    for_client = worker.bars(apple, "1d", now=WALL, limit=30)
    assert world.asked == ["AAPL"]
    alone = plain(world)
    assert for_client == alone.bars(apple, "1d", now=WALL, limit=30)
    for found, sessions in ((for_scan, 252), (for_analysis, 504)):
        expected = alone.history([apple], now=WALL, sessions=sessions)
        assert (found.symbols, found.sources, found.simulated) == (("AAPL",), ("yahoo",), (False,))
        assert (found.sessions == expected.sessions).all()
        for name in ("open", "high", "low", "close", "volume", "adjusted_close"):
            assert (getattr(found, name) == getattr(expected, name)).all()


@pytest.mark.parametrize(
    "asked",
    [
        {"timeframe": "1d", "limit": 20, "adjusted": True},
        {"timeframe": "1w", "limit": 20},
        {"timeframe": "1h", "limit": 20},
        {"timeframe": "1d", "limit": 20, "end": WALL - timedelta(days=9)},
        {"timeframe": "1d", "start": WALL - timedelta(days=90)},
    ],
)
def test_bars_when_asked_for_otherwise_are_others_and_kept_too(
    world: World, asked: dict[str, object]
) -> None:
    provider, (apple,) = world.known("AAPL")
    provider.bars(apple, "1d", now=WALL, limit=20)
    found = [provider.bars(apple, now=WALL, **asked) for _ in range(2)]  # type: ignore[arg-type]
    assert len(world.asked) == 2
    assert found == [plain(world).bars(apple, now=WALL, **asked)] * 2  # type: ignore[arg-type]


@pytest.mark.parametrize(("market", "symbol", "ttl_s"), [("HK", "0700", 1.0), ("US", "AAPL", 60.0)])
def test_quote_when_older_than_the_time_of_its_market_is_asked_for_anew(
    world: World, market: str, symbol: str, ttl_s: float
) -> None:
    # At WALL, 06:30 UTC, Hong Kong trades and New York sleeps.
    provider, (share,) = world.known(symbol, market=market)
    counts = []
    for elapsed in (0, 0.5 * ttl_s, 0.9 * ttl_s, ttl_s + 0.01):
        world.clock.advance(elapsed - (world.clock.wall_us() - wall_us(WALL)) / 1e6)
        quote = provider.quote(share, now=WALL + timedelta(seconds=elapsed))
        assert quote.as_of <= WALL + timedelta(seconds=elapsed)
        counts.append(len(world.asked))
    assert counts == [1, 1, 1, 2]


def test_bars_when_a_minute_ends_are_asked_for_anew(world: World) -> None:
    provider, (share,) = world.known("0700", market="HK")
    begun = [provider.bars(share, "1m", now=WALL + timedelta(seconds=at), limit=5) for at in (31, 59)]
    world.clock.advance(60)
    provider.bars(share, "1m", now=WALL + timedelta(seconds=60), limit=5)
    assert len(world.asked) == 2
    assert begun[0] == begun[1]


def test_quote_of_another_moment_is_not_the_present_one(world: World) -> None:
    provider, (apple,) = world.known("AAPL")
    then = WALL - timedelta(days=30)
    present, past = provider.quote(apple, now=WALL), provider.quote(apple, now=then)
    assert past.as_of <= then < present.as_of
    assert past == plain(world).quote(apple, now=then)


def test_quote_of_a_standing_replay_is_kept_while_the_wall_clock_goes_on(world: World) -> None:
    markets = world.markets(replay={"at": "2024-02-14"})
    provider, now = markets.provider("US"), markets.now("US")
    apple = provider.resolve("AAPL", "US")
    world.server.asked.clear()
    first = provider.quote(apple, now=now)
    world.clock.advance(59)
    asked = len(world.asked)
    assert provider.quote(apple, now=markets.now("US")) == first
    assert len(world.asked) == asked
    assert first == plain(world).quote(apple, now=now)


def test_provider_of_a_moving_replay_is_not_remembered(world: World) -> None:
    assert not isinstance(world.markets(replay={"speed": 2}).provider("US"), Remembered)
    assert isinstance(world.markets().provider("US"), Remembered)


@pytest.mark.parametrize("mode", ["server_error", "rate_limited", "malformed", "empty"])
def test_errors_are_not_kept(world: World, mode: str) -> None:
    provider, (apple,) = world.known("AAPL")
    world.server.mode = mode
    with pytest.raises(Unavailable):
        provider.bars(apple, "1d", now=WALL, limit=5)
    world.server.mode = "ok"
    assert len(provider.bars(apple, "1d", now=WALL, limit=5)) == 5
    assert provider.quote(apple, now=WALL).source == "yahoo"


def test_quote_when_there_is_none_says_why_and_is_not_asked_for_with_others_again(world: World) -> None:
    provider, (apple,) = world.known("AAPL")
    assert provider.quotes([GONE, apple], now=WALL)[0] is None
    assert provider.quotes([apple, GONE], now=WALL)[1] is None
    assert world.asked == ["GONE,AAPL"]
    with pytest.raises(NotFound, match="GONE"):
        provider.quote(GONE, now=WALL)


def test_history_when_one_has_no_bars_has_its_empty_row_and_asks_again_after_a_minute(world: World) -> None:
    provider, (apple,) = world.known("AAPL")
    for _ in range(2):
        found = provider.history([GONE, apple], now=WALL, sessions=5)
        assert np.isnan(found.close[0]).all()
        assert (found.close[1] > 0).all()
    assert world.asked.count("GONE") == 1
    assert world.asked.count("AAPL") == 1
    world.clock.advance(61)
    provider.history([GONE, apple], now=WALL + timedelta(seconds=61), sessions=5)
    assert world.asked.count("GONE") == 2
    assert world.asked.count("AAPL") <= 2


def test_resolve_when_asked_again_takes_no_turn_of_the_vendors_rate(world: World) -> None:
    provider, _ = world.known("AAPL")
    guarded = provider._provider  # type: ignore[attr-defined]
    calls: list[object] = []
    guarded._call = calls.append
    assert provider.resolve("AAPL", "US").symbol == "AAPL"
    assert calls == []


def test_reads_when_nothing_shall_be_kept_are_passed_on_as_they_are(tmp_path: Path) -> None:
    none = {name: CachePolicy(0.0, 0.0, 1) for name in FOR_PROVIDERS}
    with YahooServer() as server:
        world = World(server, tmp_path, none)
        provider, (apple, ms) = world.known("AAPL", "MSFT")
        for _ in range(2):
            provider.quotes([apple, ms], now=WALL)
            provider.history([apple], now=WALL, sessions=5)
            provider.bars(apple, "1d", now=WALL, limit=5)
        assert world.asked == ["AAPL,MSFT", "AAPL", "AAPL"] * 2
        assert {each.entries for each in world.cache.report().kinds.values()} == {0}


def test_quote_when_the_cache_holds_nonsense_is_asked_for(world: World) -> None:
    provider, (apple,) = world.known("AAPL")
    world.cache.get("quote", "US:yahoo:AAPL", 60.0, lambda: b'{"quote": 3}', deadline=1e9)
    assert provider.quote(apple, now=WALL) == plain(world).quote(apple, now=WALL)


def test_quotes_when_a_whole_market_is_asked_for_are_not_looked_up_one_by_one(world: World) -> None:
    provider, _ = world.known("AAPL")
    many = [Instrument(symbol=f"S{n}", market="US", name="", currency="USD") for n in range(201)]
    assert len(provider.quotes(many, now=WALL)) == 201
    assert world.cache.report().kinds["quote"].misses == 0


@pytest.mark.parametrize(
    ("timeframe", "limit", "depth"),
    [("1d", 1, 600), ("1d", 600, 600), ("1d", 601, 1200), ("1h", 24, 60), ("1w", 61, 120)],
)
def test_depth_when_asked_for_about_as_many_bars_is_the_same(timeframe: str, limit: int, depth: int) -> None:
    assert depth_of(timeframe, limit) == depth


def test_remote_providers_are_known_by_their_kind() -> None:
    assert not has_remote(parse_markets({"US": {"provider": "sample"}, "SIM": {"provider": "synthetic"}}))
    assert has_remote(parse_markets({"SIM": {"provider": "synthetic"}, "HK": {"provider": "yahoo"}}))
