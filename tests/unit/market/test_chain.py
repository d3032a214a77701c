"""Several providers of one market: who answers, and what is said where nobody does."""

from typing import Any

import numpy as np
import pytest

from tacore.clock import ManualClock
from tacore.errors import ConfigurationError, InvalidParams, NotFound, Unavailable
from tacore.market import registry
from tacore.market.anchors import make_anchors
from tacore.market.calendars import Calendars
from tacore.market.chain import Chain, chained
from tacore.market.guard import Guard
from tacore.market.history import merge_histories
from tacore.market.registry import ProviderKind, provider_kinds
from tacore.market.resilient import guarded
from tacore.market.router import Markets
from tacore.model.markets import MarketSettings, parse_markets
from tacore.model.providers import ProviderSettings
from tacore.ports import FundamentalsProvider, NewsProvider
from tests.support.markets import WALL
from tests.support.shaky import Shaky, ShakyWithBoth, ShakyWithFigures, ShakyWithNews

DOWN = Unavailable("it is down", details={"reason": "server_error", "retry_after_ms": 700})
SYMBOLS = ("SIM0001", "SIM0002", "SIM0003")


def chain(*members: Shaky) -> Chain:
    settings = ProviderSettings(retries=0, rate_burst=1000, breaker_failures=1000)
    return chained("SIM", [guarded(each, Guard(each.name, settings, ManualClock())) for each in members])


def pair(
    first: tuple[str, ...] = SYMBOLS[:2], second: tuple[str, ...] = SYMBOLS
) -> tuple[Shaky, Shaky, Chain]:
    one, two = Shaky("one", *first), Shaky("two", *second, timeframes=("1h", "1d"))
    return one, two, chain(one, two)


def test_chain_when_made_has_every_members_name_and_timeframes() -> None:
    _, _, both = pair()
    assert both.name == "one,two"
    assert both.timeframes == ("1h", "1d", "1w")
    assert both.simulated is False


def test_quotes_when_the_first_lacks_some_take_those_from_the_second() -> None:
    _, _, both = pair()
    instruments = [both.resolve(each, "SIM") for each in SYMBOLS]
    quotes = both.quotes(instruments, now=WALL)
    assert [each and each.source for each in quotes] == ["one", "one", "two"]
    assert quotes == [both.quote(each, now=WALL) for each in instruments]


def test_quotes_when_the_first_is_down_come_from_the_second() -> None:
    one, _, both = pair()
    instruments = [both.resolve(each, "SIM") for each in SYMBOLS]
    one.failure = DOWN
    assert [each and each.source for each in both.quotes(instruments, now=WALL)] == ["two"] * 3


def test_quotes_when_every_provider_is_down_are_unavailable_with_each_reason() -> None:
    one, two, both = pair()
    instruments = [both.resolve(each, "SIM") for each in SYMBOLS]
    one.failure, two.failure = (
        DOWN,
        Unavailable("bad key", details={"reason": "unauthorized"}, retryable=False),
    )
    with pytest.raises(Unavailable) as refused:
        both.quotes(instruments, now=WALL)
    reasons = refused.value.details["providers"]
    assert (reasons["one"]["reason"], reasons["two"]["reason"]) == ("server_error", "unauthorized")
    assert refused.value.details["retry_after_ms"] == 700
    assert refused.value.retryable
    with pytest.raises(Unavailable, match="one: it is down; two: two is left alone"):
        both.history(instruments, now=WALL, sessions=5)


def test_resolve_when_no_provider_knows_the_symbol_has_every_reason() -> None:
    _, _, both = pair()
    with pytest.raises(NotFound, match="one: XYZ is not at one; two: XYZ is not at two"):
        both.resolve("XYZ", "SIM")


def test_resolve_when_one_is_down_and_the_other_lacks_it_does_not_say_that_it_does_not_exist() -> None:
    one, _, both = pair()
    one.failure = DOWN
    with pytest.raises(Unavailable, match="one: it is down; two: XYZ is not at two"):
        both.resolve("XYZ", "SIM")


