"""What agents are shown, on real providers; the oracle is the sample's CSV, read here by itself."""

import csv
import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import tacore.market
from tacore.analysis.agents.data import TOOLS, AgentData
from tacore.analysis.agents.span import span_of
from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.market.router import Markets
from tacore.model import Fundamentals, Instrument
from tacore.model.history import History
from tacore.model.jobs import Ask, ToolCall
from tests.support.markets import open_markets

CLOCK_US = 1_700_000_000_000_000


def asked(symbol: str = "AAPL", day: str = "2013-03-01", **changes: Any) -> Ask:
    made = Ask(
        engine="tradingagents",
        market="US",
        symbol=symbol,
        date=day,
        analysts=("market",),
        debate_rounds=1,
        risk_rounds=1,
        quick_model="q",
        deep_model="d",
    )
    return msgspec.structs.replace(made, **changes)


def look(
    tool: str = "prices", ask: Ask | None = None, markets: Markets | None = None, **arguments: Any
) -> tuple[str, ToolCall]:
    data = AgentData(markets or open_markets(), ManualClock(wall_us=CLOCK_US))
    return data.answer(ask or asked(), "Market Analyst", tool, arguments)


def days_in(text: str) -> list[str]:
    return re.findall(r"^\| (\d{4}-\d\d-\d\d) \|", text, re.MULTILINE)


def sample(symbol: str, last: str) -> list[dict[str, str]]:
    """Read a symbol's lines of the CSV up to a day."""
    path = Path(tacore.market.__file__).parent / "data" / "sample_daily.csv.gz"
    with gzip.open(path, "rt", encoding="ascii") as lines:
        return [row for row in csv.DictReader(lines) if row["symbol"] == symbol and row["session"] <= last]


class Around:
    """A provider around the sample's."""

    def __init__(self) -> None:
        self.inner: Any = open_markets().provider("US")
        for name in ("name", "simulated", "timeframes", "instruments", "bars", "quote", "quotes", "revision"):
            setattr(self, name, getattr(self.inner, name))

    def resolve(self, symbol: str, market: str) -> Instrument:
        found: Instrument = self.inner.resolve(symbol, market)
        return found

    def history(self, instruments: list[Instrument], **asked: Any) -> History:
        found: History = self.inner.history(instruments, **asked)
        return found


class AnotherFuture(Around):
    """The same past, and after a day another course, with a 7-for-1 split in it."""

    def __init__(self, last: str) -> None:
        super().__init__()
        self.last = np.datetime64(last)
        self.seen_beyond = False

    def history(self, instruments: list[Instrument], **asked: Any) -> History:
        found = super().history(instruments, **asked)
        later = found.sessions > self.last
        self.seen_beyond |= bool(later.any())
        changed = {
            name: np.where(later, 1_000_000.0, getattr(found, name))
            for name in ("open", "high", "low", "close", "volume")
        }
        adjusted = np.where(later, 3.0, found.adjusted_close / 7)
        return History(
            found.symbols, found.sources, found.simulated, found.sessions, **changed, adjusted_close=adjusted
        )


class Figures(Around):
    """The sample with company figures of one moment."""

    def __init__(self, figures: Fundamentals) -> None:
        super().__init__()
        self.figures = figures

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        return self.figures


class Down(Around):
    """A provider that is away."""

    def history(self, instruments: list[Instrument], **asked: Any) -> History:
        raise Unavailable("sample does not answer")


class Broken(Around):
    """A provider with an error of its own."""

    def history(self, instruments: list[Instrument], **asked: Any) -> History:
        raise ZeroDivisionError("secret detail")

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        raise ZeroDivisionError("secret detail")


def with_provider(provider: Any) -> Markets:
    markets = open_markets()
    markets._providers["US"] = provider
    return markets


@pytest.mark.parametrize(
    ("market", "close", "sessions"),
    [
        ("US", "2013-03-01T21:00:00+00:00", 252),  # 16:00 in New York, in winter
        ("CN", "2013-03-01T07:00:00+00:00", 252),  # 15:00 in Shanghai
        ("HK", "2013-03-01T08:00:00+00:00", 252),
        ("CRYPTO", "2013-03-02T00:00:00+00:00", 365),
    ],
)
def test_market_when_asked_tells_a_days_close_and_the_sessions_of_a_year(
    market: str, close: str, sessions: int
) -> None:
    markets = open_markets()
    assert markets.close(market, date(2013, 3, 1)).isoformat() == close
    assert markets.sessions_per_year(market) == sessions


