"""Companies' figures by Yahoo's quoteSummary."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from tacore.errors import NotFound, Unavailable
from tacore.market.router import Markets
from tacore.methods.analyze_stock import METHOD
from tacore.model import Fundamentals
from tacore.ports import FundamentalsProvider
from tests.support.markets import answer
from tests.support.vendors.serving import serving
from tests.support.vendors.yahoo import YahooServer, summary

PATH = "/v10/finance/quoteSummary/AAPL"
CLOSE = datetime(2024, 3, 12, 20, tzinfo=UTC)
Opened = tuple[YahooServer, Markets]


@pytest.fixture
def us(tmp_path: Path) -> Iterator[Opened]:
    with serving("yahoo", "US", tmp_path) as (server, markets):
        yield cast("YahooServer", server), markets


def figures(
    markets: Markets, symbol: str = "AAPL", market: str = "US", now: datetime | None = None
) -> Fundamentals:
    provider = markets.provider(market)
    assert isinstance(provider, FundamentalsProvider)
    return provider.fundamentals(provider.resolve(symbol, market), now=now or markets.now(market))


def test_figures_when_yahoo_has_them_are_in_percent_and_ratios(us: Opened) -> None:
    _, markets = us
    found = figures(markets)
    assert found == Fundamentals(
        as_of=CLOSE,
        source="yahoo",
        market_cap=3194468958208,
        price_to_earnings=33.314644,
        price_to_book=47.837173,
        price_to_sales=7.978939,
        dividend_yield_pct=0.46781437,
        earnings_per_share=6.42,
        revenue_growth_pct=5.1,
        earnings_growth_pct=7.8,
        profit_margin_pct=24.301,
        return_on_equity_pct=138.015,
        debt_to_equity=1.46994,
    )
    # What the same page says otherwise: the price over its earnings, the dividend over the close before.
    assert found.price_to_earnings == pytest.approx(213.88 / 6.42)
    assert found.dividend_yield_pct == pytest.approx(100 * 1.0 / 213.76)


def test_figures_when_reported_in_another_currency_have_no_ratio_of_price_and_report(tmp_path: Path) -> None:
    with serving("yahoo", "HK", tmp_path) as (_, markets):
        found = figures(markets, "0700", "HK")
    assert (found.price_to_earnings, found.price_to_book, found.price_to_sales) == (None, None, None)
    assert found.earnings_per_share is None
    assert (found.profit_margin_pct, found.debt_to_equity) == (24.301, 1.46994)


def test_figures_when_some_are_null_infinite_or_left_out_lack_those(us: Opened) -> None:
    server, markets = us
    said = summary("AAPL")
    said["summaryDetail"] |= {"trailingPE": "Infinity", "marketCap": {}}
    said["defaultKeyStatistics"]["trailingEps"] = None
    del said["financialData"]["earningsGrowth"]
    server.recorded[PATH] = {"quoteSummary": {"result": [said], "error": None}}
    found = figures(markets)
    assert (found.price_to_earnings, found.market_cap) == (None, None)
    assert (found.earnings_per_share, found.earnings_growth_pct) == (None, None)
    assert found.price_to_book == 47.837173


def test_figures_when_yahoo_has_none_at_all_are_not_found(us: Opened, tmp_path: Path) -> None:
    server, markets = us
    server.recorded[PATH] = {"quoteSummary": {"result": [{"price": summary("AAPL")["price"]}], "error": None}}
    with pytest.raises(NotFound, match="yahoo has no company figures of AAPL"):
        figures(markets)
    with (
        serving("yahoo", "CRYPTO", tmp_path) as (_, coins),
        pytest.raises(NotFound, match="yahoo has no company figures of BTC/USDT"),
    ):
        figures(coins, "BTC-USDT", "CRYPTO")


def test_figures_when_asked_as_of_earlier_are_not_those_of_today(us: Opened) -> None:
    _, markets = us
    with pytest.raises(NotFound, match="only the newest figures of AAPL, of 2024-03-12"):
        figures(markets, now=datetime(2024, 3, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("mode", "reason", "retryable"),
    [
        ("unauthorized", "unauthorized", False),
        ("forbidden", "unauthorized", False),
        ("rate_limited", "rate_limited", True),
        ("server_error", "server_error", True),
        ("malformed", "malformed", True),
        ("nonsense", "malformed", True),
        ("incomplete", "malformed", True),
        ("empty", "empty", True),
    ],
)
def test_figures_when_yahoo_fails_say_why_and_whether_to_retry(
    us: Opened, mode: str, reason: str, retryable: bool
) -> None:
    server, markets = us
    markets.provider("US").resolve("AAPL", "US")
    server.mode = mode
    with pytest.raises(Unavailable) as failed:
        figures(markets)
    assert (failed.value.details["reason"], failed.value.details["vendor"]) == (reason, "yahoo")
    assert failed.value.retryable is retryable


def test_analysis_when_yahoo_serves_the_market_has_its_fundamental_part(us: Opened) -> None:
    _, markets = us
    data = answer(METHOD, {"symbol": "AAPL", "analysis_type": "comprehensive"}, markets)
    assert data["parts"]["fundamental"]["status"] == "ok"
    assert data["fundamentals"]["debt_to_equity"] == 1.46994
    assert data["fundamentals"]["source"] == data["source"] == "yahoo"
    assert data["indicators"]["price_to_earnings"] == {"value": 33.314644, "bar": "2024-03-12"}
