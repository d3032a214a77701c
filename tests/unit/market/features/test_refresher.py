"""The refresher on real markets and a manual clock: what it publishes and when, and how it fails."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.market.features import refresher as module
from tacore.market.features.files import Pointer, Reader, read_pointer
from tacore.market.features.refresher import RETRY_S, Kept, Refresher
from tacore.market.features.status import read_status
from tacore.market.router import Markets, build_market_data
from tacore.model import Instrument
from tacore.model.history import History
from tacore.model.markets import parse_markets
from tacore.model.table import epoch_us
from tests.support.markets import WALL, wall_us
from tests.support.tables import table_of

RAW: dict[str, Any] = {
    "US": {"provider": "sample"},
    "CN": {"provider": "synthetic", "synthetic": {"size": 80}},
}


class World:
    """Markets, a clock that moves when told, and a refresher of them."""

    def __init__(self, folder: Path, *markets: str) -> None:
        self.folder = folder
        self.clock = ManualClock(wall_us=wall_us(WALL))
        chosen = {name: RAW[name] for name in markets or RAW}
        self.data: Markets = build_market_data(parse_markets(chosen), self.clock)
        self.kept = {name: Kept(name, 5.0, f"print-{name}", f"data-{name}") for name in chosen}
        self.refresher = Refresher(folder, self.data, self.kept, self.clock)

    def settle(self) -> float:
        """Let it work until nothing is due; give the seconds until something is."""
        for _ in range(100):
            if (wait := self.refresher.turn()) > 0:
                return wait
        raise AssertionError("it never rests")

    def pointer(self, market: str) -> Pointer:
        found = read_pointer(self.folder, market)
        assert found is not None
        return found

    def told(self, market: str) -> dict[str, Any]:
        told: dict[str, Any] = read_status(self.folder)["markets"][market]
        return told


def test_refresher_when_it_has_worked_has_published_every_market(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert read_status(tmp_path)["markets"]["CN"] == {"doing": "it waits for its turn"}
    world.settle()
    for market in ("US", "CN"):
        reader = Reader(tmp_path, market, f"print-{market}", world.clock)
        found = reader.table(world.clock.wall_us(), epoch_us(world.data.now(market)))
        expected = table_of(market, world.data)
        assert found.facts.full
        for name, column in expected.numbers.items():
            np.testing.assert_array_equal(found.numbers[name], column)
    assert world.told("CN")["symbols"] == 80
    assert world.pointer("US").facts.source == "sample"


def test_refresher_when_a_live_market_moves_on_publishes_it_anew(tmp_path: Path) -> None:
    world = World(tmp_path, "CN")
    assert 0 < world.settle() <= 5.0
    world.clock.advance(5.0)
    world.settle()
    assert world.pointer("CN").facts.generation == 2
    assert world.pointer("CN").facts.market_us == epoch_us(world.data.now("CN"))


def test_refresher_when_a_market_stands_still_publishes_it_once(tmp_path: Path) -> None:
    world = World(tmp_path, "US")
    world.settle()
    world.clock.advance(60.0)
    world.settle()
    assert world.pointer("US").facts.generation == 1


def test_refresher_when_history_takes_long_publishes_quotes_before_it(
    tmp_path: Path, monkeypatch: Any
) -> None:
    world = World(tmp_path, "CN")
    provider: Any = world.data.provider("CN")
    make = provider.history

    def slowly(some: Sequence[Instrument], **asked: Any) -> History:
        world.clock.advance(10.0)
        found: History = make(some, **asked)
        return found

    monkeypatch.setattr(provider, "history", slowly)
    world.refresher.turn()
    assert not world.pointer("CN").facts.full
    assert world.told("CN")["doing"] == "its history is 50% there"
    world.settle()
    assert world.pointer("CN").facts.full


def test_refresher_when_another_left_a_whole_table_does_not_take_it_back(
    tmp_path: Path, monkeypatch: Any
) -> None:
    world = World(tmp_path, "CN")
    world.settle()
    monkeypatch.setattr(module, "LONG_S", -1.0)
    successor = Refresher(tmp_path / "other", world.data, world.kept, world.clock)
    successor._folder = tmp_path  # its history is elsewhere, so that it has to get all of it
    successor.turn()
    assert world.pointer("CN").facts.full


def test_refresher_when_a_provider_fails_says_so_and_tries_again(tmp_path: Path, monkeypatch: Any) -> None:
    world = World(tmp_path)
    provider: Any = world.data.provider("CN")
    make = provider.quotes

    def fail(some: Sequence[Instrument], *, now: datetime) -> None:
        raise Unavailable("the vendor is down")

    monkeypatch.setattr(provider, "quotes", fail)
    assert world.settle() <= RETRY_S
    assert world.pointer("US").facts.full
    assert "the vendor is down" in world.told("CN")["doing"]
    assert world.told("CN")["failed"]
    monkeypatch.setattr(provider, "quotes", make)
    world.clock.advance(RETRY_S)
    world.settle()
    assert world.pointer("CN").facts.full
    assert "failed" not in world.told("CN")
