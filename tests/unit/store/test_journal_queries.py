import math
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tacore.errors import InvalidParams, NotFound
from tacore.store.batch import Batch
from tacore.store.database import INDEX_ROWS, Database
from tacore.store.queries import Reader
from tacore.store.rows import Filters, LogRow
from tacore.wire.records import Gauge, WorkerStatus
from tests.support.journal import T0_US, answers
from tests.support.journal_columns import Row


class Written(NamedTuple):
    """What went in, as the oracle sees it."""

    id: int
    request_id: str | int
    method: str
    worker: str
    code: str | None
    answered_us: int
    took_us: int
    text: str


def write(path: Path, groups: int, size: int = 8) -> list[Written]:
    """Fill a journal with groups of answers at slightly disordered times; give what it should hold."""
    rng = random.Random(3)  # noqa: S311 - no secret
    written: list[Written] = []
    batch, database = Batch(lines=False), Database(path)
    for group in range(groups):
        method, worker = rng.choice(["a.one", "b.two", "c.three"]), rng.choice([None, "fast-1", "fast-2"])
        answered_us = T0_US + group * 1_000_000 + rng.randrange(-3_000_000, 3_000_000)
        rows = []
        for _ in range(size):
            number = rng.randrange(400)
            code = rng.choice([None, None, "denied"])
            word = rng.choice(["apple", "pear", "Birne 100%"])
            request_ids: list[str | int] = [number, str(number), f"id-{number}"]
            rows.append(
                Row(rng.choice(request_ids), code, rng.randrange(10**6), f'{{"x":"{word}"}}'.encode(), b"{}")
            )
            about = (method, worker or "broker", code, answered_us, rows[-1].processing_us, word)
            written.append(Written(len(written) + 1, rows[-1].request_id, *about))
        batch.add([answers(rows, method=method, worker_id=worker, answered_us=answered_us)])
    batch.seq = 1
    database.commit(batch, 1)
    database.close()
    return written


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> tuple[Path, list[Written]]:
    path = tmp_path_factory.mktemp("queries") / "tacore.db"
    path.write_bytes(migrated.read_bytes())
    return path, write(path, 250)


@pytest.fixture
def reader(journal: tuple[Path, list[Written]]) -> Iterator[Reader]:
    with Reader(journal[0]) as opened:
        yield opened


@pytest.fixture
def written(journal: tuple[Path, list[Written]]) -> list[Written]:
    return journal[1]


def ids(rows: list[LogRow]) -> list[int]:
    return [row.id for row in rows]


EARLY, LATE = T0_US + 60_000_000, T0_US + 130_000_000
CASES: list[tuple[Filters, Callable[[Written], bool]]] = [
    (Filters(), lambda row: True),
    (Filters(method="b.two"), lambda row: row.method == "b.two"),
    (Filters(status="success"), lambda row: row.code is None),
    (Filters(status="error"), lambda row: row.code is not None),
    (Filters(worker="fast-2"), lambda row: row.worker == "fast-2"),
    (Filters(worker="broker"), lambda row: row.worker == "broker"),
    (Filters(since_us=EARLY), lambda row: row.answered_us >= EARLY),
    (Filters(until_us=LATE), lambda row: row.answered_us < LATE),
    (Filters(since_us=EARLY, until_us=LATE), lambda row: EARLY <= row.answered_us < LATE),
    (Filters(text="Birne 100%"), lambda row: row.text == "Birne 100%"),
    (Filters(text="nowhere"), lambda row: False),
    (Filters(method="nowhere"), lambda row: False),
    (Filters(request_id=7), lambda row: str(row.request_id) == "7"),
    (Filters(request_id="id-7"), lambda row: row.request_id == "id-7"),
    (Filters(request_id="7", status="error"), lambda row: str(row.request_id) == "7" and bool(row.code)),
    (
        Filters("a.one", "error", "fast-1", EARLY, LATE, None, "pear"),
        lambda row: (
            (row.method, row.code, row.worker, row.text) == ("a.one", "denied", "fast-1", "pear")
            and EARLY <= row.answered_us < LATE
        ),
    ),
]


@pytest.mark.parametrize(("filters", "wanted"), CASES)
def test_tail_when_filtered_agrees_with_a_plain_loop(
    reader: Reader, written: list[Written], filters: Filters, wanted: Callable[[Written], bool]
) -> None:
    expected = [row.id for row in reversed(written) if wanted(row)]

    assert ids(reader.tail(30, filters).rows) == expected[:30]
    assert ids(reader.tail(5_000, filters).rows) == expected


