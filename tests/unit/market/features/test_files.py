"""Feature tables on disk: published whole, mapped, and never trusted when torn, old or of something else."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.market.features.files import Reader, publish, read_pointer
from tacore.model.table import Table
from tests.support.markets import WALL, wall_us
from tests.support.tables import table_of

NOW_US = wall_us(WALL)


@pytest.fixture(scope="module")
def table() -> Table:
    return table_of("US")


def reader(folder: Path, fingerprint: str = "print") -> tuple[Reader, ManualClock]:
    clock = ManualClock()
    return Reader(folder, "US", fingerprint, clock), clock


def refusal(found: Reader, wall: int = NOW_US) -> str:
    with pytest.raises(Unavailable) as refused:
        found.table(wall, 0)
    return refused.value.message


def test_reader_when_a_table_is_published_has_every_number_and_text_of_it(
    tmp_path: Path, table: Table
) -> None:
    publish(tmp_path, table, "print", 5.0)
    found = reader(tmp_path)[0].table(NOW_US, 0)
    assert list(found.numbers) == list(table.numbers)
    for name, column in table.numbers.items():
        np.testing.assert_array_equal(found.numbers[name], column)
    for name in table.texts:
        assert list(found.texts[name]) == list(table.texts[name])
    for name in table.exact:
        assert list(found.exact[name]) == list(table.exact[name])
    np.testing.assert_array_equal(found.as_of_us, table.as_of_us)
    assert (found.facts.generation, found.facts.source) == (1, "sample")
    assert found.row("GOOG") == 2
    assert found.row("GOOH") is None


def test_file_when_read_by_polars_is_the_same_table(tmp_path: Path, table: Table) -> None:
    pointer = publish(tmp_path, table, "print", 5.0)
    frame = pl.read_ipc(tmp_path / pointer.file)
    assert frame["symbol"].to_list() == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert frame["price.exact"][0] == "430.47"
    np.testing.assert_array_equal(frame["sma_50"].to_numpy(), table.numbers["sma_50"])


def test_reader_when_another_generation_comes_takes_it_after_a_tenth_of_a_second(
    tmp_path: Path, table: Table
) -> None:
    publish(tmp_path, table, "print", 5.0)
    found, clock = reader(tmp_path)
    first = found.table(NOW_US, 0)
    publish(tmp_path, table, "print", 5.0)
    assert found.table(NOW_US, 0) is first
    clock.advance(0.1)
    assert found.table(NOW_US, 0).facts.generation == 2
    assert first.numbers["price"][0] == 430.47


def test_publish_when_repeated_keeps_the_current_file_and_the_one_before(
    tmp_path: Path, table: Table
) -> None:
    names = [publish(tmp_path, table, "print", 5.0).file for _ in range(4)]
    assert {each.name for each in tmp_path.glob("*.arrow*")} == set(names[-2:])


def test_reader_when_nothing_was_published_says_so_and_how_to_start_it(tmp_path: Path) -> None:
    said = refusal(reader(tmp_path)[0])
    assert "not built yet" in said
    assert "tacore worker spawn" in said


def test_reader_when_the_table_is_of_another_configuration_does_not_use_it(
    tmp_path: Path, table: Table
) -> None:
    publish(tmp_path, table, "print", 5.0)
    assert "another configuration" in refusal(reader(tmp_path, "other")[0])


@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "empty"])
def test_reader_when_the_file_is_damaged_names_it(tmp_path: Path, table: Table, damage: str) -> None:
    path = tmp_path / publish(tmp_path, table, "print", 5.0).file
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    path.unlink()
    if damage != "gone":
        path.write_bytes({"cut": whole[:middle], "flip": flipped, "empty": b""}[damage])
    assert path.name in refusal(reader(tmp_path)[0])


def test_reader_when_the_pointer_is_torn_says_so_and_recovers(tmp_path: Path, table: Table) -> None:
    publish(tmp_path, table, "print", 5.0)
    pointer = tmp_path / "US.json"
    whole = pointer.read_text()
    pointer.write_text(whole[:40])
    found, clock = reader(tmp_path)
    assert "US.json can't be read" in refusal(found)
    pointer.write_text(whole)
    clock.advance(1)
    assert len(found.table(NOW_US, 0)) == 5


def test_reader_when_a_table_is_too_old_is_refused_unless_the_market_stands(
    tmp_path: Path, table: Table
) -> None:
    publish(tmp_path, table, "print", 5.0)
    found = reader(tmp_path)[0]
    assert "61 s old" in refusal(found, NOW_US + 61_000_000)
    assert len(found.table(NOW_US + 61_000_000, table.facts.market_us)) == 5


def test_pointer_when_read_is_json_that_a_person_understands(tmp_path: Path, table: Table) -> None:
    publish(tmp_path, table, "print", 5.0)
    said = json.loads((tmp_path / "US.json").read_text())
    assert (said["rows"], said["facts"]["market"], said["file"]) == (5, "US", f"US-1-{os.getpid()}.arrow")
    assert read_pointer(tmp_path, "CN") is None
