"""News of each vendor that has any, by its real library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import NotFound, Unavailable
from tacore.market.router import Markets
from tacore.market.vendors.news import article, plain
from tacore.model import NewsItem
from tacore.ports import FundamentalsProvider, NewsProvider
from tests.support.vendors import alpaca, eastmoney, press, tape, yahoo
from tests.support.vendors.server import VendorServer
from tests.support.vendors.serving import markets_of, serving

WITH_NEWS = {("yahoo", "US"): "AAPL", ("akshare", "CN"): "600519", ("alpaca", "US"): "AAPL"}
PAGES = {"yahoo": yahoo.NEWS, "akshare": eastmoney.NEWS, "alpaca": "/v1beta1/news"}
REFUSALS = {
    "unauthorized": ("unauthorized", False),
    "rate_limited": ("rate_limited", True),
    "server_error": ("server_error", True),
    "malformed": ("malformed", True),
    "nonsense": ("malformed", True),
    "incomplete": ("malformed", True),
}


@dataclass
class Reading:
    """A provider of news and its vendor."""

    server: VendorServer
    markets: Markets
    name: str
    market: str

    def news(self, now: datetime | None = None, limit: int = 5) -> Sequence[NewsItem]:
        provider = self.markets.provider(self.market)
        assert isinstance(provider, NewsProvider)
        found = provider.resolve(WITH_NEWS[self.name, self.market], self.market)
        return provider.news(found, now=now or tape.PRESENT, limit=limit)


@pytest.fixture(params=WITH_NEWS, ids="-".join)
def reading(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reading]:
    name, market = request.param
    with serving(name, market, tmp_path) as (server, markets):
        markets.provider(market).resolve(WITH_NEWS[request.param], market)
        yield Reading(server, markets, name, market)


def numbers(items: Sequence[NewsItem]) -> list[int]:
    return [int(each.title.split()[1]) for each in items]


def test_news_when_the_vendor_has_some_are_the_newest_by_now_as_plain_text(reading: Reading) -> None:
    found = reading.news()
    assert numbers(found) == [1, 2, 3, 4, 5]  # 0 is to come
    first = found[0]
    assert first.published == tape.PRESENT + timedelta(minutes=5) - press.EVERY
    assert first.published.utcoffset() == timedelta()
    assert first.title == "Title 1 & more"
    assert first.summary.startswith("Summary 1.")
    assert "<" not in first.summary
    assert (first.source, bool(first.publisher)) == (reading.name, True)
    assert first.url.startswith("http")


def test_news_when_looked_at_earlier_show_nothing_of_later(reading: Reading) -> None:
    then = tape.PRESENT - timedelta(days=1)
    found = reading.news(then)
    assert numbers(found)[:3] == [4, 5, 6]
    assert all(each.published <= then for each in found)


def test_news_when_the_vendor_has_none_are_an_empty_answer(reading: Reading) -> None:
    reading.server.mode = "empty"
    assert list(reading.news()) == []


def test_news_when_asked_as_of_before_all_that_there_are_say_so(reading: Reading) -> None:
    with pytest.raises(NotFound, match=rf"^{reading.name} has (only the latest|no) news of"):
        reading.news(datetime(2013, 3, 1, 21, tzinfo=UTC))


@pytest.mark.parametrize("mode", REFUSALS)
def test_news_when_the_vendor_fails_say_why_and_whether_to_retry(reading: Reading, mode: str) -> None:
    reading.server.mode = mode
    with pytest.raises(Unavailable) as failed:
        reading.news()
    details = failed.value.details
    assert (details["reason"], failed.value.retryable) == REFUSALS[mode]
    assert details["vendor"] == reading.name


def test_news_when_the_vendor_fails_are_not_asked_for_again_and_again(reading: Reading) -> None:
    reading.server.mode = "server_error"
    with pytest.raises(Unavailable):
        reading.news()
    assert len([path for path, _ in reading.server.asked if path == PAGES[reading.name]]) == 1


def test_news_when_refused_are_left_alone_and_prices_are_not(reading: Reading) -> None:
    provider = reading.markets.provider(reading.market)
    instrument = provider.resolve(WITH_NEWS[reading.name, reading.market], reading.market)
    reading.server.mode = "forbidden"
    for reason in ("unauthorized", "circuit_open"):
        with pytest.raises(Unavailable, match=f"^{reading.name}") as failed:
            reading.news()
        assert failed.value.details["reason"] == reason
    reading.server.mode = "ok"
    assert len(provider.bars(instrument, "1d", now=tape.PRESENT, limit=3)) == 3


def test_news_when_nobody_is_there_are_a_matter_of_the_connection(reading: Reading) -> None:
    reading.server.close()
    with pytest.raises(Unavailable) as failed:
        reading.news()
    assert (failed.value.details["reason"], failed.value.retryable) == ("connection", True)


@pytest.mark.parametrize(("name", "market"), WITH_NEWS)
def test_news_when_the_vendor_hangs_end_at_the_timeout(name: str, market: str, tmp_path: Path) -> None:
    with serving(name, market, tmp_path, timeout_s=0.3) as (server, markets):
        provider = markets.provider(market)
        assert isinstance(provider, NewsProvider)
        instrument = provider.resolve(WITH_NEWS[name, market], market)
        server.mode = "hang"
        with pytest.raises(Unavailable) as failed:
            provider.news(instrument, now=tape.PRESENT, limit=5)
        assert (failed.value.details["reason"], failed.value.retryable) == ("timeout", True)


@pytest.mark.parametrize(
    ("name", "market", "has"),
    [
        ("yahoo", "HK", True),
        ("yahoo", "CRYPTO", True),
        ("akshare", "HK", False),
        ("ccxt", "CRYPTO", False),
    ],
)
def test_provider_when_it_has_no_news_of_a_market_does_not_offer_any(
    name: str, market: str, has: bool, tmp_path: Path
) -> None:
    provider = markets_of(name, market, tmp_path).provider(market)
    assert isinstance(provider, NewsProvider) is has
    assert isinstance(provider, FundamentalsProvider) is (name == "yahoo")


# -- yahoo -----------------------------------------------------------------------------------------


def stream(*items: object) -> dict[str, object]:
    return {"data": {"tickerStream": {"stream": list(items)}}}


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Reading]:
    with serving("yahoo", "US", tmp_path) as (server, markets):
        yield Reading(server, markets, "yahoo", "US")


def test_yahoo_when_its_stream_is_of_the_older_shape_is_read_too(ours: Reading) -> None:
    """As https://github.com/ranaroussi/yfinance/pull/855 shows it."""
    ours.server.recorded[yahoo.NEWS] = stream(
        {
            "link": "https://finance.yahoo.com/m/ddd026e3/dow-jones-futures.html",
            "providerPublishTime": 1634395226,
            "publisher": "Investor's Business Daily",
            "title": "Dow Jones Futures: Microsoft, Tesla Rival Xpeng Are Buys",
            "type": "STORY",
            "uuid": "ddd026e3-ff8c-36f6-8d71-d81ee9cdd15a",
        }
    )
    assert list(ours.news()) == [
        NewsItem(
            published=datetime(2021, 10, 16, 14, 40, 26, tzinfo=UTC),
            title="Dow Jones Futures: Microsoft, Tesla Rival Xpeng Are Buys",
            publisher="Investor's Business Daily",
            url="https://finance.yahoo.com/m/ddd026e3/dow-jones-futures.html",
            source="yahoo",
        )
    ]


