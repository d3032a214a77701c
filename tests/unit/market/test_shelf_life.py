"""How long answers on a market's data hold, on real markets at moments that the tests choose."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.market.hours import HOURS
from tacore.market.router import Markets
from tacore.market.shelf_life import shelf_life
from tacore.model.cached import CachePolicy
from tacore.ports import MarketData
from tests.support.markets import open_markets

POLICY = CachePolicy(ttl_open_s=2.0, ttl_closed_s=300.0, max_entries=10)
MORNING = datetime(2024, 3, 13, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, a Wednesday


def at(moment: datetime, market: str = "CN") -> Markets:
    return open_markets({market: {"provider": "synthetic", "synthetic": {"size": 5}}}, moment)


def life(moment: datetime, market: str = "CN", policy: CachePolicy = POLICY) -> tuple[str, float]:
    return shelf_life(at(moment, market), market, policy)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "open@20240313T020000Z"), (1.999, "open@20240313T020000Z"), (2, "open@20240313T020002Z")],
)
def test_shelf_life_while_the_market_trades_moves_on_with_its_time(seconds: float, expected: str) -> None:
    assert life(MORNING + timedelta(seconds=seconds)) == (expected, 2.0)


def test_shelf_life_when_its_step_does_not_divide_a_minute_begins_anew_with_each() -> None:
    policy = CachePolicy(7.0, 300.0, 10)
    last = life(MORNING + timedelta(seconds=59.9), policy=policy)
    first = life(MORNING + timedelta(seconds=60), policy=policy)
    assert (last[0], first[0]) == ("open@20240313T020056Z", "open@20240313T020100Z")


@pytest.mark.parametrize(
    ("moment", "trades"),
    [
        ("2024-03-13T01:29:59+00:00", False),
        ("2024-03-13T01:30:00+00:00", True),
        ("2024-03-13T03:29:59+00:00", True),
        ("2024-03-13T03:30:00+00:00", False),
        ("2024-03-13T04:59:59+00:00", False),
        ("2024-03-13T05:00:00+00:00", True),
        ("2024-03-13T07:00:00+00:00", False),
        ("2024-03-16T02:00:00+00:00", False),
    ],
)
def test_shelf_life_at_the_edges_of_shanghais_sessions_changes_its_kind(moment: str, trades: bool) -> None:
    text, ttl_s = life(datetime.fromisoformat(moment))
    assert (text.startswith("open@"), ttl_s) == (trades, 2.0 if trades else 300.0)


def test_shelf_life_of_a_market_that_never_closes_is_short_at_night_too() -> None:
    assert life(datetime(2024, 3, 17, 23, 59, 59, tzinfo=UTC), "CRYPTO")[1] == 2.0


def test_shelf_life_of_a_replay_that_stands_still_is_long_and_has_the_exact_time() -> None:
    replay = {"at": "2024-03-13T18:00:00.5Z", "speed": 0}
    markets = open_markets({"SIM": {"provider": "synthetic", "replay": replay}})
    assert shelf_life(markets, "SIM", POLICY) == ("standing@20240313T180000.500000Z", 300.0)


@pytest.mark.parametrize("moment", [MORNING, MORNING + timedelta(hours=10)])
def test_shelf_life_when_nothing_shall_be_kept_is_nothing(moment: datetime) -> None:
    assert life(moment, policy=CachePolicy(0.0, 0.0, 1))[1] == 0.0


def _at(moment: datetime) -> MarketData:
    """Make a market that only knows its time; a real one takes long to build, for so many moments."""

    class Moment:
        def now(self, _market: str) -> datetime:
            return moment

        def stands_still(self, _market: str) -> bool:
            return False

    return cast(MarketData, Moment())


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1)),  # noqa: DTZ001 - the zone follows
    st.floats(0, 600),
    st.sampled_from(["CN", "CRYPTO"]),
)
def test_shelf_life_when_two_moments_share_one_lie_within_its_time_and_no_bar_ends_between(
    moment: datetime, later_s: float, market: str
) -> None:
    first = moment.replace(tzinfo=UTC)
    second = first + timedelta(seconds=later_s)
    one, other = (shelf_life(_at(each), market, POLICY) for each in (first, second))
    if one == other:
        assert second - first < timedelta(seconds=one[1])
        assert HOURS[market].trades(first) is HOURS[market].trades(second)
        if HOURS[market].trades(first):
            assert first.replace(second=0, microsecond=0) == second.replace(second=0, microsecond=0)