# -- prices ----------------------------------------------------------------------------------------


def test_prices_when_asked_end_with_the_days_bar_and_say_where_they_are_from() -> None:
    text, call = look()
    first, rest = text.split("\n", 1)
    assert first == (
        "Source: sample; data: real; as of: 2013-03-01; nothing after the close of 2013-03-01 is shown; "
        "the market is a replay of the past."
    )
    assert "| 2013-03-01 | 438 | 438.1799 | 429.98 | 430.47 | 19730300 | 430.47 |" in rest
    assert (len(days_in(text)), days_in(text)[-1]) == (30, "2013-03-01")
    assert call == ToolCall(
        at_us=CLOCK_US,
        node="Market Analyst",
        tool="prices",
        source="sample",
        as_of="2013-03-01",
        size=len(text),
    )


def test_prices_when_a_split_is_between_show_raw_and_adjusted() -> None:
    """AAPL split 2 for 1 after 2005-02-25: 88.99 then is 44.495 in the prices of the day after."""
    text, _ = look(ask=asked(day="2005-02-28"))
    assert "| 2005-02-25 | 89.62 | 89.91 | 88.19 | 88.99 | 16348400 | 44.495 |" in text
    assert "- 1 session (since 2005-02-25): +0.82 %" in text  # 44.86 / 44.495


@pytest.mark.parametrize(("symbol", "day"), [("AAPL", "2005-02-28"), ("IBM", "2008-11-06")])
def test_returns_and_range_when_written_are_those_of_the_file(symbol: str, day: str) -> None:
    text, _ = look(ask=asked(symbol, day))
    rows = sample(symbol, day)
    closes = [float(row["adjusted_close"]) for row in rows]
    for sessions in (5, 20, 60, 120, 250):
        told = re.search(rf"- {sessions} sessions \(since (\S+)\): ([+-][\d.]+) %", text)
        assert told is not None
        assert told[1] == rows[-1 - sessions]["session"]
        assert float(told[2]) == pytest.approx((closes[-1] / closes[-1 - sessions] - 1) * 100, abs=0.011)
    first = date.fromisoformat(day) - timedelta(weeks=52)
    year = [each for each, row in zip(closes, rows, strict=True) if row["session"] > str(first)]
    scale = float(rows[-1]["close"]) / closes[-1]
    low, high = re.findall(r"low ([\d.]+), high ([\d.]+)", text)[0]
    assert float(low) == pytest.approx(min(year) * scale, rel=2e-4)
    assert float(high) == pytest.approx(max(year) * scale, rel=2e-4)
    average = sum(closes[-20:]) / 20 * scale
    sma = re.findall(r"- sma_20: ([\d.]+)", text)[0]
    assert float(sma) == pytest.approx(average, rel=2e-4)


def test_seen_when_asked_is_the_close_and_the_range_of_the_year() -> None:
    seen = AgentData(open_markets(), ManualClock()).seen(asked())
    assert (str(seen.price), seen.currency, seen.source, seen.as_of) == (
        "430.47",
        "USD",
        "sample",
        "2013-03-01",
    )
    rows = [float(row["close"]) for row in sample("AAPL", "2013-03-01") if row["session"] > "2012-03-02"]
    assert float(seen.high or 0) == pytest.approx(max(rows), rel=0.02)  # less the dividends since
    assert (str(seen.low), seen.simulated, seen.stale) == ("430.47", False, False)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"end": "2005-06-30"},
        {"start": "2005-01-03", "end": "2099-01-01"},
        {"start": "2005-06-01", "lookback_days": 5},
        {"lookback_days": 365},
    ],
)
def test_answer_when_the_future_is_another_is_the_same(tool: str, arguments: dict[str, Any]) -> None:
    ask, other = asked(day="2005-02-25"), AnotherFuture("2005-02-25")
    told, call = look(tool, ask, with_provider(other), **arguments)
    assert (told, call) == look(tool, ask, **arguments)
    assert max(days_in(told), default="") <= "2005-02-25"
    assert not other.seen_beyond


def test_answer_when_the_date_is_later_would_show_the_other_future() -> None:
    other = AnotherFuture("2005-02-25")
    assert "1000000" in look(ask=asked(day="2005-03-01"), markets=with_provider(other))[0]
    assert other.seen_beyond


