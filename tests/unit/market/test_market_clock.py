"""The market's clock: anchors, speed, and what a restart keeps."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tacore.clock import ManualClock, MarketClock
from tacore.errors import ConfigurationError, InvalidParams
from tacore.market.anchors import make_anchors
from tacore.market.router import build_market_data
from tacore.model.markets import parse_markets
from tests.support.markets import ALL_MARKETS, WALL, open_markets, wall_us

HOUR_US = 3_600_000_000


def replay(**settings: Any) -> dict[str, Any]:
    return {"US": {"provider": "sample", "replay": settings}}


def test_clock_when_standing_never_moves() -> None:
    clock = MarketClock(anchor_wall_us=10, anchor_market_us=7, speed=0.0)
    assert [clock.at(0), clock.at(10), clock.at(10**15)] == [7, 7, 7]


def test_clock_when_wall_time_lies_before_the_anchor_stays_at_it() -> None:
    assert MarketClock(anchor_wall_us=1000, anchor_market_us=50, speed=2.0).at(0) == 50


def test_clock_when_moving_multiplies_by_its_speed() -> None:
    assert MarketClock(anchor_wall_us=1000, anchor_market_us=50, speed=60.0).at(1010) == 650


def test_now_when_sample_is_not_configured_further_stands_at_its_last_close() -> None:
    markets = open_markets()
    assert markets.now("US") == datetime(2013, 3, 1, 21, tzinfo=UTC)
    assert markets.is_replay("US")


def test_now_when_synthetic_is_not_configured_further_is_wall_time() -> None:
    markets = open_markets()
    assert markets.now("CN") == WALL
    assert not markets.is_replay("CN")


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2012-07-02", datetime(2012, 7, 2, 20, tzinfo=UTC)),
        ("2012-07-02T16:30:00+00:00", datetime(2012, 7, 2, 16, 30, tzinfo=UTC)),
        (datetime(2012, 7, 2, tzinfo=UTC).date(), datetime(2012, 7, 2, 20, tzinfo=UTC)),
    ],
)
def test_now_when_another_moment_is_configured_stands_there(at: Any, moment: datetime) -> None:
    assert open_markets(replay(at=at)).now("US") == moment


def test_now_when_the_replay_moves_is_the_same_in_processes_that_share_the_anchor() -> None:
    settings = parse_markets(replay(at="2013-02-28", speed=60))
    kept = json.loads(json.dumps(make_anchors(settings, wall_us(WALL))))
    later = ManualClock(wall_us=wall_us(WALL + timedelta(hours=1)))
    assert build_market_data(settings, later, kept).now("US") == datetime(2013, 3, 3, 9, tzinfo=UTC)


def test_now_when_the_machines_clock_goes_back_does_not_follow() -> None:
    clock = ManualClock(wall_us=wall_us(WALL))
    markets = build_market_data(parse_markets(ALL_MARKETS), clock)
    before = markets.now("CRYPTO")
    clock.advance(-30)
    assert markets.now("CRYPTO") == before


def test_anchors_when_the_settings_stay_are_kept() -> None:
    settings = parse_markets(replay(at="2013-02-28", speed=60))
    first = make_anchors(settings, wall_us(WALL))
    assert make_anchors(settings, wall_us(WALL) + HOUR_US, first) == first


@pytest.mark.parametrize("changed", [{"at": "2013-02-27", "speed": 60}, {"at": "2013-02-28", "speed": 61}])
def test_anchors_when_date_or_speed_change_are_made_anew(changed: dict[str, Any]) -> None:
    first = make_anchors(parse_markets(replay(at="2013-02-28", speed=60)), wall_us(WALL))
    anew = make_anchors(parse_markets(replay(**changed)), wall_us(WALL) + HOUR_US, first)
    assert anew["US"]["anchor_wall_us"] == wall_us(WALL) + HOUR_US


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"US": {"provider": "sampel"}}, "no such provider; allowed: .*sample, synthetic"),
        ({"CN": {"provider": "sample"}}, "does not serve CN"),
    ],
)
def test_build_when_a_provider_does_not_fit_stops(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_markets(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "a mapping of markets"),
        ({"UK": {"provider": "sample"}}, "markets.UK: there is no such market; allowed: US, CN"),
        ({"US": {}}, "markets.US.provider"),
        ({"US": {"provider": "sample", "replya": {}}}, r"markets.US.replya.*did you mean replay\?"),
        (replay(sped=2), r"markets.US.replay.sped.*did you mean speed\?"),
        (replay(speed=-1), "markets.US.replay.speed = -1"),
        (replay(at="2013-02-28T16:00:00"), "offset from UTC"),
        (replay(at=7), "a date or a moment"),
        ({"SIM": {"provider": "synthetic", "synthetic": {"size": 0}}}, "markets.SIM.synthetic.size = 0"),
    ],
)
def test_parse_markets_when_a_value_is_wrong_names_it(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"config/trading_config.yaml: .*{said}"):
        parse_markets(raw)


@pytest.mark.parametrize(
    ("spelling", "market"), [("stock", "US"), ("Spot", "CRYPTO"), ("crypto", "CRYPTO"), ("cn", "CN")]
)
def test_market_when_spelled_as_clients_do_is_found(spelling: str, market: str) -> None:
    assert open_markets().market(spelling) == market


def test_market_when_no_provider_serves_it_names_those_there_are() -> None:
    with pytest.raises(InvalidParams) as refused:
        open_markets().provider("forex")
    assert refused.value.details["market"]["allowed"] == ["US", "CN", "HK", "CRYPTO", "SIM"]


def test_session_of_a_standing_replay_is_the_one_that_closes_there() -> None:
    markets = open_markets()
    assert markets.session("us", markets.now("US")) == "2013-03-01"
    assert markets.session("US", markets.now("US") + timedelta(seconds=1)) == "2013-03-04"
    assert markets.session("CRYPTO", markets.now("CRYPTO")) == "2024-03-13"