@pytest.mark.parametrize(("filters", "wanted"), CASES)
@pytest.mark.parametrize("max_scan", [70, 50_000])
def test_pages_when_followed_either_way_give_each_row_once(
    reader: Reader,
    written: list[Written],
    filters: Filters,
    wanted: Callable[[Written], bool],
    max_scan: int,
) -> None:
    expected = [row.id for row in written if wanted(row)]
    back = page = reader.tail(20, filters, max_scan=max_scan)
    found_back = ids(page.rows)
    while not back.done:
        back = reader.before(back.next_id, 20, filters, max_scan=max_scan)
        found_back += ids(back.rows)
    forth = reader.since(0, 20, filters, max_scan=max_scan)
    found_forth = ids(forth.rows)
    while not forth.done:
        forth = reader.since(forth.next_id, 20, filters, max_scan=max_scan)
        found_forth += ids(forth.rows)

    assert found_back == expected[::-1]
    assert found_forth == expected


def test_since_when_nothing_is_newer_stays_where_it_is(reader: Reader, written: list[Written]) -> None:
    page = reader.since(len(written), 10)

    assert page == ([], len(written), True)


def test_rows_when_read_have_their_ids_types(reader: Reader, written: list[Written]) -> None:
    found = {row.id: row.request_id for row in reader.tail(5_000).rows}

    assert all(found[row.id] == row.request_id for row in written)
    assert {type(request_id) for request_id in found.values()} == {int, str}


