"""Sessions against what the exchanges published: holidays, half days, lunch breaks, time changes."""

import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tacore.bootstrap.calendars import calendars_of
from tacore.market.calendars import Calendars, Sessions
from tacore.market.exchange_sessions import read, write
from tacore.settings.load import load_settings

HOUR = 3600


@pytest.fixture(scope="module")
def calendars(tmp_path_factory: pytest.TempPathFactory) -> Calendars:
    return Calendars(tmp_path_factory.mktemp("calendars"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("market", "moment", "is_open"),
    [
        ("US", "2024-03-13T13:30:00Z", True),  # 09:30 in New York, summer time
        ("US", "2024-03-13T13:29:59Z", False),
        ("US", "2024-03-06T14:29:59Z", False),  # 09:30 is 14:30 in winter
        ("US", "2024-03-13T20:00:00Z", False),
        ("US", "2024-07-04T15:00:00Z", False),  # Independence Day
        ("US", "2024-11-29T17:59:59Z", True),  # the half day after Thanksgiving ends at 13:00
        ("US", "2024-11-29T18:00:00Z", False),
        ("US", "2012-10-29T15:00:00Z", False),  # hurricane Sandy
        ("US", "2001-09-13T15:00:00Z", False),
        ("CN", "2024-10-03T02:00:00Z", False),  # the National Day week
        ("CN", "2024-03-13T03:29:59Z", True),
        ("CN", "2024-03-13T04:00:00Z", False),  # lunch
        ("CN", "2024-03-13T06:30:00Z", True),
        ("HK", "2024-02-12T03:00:00Z", False),  # Lunar New Year
        ("HK", "2024-02-09T04:30:00Z", False),  # its eve ends at noon
        ("HK", "2024-02-08T06:30:00Z", True),
        ("CRYPTO", "2024-12-25T03:00:00Z", True),
    ],
)
def test_market_when_a_day_is_special_is_open_as_published(
    calendars: Calendars, market: str, moment: str, is_open: bool
) -> None:
    assert calendars.sessions(market, simulated=False).is_open(at(moment)) is is_open


def us(calendars: Calendars) -> Sessions:
    return calendars.sessions("US", simulated=False)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2024-03-12T20:00:00Z", "2024-03-13T20:00:00Z", 6.5),
        ("2024-03-12T20:00:00Z", "2024-03-13T13:29:00Z", 0),
        ("2024-03-08T20:30:00Z", "2024-03-11T14:30:00Z", 1.5),  # half an hour of Friday, an hour of Monday
        ("2024-11-27T21:00:00Z", "2024-12-02T14:30:00Z", 3.5),  # Thanksgiving and its half day
        ("2024-03-13T15:00:00Z", "2024-03-13T15:30:00Z", 0.5),
    ],
)
def test_traded_time_when_counted_leaves_out_nights_and_holidays(
    calendars: Calendars, start: str, end: str, hours: float
) -> None:
    assert us(calendars).traded_s(at(start), at(end)) == hours * HOUR


def test_traded_time_when_there_is_a_lunch_break_leaves_it_out(calendars: Calendars) -> None:
    hk = calendars.sessions("HK", simulated=False)
    assert hk.traded_s(at("2024-03-13T03:30:00Z"), at("2024-03-13T05:30:00Z")) == HOUR  # 11:30 to 13:30
    assert hk.traded_s(at("2024-03-12T08:00:00Z"), at("2024-03-13T08:00:00Z")) == 5.5 * HOUR


def test_market_when_invented_has_no_holidays(calendars: Calendars) -> None:
    invented = calendars.sessions("CN", simulated=True)
    assert invented.is_open(at("2024-10-03T02:00:00Z"))
    assert not invented.is_open(at("2024-10-05T02:00:00Z"))  # a Saturday
    assert invented.traded_s(at("2024-10-01T07:00:00Z"), at("2024-10-03T07:00:00Z")) == 8 * HOUR


