"""The reading methods on a market of two providers, the preferred of which fails at everything."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.market.anchors import make_anchors
from tacore.market.calendars import Calendars
from tacore.market.chain import chained
from tacore.market.features.refresher import Kept, Refresher
from tacore.market.guard import Guard
from tacore.market.resilient import guarded
from tacore.market.router import Markets
from tacore.market.scan.presets import parse_scan
from tacore.market.scan.tables import TablesOnDisk
from tacore.methods import analyze_stock, evaluate_risk, scan_market
from tacore.model.markets import parse_markets
from tacore.model.providers import ProviderSettings
from tests.support.markets import WALL, answer, wall_us
from tests.support.shaky import Shaky, ShakyWithFigures

SYMBOLS = ("SIM0001", "SIM0002", "SIM0003")
CLOCK = ManualClock(wall_us=wall_us(WALL))


@pytest.fixture
def markets() -> Markets:
    down, well = Shaky("first", *SYMBOLS), ShakyWithFigures("second", *SYMBOLS)
    down.failure = Unavailable("it is down", details={"reason": "server_error"})
    settings = ProviderSettings(retries=0, rate_burst=1000)
    both = chained("SIM", [guarded(each, Guard(each.name, settings, CLOCK)) for each in (down, well)])
    configured = parse_markets({"SIM": {"provider": "synthetic"}})
    anchors = make_anchors(configured, CLOCK.wall_us())
    return Markets({"SIM": both}, anchors, CLOCK, Calendars(), configured)


def test_scan_when_the_first_provider_fails_is_of_the_second(markets: Markets) -> None:
    data = answer(scan_market.METHOD, {"market": "SIM", "symbols": SYMBOLS, "features": ["rsi_14"]}, markets)
    assert (data["source"], data["simulated"], data["scanned"]) == ("second", False, 3)
    assert {each["symbol"] for each in data["opportunities"]} == set(SYMBOLS)
    assert all(0 < each["rsi_14"] < 100 for each in data["opportunities"])
    assert data["warnings"] == []


def test_scan_when_the_refresher_made_the_table_of_the_second_says_so(
    markets: Markets, tmp_path: Path
) -> None:
    refresher = Refresher(tmp_path, markets, {"SIM": Kept("SIM", 5.0, "table", "data")}, CLOCK)
    while refresher.turn() <= 0:
        pass
    tables = TablesOnDisk(tmp_path, {"SIM": "table"}, parse_scan(None).presets, markets, CLOCK)
    data = answer(scan_market.METHOD, {"market": "SIM", "features": ["rsi_14"]}, markets, tables)
    assert (data["source"], data["scanned"]) == ("second", 3)
    assert all(0 < each["rsi_14"] < 100 for each in data["opportunities"])


def test_risk_when_the_first_provider_fails_is_of_the_second(markets: Markets) -> None:
    params = {"portfolio": {"SIM0001": 10, "SIM0002": 5}, "benchmark": "SIM0003", "lookback_days": 60}
    data = answer(evaluate_risk.METHOD, params, markets)
    assert data["source"] == "second"
    assert [each["source"] for each in data["sources"]] == ["second"]
    assert (data["measured"], data["excluded"], data["simulated"]) == (2, [], False)
    assert data["var"] > 0
    assert np.isfinite(data["beta"])
    assert data["liquidity"]["days_to_liquidate"] > 0


def test_analysis_when_the_first_provider_fails_is_of_the_second(markets: Markets) -> None:
    asked: dict[str, Any] = {"symbol": "SIM0002", "market": "SIM", "analysis_type": "comprehensive"}
    data = answer(analyze_stock.METHOD, asked | {"lookback": 60}, markets)
    assert (data["source"], data["simulated"]) == ("second", False)
    assert {each["status"] for each in data["parts"].values()} == {"ok"}
    assert data["fundamentals"]["source"] == "second"
    assert np.isfinite(data["risk"]["beta"])
    assert data["warnings"] == []