def test_by_request_id_when_indexed_and_not_finds_the_same(home: Path) -> None:
    database = Database(home / "tacore.db")
    expected: dict[int, list[int]] = {}
    for number in range(3):
        batch = Batch(lines=False)
        names = [(number * 7 + row) % 5_000 for row in range(INDEX_ROWS // 2 + 100)]
        for row, name in enumerate(names):
            expected.setdefault(name, []).insert(0, number * len(names) + row + 1)
        batch.add([answers([Row(name, None, 0) for name in names])])
        batch.seq = number + 1
        database.commit(batch, 1)
        if number == 0:
            database.close()
            database = Database(home / "tacore.db")
    indexed = database.connection.execute("SELECT first_id, last_id FROM request_index").fetchall()
    database.close()

    assert indexed == [(1, INDEX_ROWS + 200)]
    with Reader(home / "tacore.db") as reader:
        for name in (0, 1, 13, 4_195, 4_209, 4_999):
            assert ids(reader.by_request_id(name)) == expected.get(name, [])


def test_rates_when_window_is_given_match_the_raw_rows(reader: Reader, written: list[Written]) -> None:
    now_s = T0_US / 1e6 + 300
    start_us = (int(now_s) - 200) // 10 * 10 * 1_000_000
    rates = {rate.method: rate for rate in reader.rates(200, now_s=now_s)}

    for method in ("a.one", "b.two", "c.three"):
        rows = [row for row in written if row.method == method and row.answered_us >= start_us]
        times = sorted(row.took_us / 1000 for row in rows)
        rate = rates[method]
        assert rate.requests == len(rows)
        assert rate.errors == sum(row.code is not None for row in rows)
        assert rate.error_rate == pytest.approx(rate.errors / len(rows))
        assert rate.per_s == pytest.approx(len(rows) / (now_s - start_us / 1e6))
        assert rate.mean_ms == pytest.approx(sum(times) / len(times))
        assert rate.max_ms == pytest.approx(times[-1])
        assert rate.mean_queue_ms == pytest.approx(0.1)
        for mine, point in ((rate.p50_ms, 0.5), (rate.p95_ms, 0.95), (rate.p99_ms, 0.99)):
            assert mine == pytest.approx(times[round(point * len(times)) - 1], rel=0.09)


def test_rates_when_nothing_happened_lately_are_empty(reader: Reader) -> None:
    assert reader.rates(60) == []


@pytest.mark.parametrize("method", [None, "b.two"])
def test_overall_when_asked_matches_the_raw_rows(
    reader: Reader, written: list[Written], method: str | None
) -> None:
    now_s = T0_US / 1e6 + 300
    start_us = (int(now_s) - 200) // 10 * 10 * 1_000_000
    rows = [row for row in written if row.answered_us >= start_us and method in {None, row.method}]
    rate = reader.overall(200, method, now_s=now_s)
    assert rate is not None
    assert (rate.method, rate.requests) == (method or "all", len(rows))
    assert rate.errors == sum(row.code is not None for row in rows)
    exact = sorted(row.took_us / 1000 for row in rows)[math.ceil(len(rows) * 0.95) - 1]
    assert rate.p95_ms == pytest.approx(exact, rel=0.0625)


def test_overall_when_only_the_service_was_looked_at_is_none(tmp_path: Path) -> None:
    batch, database = Batch(lines=False), Database(tmp_path / "tacore.db")
    for method in ("health.check", "admin.workers", "describe.methods"):
        batch.add([answers([Row(1, None, 1_000, b"{}", b"{}")], method=method)])
    batch.seq = 1
    database.commit(batch, 1)
    database.close()
    with Reader(tmp_path / "tacore.db") as looked:
        assert looked.overall(300, now_s=T0_US / 1e6) is None
        admin = looked.overall(300, "admin.workers", now_s=T0_US / 1e6)
        assert admin is not None
        assert admin.requests == 1
        assert looked.overall(300, now_s=T0_US / 1e6 + 9_999) is None


@pytest.mark.parametrize("method", [None, "b.two"])
def test_series_when_asked_has_a_point_for_each_ten_seconds(
    reader: Reader, written: list[Written], method: str | None
) -> None:
    counts: dict[int, int] = {}
    for row in written:
        if method in {None, row.method}:
            start = row.answered_us // 10_000_000 * 10
            counts[start] = counts.get(start, 0) + 1

    points = reader.series(300, method, now_s=T0_US / 1e6 + 250)

    assert [(point.start_s, point.requests) for point in points] == sorted(counts.items())


def test_totals_when_read_count_by_method_and_code(reader: Reader, written: list[Written]) -> None:
    totals = {(total.method, total.code): total.requests for total in reader.totals()}

    assert totals[("a.one", None)] == sum(row.method == "a.one" and row.code is None for row in written)
    assert sum(totals.values()) == len(written)


def test_workers_and_gauges_when_recorded_are_read_back(home: Path) -> None:
    database, batch = Database(home / "tacore.db"), Batch(lines=False)
    status = WorkerStatus(T0_US, "w-1", "fast", 7, "here", "busy", 2, 9, T0_US, T0_US, "0.1.0", 1.5, 1 << 30)
    gauges = [Gauge(T0_US + second * 1_000_000, "cpu", "w-1", second) for second in range(0, 40, 5)]
    batch.add([status, *gauges])
    batch.seq = 1
    database.commit(batch, 1)
    database.close()

    with Reader(home / "tacore.db") as reader:
        assert [(each.worker_id, each.state, each.processed) for each in reader.workers()] == [
            ("w-1", "busy", 9)
        ]
        now_s = T0_US / 1e6 + 40
        assert [(each.name, each.value) for each in reader.gauges(60, now_s=now_s)] == [("cpu", 35.0)]
        assert [each.value for each in reader.gauge_history(60, "cpu", now_s=now_s)] == [
            5.0,
            15.0,
            25.0,
            35.0,
        ]
        assert reader.gauge_history(60, "memory", now_s=now_s) == []
        assert reader.tail() == ([], 1, True)


def test_reader_when_a_writer_is_at_work_sees_new_rows(home: Path) -> None:
    with Reader(home / "tacore.db") as reader:
        assert reader.tail().rows == []
        write(home / "tacore.db", 2)
        assert len(reader.tail().rows) == 16


@pytest.mark.parametrize("content", [None, b"", b"not a database, but a text that is long enough " * 99])
def test_reader_when_there_is_no_journal_says_not_found(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tacore.db"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(NotFound, match=r"tacore\.db"):
        Reader(path)


def test_reader_when_the_status_is_unknown_refuses(reader: Reader) -> None:
    with pytest.raises(InvalidParams):
        reader.tail(1, Filters(status="fine"))


def test_reader_when_asked_to_write_cannot(reader: Reader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM requests")


def test_queries_when_imported_load_nothing_heavy() -> None:
    heavy = {"msgspec", "numpy", "sqlite_utils", "dataclasses", "filelock", "subprocess"}
    code = "import sys; old = set(sys.modules); import tacore.store.queries; "
    code += f"print({heavy!r} & set(sys.modules) - old)"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert shown.strip() == "set()"


def test_time_bounds_when_the_journal_is_long_find_the_rows_without_a_scan(
    reader: Reader, written: list[Written]
) -> None:
    began = time.perf_counter()
    page = reader.tail(5, Filters(until_us=T0_US + 50_000_000), max_scan=400)

    assert ids(page.rows) == [row.id for row in reversed(written) if row.answered_us < T0_US + 50_000_000][:5]
    assert time.perf_counter() - began < 1