def test_bars_when_the_first_has_not_the_timeframe_come_from_the_second() -> None:
    one, _, both = pair()
    instrument = both.resolve(SYMBOLS[0], "SIM")
    one.calls.clear()
    assert {each.source for each in both.bars(instrument, "1h", now=WALL, limit=2)} == {"two"}
    assert one.calls == []
    assert {each.source for each in both.bars(instrument, "1d", now=WALL, limit=2)} == {"one"}


def test_bars_when_no_provider_has_the_timeframe_name_those_there_are() -> None:
    _, _, both = pair()
    with pytest.raises(InvalidParams, match=r"one,two has no 5m bars; allowed: 1h, 1d, 1w"):
        both.bars(both.resolve(SYMBOLS[0], "SIM"), "5m", now=WALL)


def test_history_when_the_first_lacks_some_says_the_source_of_each_row() -> None:
    one, _, both = pair()
    instruments = [both.resolve(each, "SIM") for each in (*SYMBOLS[::-1],)]
    history = both.history(instruments, now=WALL, sessions=10)
    assert history.symbols == SYMBOLS[::-1]
    assert history.sources == ("two", "one", "one")
    assert history.close.shape == (3, 10)
    for row, each in enumerate(instruments):
        bars = both.bars(each, "1d", now=WALL, limit=10)
        assert list(history.close[row]) == [float(bar.close) for bar in bars]
    one.failure = DOWN
    down = both.history(instruments, now=WALL, sessions=10)
    assert down.sources == ("two",) * 3
    np.testing.assert_array_equal(down.close, history.close)


def test_figures_when_no_provider_has_any_are_not_offered() -> None:
    _, _, both = pair()
    assert not isinstance(both, FundamentalsProvider)


def test_figures_when_one_has_them_are_those_and_of_nobody_else() -> None:
    one, two = Shaky("one", *SYMBOLS), ShakyWithFigures("two", *SYMBOLS[1:])
    both = chain(one, two)
    assert isinstance(both, FundamentalsProvider)
    instruments = [both.resolve(each, "SIM") for each in SYMBOLS]
    one.calls.clear()
    found = both.fundamentals(instruments[1], now=WALL)
    assert (found.source, found.price_to_earnings) == ("two", 10.0)
    assert one.calls == []
    with pytest.raises(NotFound, match="two: SIM0001 is not at two"):
        both.fundamentals(instruments[0], now=WALL)


def test_figures_when_the_first_is_down_come_from_the_second() -> None:
    one, two = ShakyWithFigures("one", *SYMBOLS), ShakyWithFigures("two", *SYMBOLS, sign=True)
    both = chain(one, two)
    assert isinstance(both, FundamentalsProvider)
    instrument = both.resolve(SYMBOLS[0], "SIM")
    assert both.fundamentals(instrument, now=WALL).source == "one"
    one.failure = DOWN
    assert both.fundamentals(instrument, now=WALL).source == "two"
    two.failure = DOWN
    with pytest.raises(Unavailable, match="one: it is down; two: it is down") as refused:
        both.fundamentals(instrument, now=WALL)
    assert refused.value.details["retry_after_ms"] == 700


@pytest.mark.parametrize(
    ("kinds", "figures", "news"),
    [
        ((Shaky, Shaky), False, False),
        ((Shaky, ShakyWithFigures), True, False),
        ((ShakyWithNews, Shaky), False, True),
        ((ShakyWithNews, ShakyWithFigures), True, True),
        ((Shaky, ShakyWithBoth), True, True),
    ],
)
def test_chain_when_made_offers_what_its_members_do(
    kinds: tuple[type[Shaky], type[Shaky]], figures: bool, news: bool
) -> None:
    both = chain(*(kind(name, *SYMBOLS) for name, kind in zip(("one", "two"), kinds, strict=True)))
    assert isinstance(both, FundamentalsProvider) is figures
    assert isinstance(both, NewsProvider) is news


