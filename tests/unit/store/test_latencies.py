"""All-time latencies: kept with each commit, made from an older journal's rollups, exact at the octaves."""

import sqlite3
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database as Utils

from tacore.store import histogram
from tacore.store.database import Database
from tacore.store.queries import Reader
from tacore.store.schema import MIGRATIONS, migrate
from tests.support.journal_columns import Row
from tests.support.monitors import Kept

STEP = [step.__name__ for step in MIGRATIONS].index("_latencies")


@given(st.lists(st.integers(0, 1 << 40), max_size=60), st.integers(4, 40))
def test_below_when_asked_of_a_power_of_two_is_exact(values: list[int], power: int) -> None:
    counted = histogram.count_values((value, 1) for value in values)
    assert histogram.below(counted, power) == sum(value < 1 << power for value in values)


def test_large_when_counts_pass_32_bits_keeps_them() -> None:
    counts = {0: 1, 300: 1 << 40, 65535: 7}
    assert histogram.decode_large(histogram.encode_large(counts)) == counts


def test_latencies_when_read_agree_with_rows_and_totals(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "tacore.db")
    kept.write([Row("a", None, 10), Row("b", "denied", 20)], method="a.b")
    kept.write([Row("c", None, 5_000)], method="a.b", at_us=1_800_000_000_000_000)
    with Reader(kept.path) as reader:
        totals, (latency,) = reader.counters()
    assert (latency.method, latency.requests, latency.sum_s) == ("a.b", 3, 5_030 / 1e6)
    assert sum(each.requests for each in totals) == 3
    assert [histogram.below(latency.histogram, power) for power in (4, 5, 12, 13)] == [1, 2, 2, 3]


def test_migration_when_a_journal_is_older_sums_up_its_rollups(tmp_path: Path) -> None:
    path = tmp_path / "tacore.db"
    kept = Kept(path)
    kept.add(3)
    kept.write([Row("x", None, 77)], method="c.d", at_us=1_800_000_000_000_000)
    with Reader(path) as reader:
        expected = reader.counters()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("DROP TABLE latencies")
        old.execute(f"PRAGMA user_version = {STEP}")
        migrate(old)
        migrate(old)
    with Reader(path) as reader:
        assert reader.counters() == expected


def test_migration_when_it_is_run_again_after_a_crash_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "tacore.db"
    Kept(path).add(3)
    with closing(sqlite3.connect(path, isolation_level=None)) as journal:
        MIGRATIONS[STEP](Utils(journal))
        (row,) = journal.execute("SELECT method, count, sum_us FROM latencies")
    assert row == ("debug.echo", 3, 3_000)
    Database(path).close()