def test_prices_when_the_end_is_earlier_stand_at_that_day() -> None:
    text, call = look(ask=asked(day="2013-03-01"), end="2005-02-25", lookback_days=7)
    assert call.as_of == "2005-02-25"
    assert days_in(text) == ["2005-02-18", "2005-02-22", "2005-02-23", "2005-02-24", "2005-02-25"]
    assert "| 88.99 | 16348400 | 88.99 |" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"start": "soon"}, "start 'soon' is no date"),
        ({"end": "2099-01-01"}, "end 2099-01-01 lies after 2013-03-01"),
        ({"start": "2099-01-01"}, "start 2099-01-01 lies after 2013-03-01, and is left out"),
        ({"lookback_days": "many"}, "lookback_days 'many' is no number"),
        ({"lookback_days": -3}, "lookback_days '-3' is no number"),
        ({"end": "0001-01-01", "lookback_days": 30}, "NO DATA: AAPL has no daily bar by 0001-01-01"),
        ({"lookback_days": 400}, "earlier sessions of what was asked for are left out"),
        ({"indicators": ["rsi", "vwma"]}, "- vwma: not computed here"),
        ({"start": "2013-02-23", "end": "2013-02-24"}, "No session ended from 2013-02-23 to 2013-02-24"),
    ],
)
def test_prices_when_an_argument_makes_no_sense_say_so_and_go_on(
    arguments: dict[str, Any], says: str
) -> None:
    text, call = look("prices", None, None, **arguments)
    assert says in text
    assert call.error == "" or call.error in says


def test_prices_when_indicators_are_named_give_these_alone() -> None:
    text, _ = look(indicators="rsi,close_50_sma")
    found = re.findall(r"^- (\w+_\d+): [\d.]+", text, re.MULTILINE)
    assert found == ["rsi_14", "sma_50"]


def test_prices_when_the_history_is_short_say_what_it_lacks() -> None:
    text, _ = look(ask=asked("FB", "2012-05-25"))
    assert len(days_in(text)) == 6
    assert "- 20 sessions: unknown, the history has 6 sessions" in text
    assert "- sma_20: unknown, it needs 20 bars, there are 6" in text


def test_prices_when_there_is_no_bar_yet_are_none_and_nothing_may_be_invented() -> None:
    text, call = look(ask=asked("FB", "2012-05-17"))
    assert text.startswith("Source: none; data: none;")
    assert "NO DATA: FB has no daily bar by 2012-05-17" in text
    assert "Nothing may be invented" in text
    assert call.error == "FB has no daily bar by 2012-05-17"
    assert AgentData(open_markets(), ManualClock()).seen(asked("FB", "2012-05-17")).error == call.error


def test_prices_when_the_provider_is_away_are_none() -> None:
    _, call = look(markets=with_provider(Down()))
    assert call.error == "sample does not answer"


def test_span_when_it_would_begin_before_all_days_says_so() -> None:
    span = span_of({"end": "0001-01-01", "lookback_days": 30}, date(2013, 3, 1))
    assert (span.start, span.end) == (None, date(1, 1, 1))
    assert span.notes == ["30 days before 0001-01-01 there is no date, and lookback_days is left out."]