def test_news_when_the_first_has_none_come_from_the_next_that_has() -> None:
    none, some = ShakyWithNews("two", *SYMBOLS), ShakyWithNews("three", *SYMBOLS)
    none.articles = 0
    every = chain(Shaky("one", *SYMBOLS), none, some)
    assert isinstance(every, NewsProvider)
    instrument = every.resolve(SYMBOLS[0], "SIM")
    found = every.news(instrument, now=WALL, limit=2)
    assert [(each.source, each.title) for each in found] == [
        ("three", f"{SYMBOLS[0]} 0"),
        ("three", f"{SYMBOLS[0]} 1"),
    ]
    some.articles = 0
    assert list(every.news(instrument, now=WALL, limit=2)) == []
    some.failure = DOWN
    assert list(every.news(instrument, now=WALL, limit=2)) == []  # one did answer


def test_news_when_nobody_can_tell_have_every_reason() -> None:
    one, two = ShakyWithNews("one", *SYMBOLS), ShakyWithNews("two", *SYMBOLS[1:])
    both = chain(one, two)
    assert isinstance(both, NewsProvider)
    instrument = both.resolve(SYMBOLS[0], "SIM")
    one.failure = DOWN
    with pytest.raises(Unavailable, match="one: it is down; two: SIM0001 is not at two"):
        both.news(instrument, now=WALL, limit=2)


def test_revision_when_of_several_changes_with_any() -> None:
    one, two, both = pair()
    before = both.revision("SIM")
    two.name = "two, imported anew"
    assert both.revision("SIM") != before
    assert one.calls == two.calls == []


def test_instruments_when_the_first_is_down_are_the_seconds() -> None:
    one, _, both = pair()
    assert [each.symbol for each in both.instruments("SIM")] == ["SIM0001", "SIM0002"]
    one.failure = DOWN
    assert [each.symbol for each in both.instruments("SIM")] == list(SYMBOLS)


def test_quotes_when_many_are_asked_look_at_lists_and_not_at_each_symbol() -> None:
    many = tuple(f"SIM{number:04d}" for number in range(1, 41))
    one, two, both = pair(many[:30], many)
    everyone = two.instruments("SIM")
    one.calls.clear()
    two.calls.clear()
    quotes = both.quotes(everyone, now=WALL)
    assert [each and each.source for each in quotes] == ["one"] * 30 + ["two"] * 10
    assert one.calls == ["instruments", "quotes"]
    assert two.calls.count("resolve") == 10


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({"real": {}, "made_up": {"simulated": True}}, r"real prices with invented ones \(made_up\)"),
        ({"real": {}, "old": {"last_session": WALL.date()}}, r"live prices with old ones \(old\)"),
    ],
)
def test_list_when_its_members_must_not_stand_in_for_each_other_is_refused(
    monkeypatch: pytest.MonkeyPatch, kinds: dict[str, dict[str, Any]], said: str
) -> None:
    made = {name: ProviderKind(("US",), lambda _: Shaky("x"), **more) for name, more in kinds.items()}
    monkeypatch.setattr(registry, "_kind", lambda _market, name: made[name])
    settings = MarketSettings.model_validate({"provider": list(kinds)})
    with pytest.raises(ConfigurationError, match=said):
        provider_kinds("US", settings)


def test_infer_market_when_the_likelier_one_can_not_be_asked_stays_with_it() -> None:
    shares, coins = Shaky("shares", "AAPL"), Shaky("coins", "AAPL/USDT")
    settings = parse_markets({"US": {"provider": "sample"}, "CRYPTO": {"provider": "synthetic"}})
    clock = ManualClock()
    markets = Markets(
        {"US": chain(shares), "CRYPTO": chain(coins)}, make_anchors(settings, 0), clock, Calendars(), settings
    )
    shares.failure = DOWN
    assert markets.infer_market(["AAPL"]) == "US"


def test_histories_when_a_part_has_no_rows_are_those_of_the_others() -> None:
    """A provider that is asked for a window before its history begins gives sessions, and no values."""
    one, _, _ = pair()
    instruments = one.instruments("SIM")
    given = one.history(instruments, now=WALL, sessions=3)
    merged = merge_histories(
        [each.symbol for each in instruments], [([0, 1], given), ([], given.take([]))], sessions=3
    )
    assert np.array_equal(merged.close, given.close)
    assert merge_histories(["A"], [([], given.take([]))], sessions=3).sources == ("",)