def test_yahoo_when_an_article_was_changed_after_now_does_not_show_it(ours: Reading) -> None:
    changed: Any = yahoo.story(press.Article(7, tape.PRESENT - timedelta(hours=2)))
    changed["content"]["displayTime"] = (tape.PRESENT + timedelta(hours=1)).isoformat()
    older = yahoo.story(press.Article(8, tape.PRESENT - timedelta(hours=3)))
    ours.server.recorded[yahoo.NEWS] = stream(changed, older)
    assert numbers(ours.news()) == [8]


def test_yahoo_when_some_articles_lack_title_or_date_has_the_others(ours: Reading) -> None:
    nameless, undated, whole = (
        yahoo.story(press.Article(n, tape.PRESENT - timedelta(hours=n))) for n in (1, 2, 3)
    )
    nameless["content"] |= {"title": None}  # type: ignore[operator]
    undated["content"] |= {"pubDate": None, "displayTime": ""}  # type: ignore[operator]
    whole["content"] |= {"provider": None, "summary": None}  # type: ignore[operator]
    ours.server.recorded[yahoo.NEWS] = stream(nameless, undated, whole, whole)
    (found,) = ours.news()
    assert (found.title, found.publisher, found.summary) == ("Title 3 & more", "", "")


def test_yahoo_when_asked_names_the_symbol_and_wants_more_than_are_shown(ours: Reading) -> None:
    ours.news()
    _, asked = next(each for each in ours.server.asked if each[0] == yahoo.NEWS)
    assert (asked["queryRef"], asked["serviceKey"]) == ("latestNews", "ncp_fin")
    assert asked["body"].replace(" ", "") == '{"serviceConfig":{"snippetCount":50,"s":["AAPL"]}}'