def test_market_when_beyond_what_is_known_keeps_a_regular_week(calendars: Calendars) -> None:
    assert us(calendars).is_open(at("2060-07-01T15:00:00Z"))
    assert not us(calendars).is_open(at("2060-07-03T15:00:00Z"))  # a Saturday
    assert us(calendars).traded_s(at("2060-07-01T20:00:00Z"), at("2060-07-02T20:00:00Z")) == 6.5 * HOUR


def test_calendar_when_it_was_kept_needs_no_pandas(tmp_path: Path) -> None:
    Calendars(tmp_path).sessions("US", simulated=False)
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from tacore.market.calendars import Calendars;"
        f"us = Calendars(Path({str(tmp_path)!r})).sessions('US', simulated=False);"
        "print(us.is_open(datetime(2024, 7, 4, 15, tzinfo=UTC)), 'pandas' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False False"


def test_calendar_when_kept_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []

    def make(exchange: str, path: Path) -> None:
        made.append(exchange)
        write(exchange, path)

    for _ in range(2):
        Calendars(tmp_path, make).sessions("US", simulated=False)
    assert made == ["XNYS"]


def test_calendar_when_its_folder_can_not_be_written_is_computed_here(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with caplog.at_level(logging.WARNING, logger="tacore.market"):
        sessions = us(Calendars(tmp_path / "file" / "calendars"))
    assert not sessions.is_open(at("2024-07-04T15:00:00Z"))
    assert [each.message for each in caplog.records] == ["calendar_not_kept"]


def test_calendar_of_a_service_when_missing_is_computed_by_a_child(tmp_path: Path) -> None:
    loaded = load_settings({"home": tmp_path}, environ={}, cwd=tmp_path)
    assert us(calendars_of(loaded)).is_open(at("2024-07-05T15:00:00Z"))
    (kept,) = (tmp_path / "data" / "calendars").glob("XNYS-*.npy")
    assert len(read(kept).opens) > 9000  # 252 sessions a year from 1990 on


@pytest.mark.parametrize(
    ("market", "moment", "session"),
    [
        ("US", "2024-03-13T13:30:00Z", "2024-03-13"),
        ("US", "2024-03-13T20:00:00Z", "2024-03-13"),  # the close itself, where a standing replay is
        ("US", "2024-03-13T20:00:00.000001Z", "2024-03-14"),
        ("US", "2024-03-14T02:00:00Z", "2024-03-14"),  # still the 13th in New York
        ("US", "2024-03-15T20:00:01Z", "2024-03-18"),  # a weekend
        ("US", "2024-03-28T20:00:01Z", "2024-04-01"),  # Good Friday and a weekend
        ("US", "2012-10-27T12:00:00Z", "2012-10-31"),  # hurricane Sandy
        ("US", "2024-11-29T18:00:00Z", "2024-11-29"),  # the half day after Thanksgiving
        ("US", "2024-11-29T18:00:01Z", "2024-12-02"),
        ("US", "2060-07-03T15:00:00Z", "2060-07-05"),  # beyond what is known: a regular week
        ("CN", "2024-03-13T04:00:00Z", "2024-03-13"),  # lunch
        ("CN", "2024-09-30T07:00:01Z", "2024-10-08"),  # the National Day week
        ("HK", "2024-02-09T04:00:01Z", "2024-02-14"),  # Lunar New Year after a half day
        ("CRYPTO", "2024-03-13T23:59:59.999999Z", "2024-03-13"),
        ("CRYPTO", "2024-03-14T00:00:00Z", "2024-03-13"),  # its close
        ("CRYPTO", "2024-03-14T00:00:00.000001Z", "2024-03-14"),
    ],
)
def test_session_when_asked_for_a_moment_is_the_one_that_trades_or_the_next(
    calendars: Calendars, market: str, moment: str, session: str
) -> None:
    assert calendars.sessions(market, simulated=False).session(at(moment)).isoformat() == session


def test_session_when_the_market_is_invented_knows_no_holiday(calendars: Calendars) -> None:
    invented = calendars.sessions("CN", simulated=True)
    assert invented.session(at("2024-09-30T07:00:01Z")).isoformat() == "2024-10-01"
    assert invented.session(at("2024-10-04T07:00:01Z")).isoformat() == "2024-10-07"  # a Friday's close
