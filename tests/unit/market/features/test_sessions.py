"""History on disk: asked for once, resumed where it broke off, extended by days, replaced when wrong."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tacore.market.features import sessions as module
from tacore.market.features.sessions import Sessions
from tacore.market.features.table import SESSIONS
from tacore.market.synthetic.market import SyntheticMarket
from tacore.model import Instrument
from tacore.model.history import History, joined
from tacore.model.markets import SyntheticSettings

NOW = datetime(2024, 3, 13, 6, 30, tzinfo=UTC)


class Counting(SyntheticMarket):
    """A provider that notes what it is asked for; ``factor`` changes adjusted closes as a dividend does."""

    def __init__(self, size: int = 10) -> None:
        super().__init__("CN", SyntheticSettings(size=size))
        self.asked: list[tuple[int, int]] = []
        self.factor = 1.0

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> History:
        self.asked.append((len(instruments), sessions))
        found = super().history(instruments, now=now, sessions=sessions, closes_only=closes_only)
        prices = (found.open, found.high, found.low, found.close, found.volume, found.close * self.factor)
        return History(found.symbols, found.sources, found.simulated, found.sessions, *prices)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 4)


def bring_up(kept: Sessions, provider: Counting, now: datetime = NOW) -> list[float]:
    provider.asked.clear()
    return list(kept.bring_up(provider, provider.instruments("CN"), now))


def is_whole(kept: Sessions, provider: Counting, now: datetime = NOW) -> bool:
    expected = provider.history(provider.instruments("CN"), now=now, sessions=SESSIONS)
    found = joined(kept.parts())
    return found.symbols == expected.symbols and all(
        np.array_equal(getattr(found, name), getattr(expected, name), equal_nan=True)
        for name in ("sessions", "open", "high", "low", "close", "volume", "adjusted_close")
    )


def test_sessions_when_first_brought_up_are_the_provider_s(tmp_path: Path) -> None:
    provider, kept = Counting(), Sessions(tmp_path, "CN", "a")
    assert bring_up(kept, provider) == pytest.approx([1 / 3, 2 / 3, 1])
    assert is_whole(kept, provider)


def test_sessions_when_read_again_ask_for_nothing_but_the_calendar(tmp_path: Path) -> None:
    provider = Counting()
    bring_up(Sessions(tmp_path, "CN", "a"), provider)
    kept = Sessions(tmp_path, "CN", "a")
    assert bring_up(kept, provider) == []
    assert provider.asked == [(1, SESSIONS)]
    assert is_whole(kept, provider)


def test_sessions_when_broken_off_go_on_where_they_were(tmp_path: Path) -> None:
    provider = Counting()
    next(Sessions(tmp_path, "CN", "a").bring_up(provider, provider.instruments("CN"), NOW))
    kept = Sessions(tmp_path, "CN", "a")
    assert bring_up(kept, provider) == pytest.approx([2 / 3, 1])
    assert is_whole(kept, provider)


def test_sessions_when_days_passed_ask_for_the_new_ones_only(tmp_path: Path) -> None:
    provider, kept = Counting(), Sessions(tmp_path, "CN", "a")
    bring_up(kept, provider)
    later = NOW + timedelta(days=7)
    bring_up(kept, provider, later)
    assert {sessions for count, sessions in provider.asked if count > 1} == {6}  # five, and one to compare
    assert is_whole(kept, provider, later)


def test_sessions_when_a_dividend_changed_the_past_are_asked_for_anew(tmp_path: Path) -> None:
    provider, kept = Counting(), Sessions(tmp_path, "CN", "a")
    bring_up(kept, provider)
    provider.factor = 0.98
    later = NOW + timedelta(days=1)
    bring_up(kept, provider, later)
    assert is_whole(kept, provider, later)


def test_sessions_when_the_market_s_time_goes_back_show_nothing_of_later(tmp_path: Path) -> None:
    provider, kept = Counting(), Sessions(tmp_path, "CN", "a")
    bring_up(kept, provider)
    earlier = NOW - timedelta(days=30)
    bring_up(kept, provider, earlier)
    assert is_whole(kept, provider, earlier)


def test_sessions_when_others_are_listed_follow(tmp_path: Path) -> None:
    provider, kept = Counting(10), Sessions(tmp_path, "CN", "a")
    bring_up(kept, provider)
    fewer = Counting(3)
    bring_up(kept, fewer)
    assert is_whole(kept, fewer)


@pytest.mark.parametrize("name", ["00001.npy", "00001.json"])
def test_sessions_when_a_file_is_torn_are_asked_for_anew(tmp_path: Path, name: str) -> None:
    provider = Counting()
    bring_up(Sessions(tmp_path, "CN", "a"), provider)
    (path,) = tmp_path.rglob(name)
    path.write_bytes(path.read_bytes()[:20])
    kept = Sessions(tmp_path, "CN", "a")
    assert bring_up(kept, provider) == pytest.approx([2 / 3])
    assert is_whole(kept, provider)


def test_sessions_when_the_configuration_changed_leave_no_old_files(tmp_path: Path) -> None:
    provider = Counting()
    bring_up(Sessions(tmp_path, "CN", "a"), provider)
    bring_up(Sessions(tmp_path, "CN", "b"), provider)
    assert [each.name for each in tmp_path.iterdir()] == ["CN-sessions-b"]
