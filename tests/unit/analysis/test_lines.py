"""Lines of a chart against another library, and against closed forms."""

import random
from statistics import fmean, pstdev

import pytest
from talipp.indicators import EMA, RSI, SMA

from tacore.analysis.lines import lines, needed
from tacore.errors import InvalidParams


def closes(count: int = 120) -> list[float]:
    rng = random.Random(5)  # noqa: S311 - no secret
    price, found = 100.0, []
    for _ in range(count):
        price *= 1 + rng.gauss(0, 0.02)
        found.append(price)
    return found


@pytest.mark.parametrize(("name", "other"), [("sma", SMA), ("ema", EMA), ("rsi", RSI)])
@pytest.mark.parametrize("length", [2, 14, 50])
def test_line_when_another_library_computes_it_is_the_same(name: str, other: type, length: int) -> None:
    prices = closes()
    line = lines([f"{name}{length}"], prices)[f"{name}{length}"]
    expected = list(other(length, input_values=prices))
    assert [value is None for value in line] == [value is None for value in expected]
    assert [each for each in line if each is not None] == pytest.approx(
        [each for each in expected if each is not None]
    )


def test_bollinger_when_computed_is_two_deviations_around_the_mean() -> None:
    prices = closes()
    found = lines(["bollinger"], prices)
    assert set(found) == {"bollinger_upper", "bollinger_middle", "bollinger_lower"}
    last = prices[-20:]
    mean, spread = fmean(last), 2 * pstdev(last)
    assert found["bollinger_middle"][-1] == pytest.approx(mean)
    assert found["bollinger_upper"][-1] == pytest.approx(mean + spread)
    assert found["bollinger_lower"][-1] == pytest.approx(mean - spread)
    assert found["bollinger_upper"][18:20] == [
        None,
        pytest.approx(fmean(prices[:20]) + 2 * pstdev(prices[:20])),
    ]


def test_macd_when_prices_rise_evenly_is_the_averages_known_distance() -> None:
    found = lines(["macd"], [float(each) for each in range(400)])
    # An EMA of length n lags a line of slope 1 by (n - 1) / 2.
    assert found["macd"][-1] == pytest.approx(25 / 2 - 11 / 2)
    assert found["macd_signal"][-1] == pytest.approx(7)
    assert found["macd_histogram"][-1] == pytest.approx(0, abs=1e-9)


def test_rsi_when_nothing_moves_is_not_defined() -> None:
    assert lines(["rsi14"], [5.0] * 30)["rsi14"] == [None] * 30


def test_line_when_there_are_too_few_bars_is_empty_of_values() -> None:
    for name in ("sma20", "ema12", "rsi14", "bollinger", "macd"):
        for count in (0, 1, 5):
            assert all(line == [None] * count for line in lines([name], closes(count)).values())


@pytest.mark.parametrize("name", ["sma", "sma1", "sma251", "vwap", "macd12", "sma\u0662\u0660", ""])
def test_name_when_it_is_none_says_what_is(name: str) -> None:
    for ask in (needed, lambda names: lines(names, closes())):
        with pytest.raises(InvalidParams, match="indicators: is none; allowed: smaN"):
            ask([name])


def test_needed_when_asked_covers_the_longest() -> None:
    assert needed([]) == 0
    assert needed(["sma20", "bollinger50"]) == 50
    assert needed(["ema12"]) > 12
    with pytest.raises(InvalidParams, match="too many"):
        needed(["sma20"] * 13)