@pytest.mark.parametrize("tool", ["prices", "fundamentals"])
def test_answer_when_data_fails_unexpectedly_is_none_and_logged(
    tool: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, call = look(tool, markets=with_provider(Broken()))
    assert "NO DATA" in text
    assert call.error == f"{tool} of AAPL failed unexpectedly (ZeroDivisionError); the log says why"
    assert "agent_data_failed" in caplog.text and "secret detail" in caplog.text
    assert "secret detail" not in text


def test_seen_when_data_fails_unexpectedly_says_so(caplog: pytest.LogCaptureFixture) -> None:
    seen = AgentData(with_provider(Broken()), ManualClock()).seen(asked())
    assert (seen.price, seen.error) == (
        None,
        "prices of AAPL failed unexpectedly (ZeroDivisionError); the log says why",
    )
    assert "agent_data_failed" in caplog.text


def test_prices_when_the_last_session_is_missing_are_stale() -> None:
    """The sample ends on Friday 2013-03-01; the Monday after had a session."""
    raw = {"US": {"provider": "sample", "replay": {"at": "2013-03-05"}}}
    text, call = look(ask=asked(day="2013-03-04"), markets=open_markets(raw))
    assert (call.stale, call.as_of) == (True, "2013-03-01")
    assert "STALE: the last bar is of 2013-03-01, but the market had a session on 2013-03-04." in text
    assert "as of: 2013-03-01; STALE;" in text.split("\n")[0]


@pytest.mark.parametrize("day", ["2013-02-24", "2013-02-18", "2012-12-25"])  # Sunday, two holidays
def test_prices_when_the_day_had_no_session_are_not_stale(day: str) -> None:
    assert not look(ask=asked(day=day))[1].stale


def test_prices_when_the_market_is_invented_are_marked() -> None:
    ask = asked("600519", "2024-03-12", market="CN")
    text, call = look(ask=ask, symbol="600519.SS")
    assert call.simulated
    assert text.startswith("Source: synthetic; data: SIMULATED, invented by a generator; as of: 2024-03-12;")


@pytest.mark.parametrize("name", ["symbol", "ticker", "stock_code"])
@pytest.mark.parametrize("tool", TOOLS)
def test_answer_when_another_symbol_is_asked_for_is_refused(name: str, tool: str) -> None:
    text, call = look(tool, None, None, **{name: "MSFT"})
    assert call.error == "only AAPL may be looked at in this analysis, not 'MSFT'"
    assert "430.47" not in text


# -- the other tools -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "error"),
    [
        ("news", "sample has no news, of AAPL or any other instrument"),
        (
            "sentiment",
            "tacore has no provider of social media, and of the press: "
            "sample has no news, of AAPL or any other instrument",
        ),
    ],
)
def test_news_and_sentiment_when_nobody_has_any_may_not_be_invented(tool: str, error: str) -> None:
    text, call = look(tool, days=7)
    assert f"NO DATA: {error}." in text
    assert f"No {tool} can be given here. Nothing may be invented" in text
    assert call.error == error
    assert len(text) > 100  # TradingAgents-CN takes shorter news for none, and asks the network


def test_tool_when_there_is_none_of_that_name_is_said() -> None:
    assert "there are: prices, fundamentals" in look("weather")[1].error


def test_fundamentals_when_published_are_shown_with_their_date() -> None:
    figures = Fundamentals(
        as_of=datetime(2013, 1, 31, tzinfo=UTC), source="yahoo", price_to_earnings=9.75, market_cap=4.042e11
    )
    text, call = look("fundamentals", markets=with_provider(Figures(figures)))
    assert text.startswith("Source: yahoo; data: real; as of: 2013-01-31;")
    assert "- price_to_earnings: 9.75\n" in text
    assert "- market_cap: 404200000000 USD\n" in text
    assert "- price_to_book: unknown\n" in text
    assert (call.as_of, call.source, call.stale, call.error) == ("2013-01-31", "yahoo", False, "")


def test_fundamentals_when_published_later_are_not_shown() -> None:
    figures = Fundamentals(as_of=datetime(2013, 3, 4, tzinfo=UTC), source="yahoo", price_to_earnings=9.75)
    text, call = look("fundamentals", markets=with_provider(Figures(figures)))
    assert "9.75" not in text
    assert "after the close of 2013-03-01" in call.error


def test_fundamentals_when_older_than_a_year_and_a_bit_are_stale() -> None:
    figures = Fundamentals(as_of=datetime(2012, 1, 1, tzinfo=UTC), source="yahoo", price_to_earnings=9.75)
    assert look("fundamentals", markets=with_provider(Figures(figures)))[1].stale


def test_fundamentals_when_the_provider_has_none_are_none() -> None:
    _, call = look("fundamentals")
    assert call.error == "sample has no company figures of AAPL"


def test_info_when_asked_names_the_instrument_and_nothing_later() -> None:
    text, call = look("info", asked("GOOG"))
    assert "Name: Google Inc. Class A\nSymbol: GOOG\nMarket: US\nCurrency: USD\nSector: technology" in text
    assert "2014" not in text
    assert (call.source, call.error) == ("sample", "")


def test_info_when_asked_by_tradingagents_cn_has_the_line_that_it_reads() -> None:
    assert "\n股票名称: Apple Inc.\n" in look("info", asked(engine="tradingagents_cn"))[0]


def test_call_when_an_argument_is_long_keeps_its_beginning() -> None:
    _, call = look("news", note="x" * 5000, many=["a"])
    assert call.arguments == {"note": "x" * 200 + "…", "many": '["a"]'}


def test_answer_when_asked_from_many_threads_is_the_same() -> None:
    data = AgentData(open_markets(), ManualClock())
    with ThreadPoolExecutor(8) as threads:
        texts = set(threads.map(lambda _: data.answer(asked(), "n", "prices", {})[0], range(32)))
    assert len(texts) == 1
