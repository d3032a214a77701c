"""Processes that read a vendor through one Redis: what the vendor was asked, by its own count."""

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from tacore.bootstrap.cache import build_cache
from tacore.clock import SystemClock
from tacore.model import Instrument
from tacore.ports import Cache
from tacore.settings.load import load_settings
from tacore.store.cache.guard import Guard
from tacore.store.cache.levels import Bounds, Levels
from tacore.store.cache.redis_level import RedisLevel
from tests.support.caches import FOR_PROVIDERS, PAUSE_S, Computation, soon
from tests.support.markets import WALL, open_markets
from tests.support.redis_server import RedisServer, needs_redis
from tests.support.service import wait_until
from tests.support.vendors.guard import loopback_only
from tests.support.vendors.serving import section_of
from tests.support.vendors.yahoo import YahooServer

pytestmark = needs_redis
APPLE = Instrument(symbol="AAPL", market="US", name="Apple", currency="USD")
PAGES = ("/v7/finance/quote", "/v8/finance/chart")


def _read(redis_url: str, vendor_url: str, home: Path, go: Path) -> None:
    """Read quote, history and bars as a worker process does; leave what was seen beside the home."""
    guard = Guard(RedisLevel(redis_url, timeout_s=5.0, max_connections=5), SystemClock(), PAUSE_S)
    guard.start(5.0)
    cache = Levels(FOR_PROVIDERS, SystemClock(), guard, Bounds(wait_s=30))
    options = section_of("yahoo", home) | {"base_url": vendor_url}
    provider = open_markets({"US": {"provider": "yahoo"}}, WALL, {"yahoo": options}, home, cache).provider(
        "US"
    )
    (home / "ready").touch()
    wait_until(go.exists, "all are ready", 120)
    quote = provider.quote(APPLE, now=WALL)
    history = provider.history([APPLE], now=WALL, sessions=252)
    bars = provider.bars(APPLE, "1d", now=WALL, limit=30)
    seen = [str(quote), history.close.tolist(), [str(each) for each in bars]]
    (home / "seen").write_text(json.dumps(seen), encoding="utf-8")
    cache.close()


def test_vendor_when_two_processes_read_the_same_at_once_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback_only(monkeypatch)
    spawn, go = multiprocessing.get_context("spawn"), tmp_path / "go"
    homes = [tmp_path / name for name in ("one", "other")]
    with RedisServer() as redis, YahooServer() as vendor:
        children = []
        for home in homes:
            home.mkdir()
            children.append(spawn.Process(target=_read, args=(redis.url, vendor.url, home, go)))
            children[-1].start()
        wait_until(lambda: all((home / "ready").exists() for home in homes), "both are ready", 120)
        go.touch()
        for each in children:
            each.join(60)
        assert [each.exitcode for each in children] == [0, 0]
        asked = sorted(path for path, _ in vendor.asked if path.startswith(PAGES))
        assert asked == ["/v7/finance/quote", "/v8/finance/chart/AAPL"]
        keys = [each for each in redis.keys("tacore:*") if ":lock:" not in each]
    one, other = [(home / "seen").read_text(encoding="utf-8") for home in homes]
    assert one == other
    assert keys == ["tacore:bars:US:yahoo:AAPL:1d:600:closed@20240313T060000Z", "tacore:quote:US:yahoo:AAPL"]


def _cache_of(url: str, folder: Path, trading: str) -> Cache:
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "trading_config.yaml").write_text(trading, encoding="utf-8")
    return build_cache(load_settings({"redis.url": url}, environ={}, cwd=folder))


@pytest.mark.parametrize(
    "change",
    ["  min_observations: 61", "  stress:\n    crash: {market: -0.3}"],
)
def test_answers_when_the_trading_configuration_is_another_are_not_shared(
    tmp_path: Path, change: str
) -> None:
    same = "markets: {US: {provider: sample}}\nrisk:\n  min_observations: 60\n"
    other = f"markets: {{US: {{provider: sample}}}}\nrisk:\n{change}\n"
    hits: list[Any] = []
    with RedisServer() as redis:
        for number, trading in enumerate((same, same, other)):
            cache = _cache_of(redis.url, tmp_path / str(number), trading)
            hits.append(cache.get("risk", "a", 60.0, Computation(), deadline=soon()).hit)
            cache.close()
    assert hits == [False, True, False]