# -- alpaca ----------------------------------------------------------------------------------------


def test_alpaca_when_many_are_wanted_gives_them_page_by_page(tmp_path: Path) -> None:
    with serving("alpaca", "US", tmp_path) as (server, markets):
        reading = Reading(server, markets, "alpaca", "US")
        assert numbers(reading.news(limit=30)) == list(range(1, 31))
        asked = [params for path, params in server.asked if path == PAGES["alpaca"]]
        assert [each.get("page_token") for each in asked] == [None, "20"]
        assert {(each["symbols"], each["sort"]) for each in asked} == {("AAPL", "desc")}
        assert datetime.fromisoformat(asked[0]["end"]) == tape.PRESENT


def test_alpaca_when_an_article_was_changed_after_now_does_not_show_it(tmp_path: Path) -> None:
    with serving("alpaca", "US", tmp_path) as (server, markets):
        changed = alpaca.story(press.Article(1, tape.PRESENT - timedelta(hours=2)))
        changed["updated_at"] = (tape.PRESENT + timedelta(days=1)).isoformat()
        server.recorded[PAGES["alpaca"]] = {"news": [changed], "next_page_token": None}
        assert list(Reading(server, markets, "alpaca", "US").news()) == []


# -- akshare ---------------------------------------------------------------------------------------


def test_akshare_when_asked_searches_for_the_code_and_gives_ten_at_most(tmp_path: Path) -> None:
    with serving("akshare", "CN", tmp_path) as (server, markets):
        found = Reading(server, markets, "akshare", "CN").news(limit=30)
        assert numbers(found) == list(range(1, 10))  # the tenth is to come
        assert found[0].summary == "Summary 1.600519"
        (asked,) = [params for path, params in server.asked if path == PAGES["akshare"]]
        assert '"keyword": "600519"' in asked["param"]


# -- text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("AT&amp;T&#39;s <b>gain</b>", "AT&T's gain"),
        ("<p>One</p>\n<p>two</p>", "One two"),
        ("P/E < 10 and growth > 5", "P/E < 10 and growth > 5"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_text_when_it_has_tags_and_entities_is_plain(told: object, text: str) -> None:
    assert plain(told) == text


def test_article_when_its_address_is_no_web_page_has_none() -> None:
    made = article(tape.PRESENT, "t", "", "", "javascript:alert(1)", "yahoo")
    assert made is not None
    assert made.url == ""
