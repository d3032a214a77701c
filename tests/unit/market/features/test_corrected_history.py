"""A person's own history, imported anew while the refresher runs: scans go by it after the next refresh."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tacore.clock import ManualClock
from tacore.market.calendars import Calendars
from tacore.market.features.refresher import Kept, Refresher
from tacore.market.files.folder import revision_of
from tacore.market.files.importing import Into, import_file
from tacore.market.registry import Providers
from tacore.market.router import build_market_data
from tacore.market.scan.presets import parse_scan
from tacore.market.scan.tables import TablesOnDisk
from tacore.methods.scan_market import METHOD
from tacore.model.markets import parse_markets
from tests.support.markets import WALL, answer, wall_us
from tests.support.price_files import HEADING, price_lines, write_history

REPLAY = {"at": "2024-03-08"}


class World:
    """A market of files, a refresher of it, and scans as workers make them."""

    def __init__(self, home: Path, market: dict[str, Any]) -> None:
        self.clock = ManualClock(wall_us=wall_us(WALL))
        settings = parse_markets({"US": {"provider": "files"} | market})
        self.data = build_market_data(settings, self.clock, None, Providers({}, home))
        self.folder = home / "features"
        self.start()
        presets = parse_scan(None).presets
        self.tables = TablesOnDisk(self.folder, {"US": "table"}, presets, self.data, self.clock)

    def start(self) -> None:
        """Begin as after a restart: what is known is on disk."""
        self.refresher = Refresher(
            self.folder, self.data, {"US": Kept("US", 5.0, "table", "data")}, self.clock
        )

    def refresh(self) -> None:
        self.clock.advance(5.0)
        while self.refresher.turn() <= 0:
            pass

    def high(self) -> Any:
        """Give the 52-week high of AAPL as a scan tells it."""
        asked = {"market": "US", "criteria": {"min_price": 0}, "features": ["high_52w"]}
        found = answer(METHOD, asked, self.data, self.tables)["opportunities"]
        return next(each["high_52w"] for each in found if each["symbol"] == "AAPL")


def correct(home: Path, downloads: Path, high: int) -> None:
    """Import a history of AAPL whose high of 60 sessions ago is another."""
    lines = price_lines("US", "AAPL", 420)
    day, opened, _, *rest = lines[-60].split(",")
    lines[-60] = ",".join((day, opened, f"{high}.00", *rest))
    path = downloads / "AAPL.csv"
    path.write_text("\n".join([HEADING, *lines]) + "\n", encoding="utf-8")
    sessions = Calendars().sessions("US", simulated=False)
    (made,) = import_file(path, Into("US", home / "data" / "history" / "US", sessions))
    assert made.state in ("written", "replaced")


@pytest.mark.parametrize("market", [{}, {"replay": REPLAY}], ids=["live", "standing"])
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_scan_when_a_corrected_file_is_imported_goes_by_it_after_one_refresh(
    tmp_path: Path, market: dict[str, Any], restarted: bool
) -> None:
    write_history(tmp_path / "data" / "history", "US")
    world = World(tmp_path, market)
    world.refresh()
    before = world.high()
    for high in (7_000, 8_000):
        correct(tmp_path, tmp_path, high)
        if restarted:
            world.start()
        world.refresh()
        assert world.high() == high != before


def test_history_when_no_file_changed_is_left_as_it_is(tmp_path: Path) -> None:
    write_history(tmp_path / "data" / "history", "US")
    world = World(tmp_path, {"replay": REPLAY})
    world.refresh()
    made = {each: each.stat().st_mtime_ns for each in world.folder.rglob("0*.npy")}
    assert made
    world.start()
    world.refresh()
    assert {each: each.stat().st_mtime_ns for each in world.folder.rglob("0*.npy")} == made


def test_revision_when_a_file_comes_goes_or_is_written_anew_is_another(tmp_path: Path) -> None:
    folder = write_history(tmp_path, "US")
    seen = [revision_of(folder)]
    pl.DataFrame({"date": ["2024-03-01"]}).write_csv(folder / "NEW.csv")
    seen.append(revision_of(folder))
    (folder / "instruments.csv").write_text("symbol,name\nAAPL,Apple\n", encoding="utf-8")
    seen.append(revision_of(folder))
    (folder / "AAPL.csv").unlink()
    (folder / "gone.csv").symlink_to(folder / "nowhere")
    seen.append(revision_of(folder))
    assert len(set(seen)) == len(seen)
    (folder / ".AAPL.parquet.unfinished").touch()
    assert revision_of(folder) == seen[-1]
    assert revision_of(tmp_path / "none") == ""
