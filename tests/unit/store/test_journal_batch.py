import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.wire.records import (
    TRUNCATED_ANSWER,
    TRUNCATED_PARAMS,
    Answers,
    Gauge,
    Record,
    WorkerStatus,
)
from tests.support.journal import T0_US, answers
from tests.support.journal_columns import Row, encode_rows


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    opened = Database(home / "tacore.db")
    yield opened
    opened.close()


def store(database: Database, *records: Record, lines: bool = False) -> Batch:
    batch = Batch(lines=lines)
    batch.add(records)
    batch.seq = database.committed_seq(1) + 1
    database.commit(batch, 1)
    return batch


def logs(database: Database) -> list[dict[str, Any]]:
    cursor = database.connection.execute("SELECT * FROM request_logs ORDER BY id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def one(database: Database, row: Row, **about: Any) -> dict[str, Any]:
    store(database, answers([row], **about))
    return logs(database)[-1]


def test_row_when_success_shows_every_column(database: Database) -> None:
    row = Row("r-1", None, 1_234, b'{"symbol":"\xe8\x85\xbe\xe8\xae\xaf"}', b'{"ok":true}')

    found = one(database, row, client=b"bot-7", queue_us=250)

    assert found == {
        "id": 1,
        "request_id": "r-1",
        "method": "debug.echo",
        "worker_id": "fast-1",
        "client_id": "bot-7",
        "request_data": '{"symbol":"腾讯"}',
        "response_data": '{"ok":true}',
        "processing_time_ms": 1.234,
        "status": "success",
        "error": None,
        "created_at": "2023-11-14T22:13:19.995000Z",
        "answered_at": "2023-11-14T22:13:20.000000Z",
        "code": None,
        "principal": "local",
        "attempts": 1,
        "queue_ms": 0.25,
        "request_truncated": 0,
        "response_truncated": 0,
        "tries": None,
        "steps": None,
    }


def test_row_when_error_shows_the_error_and_no_response(database: Database) -> None:
    error = b'{"code":"denied","message":"no"}'

    found = one(database, Row(1, "denied", 0, None, error), worker_id=None, method=None)

    assert (found["status"], found["code"], found["error"]) == ("error", "denied", error.decode())
    assert (found["response_data"], found["worker_id"], found["method"]) == (None, "broker", None)


def test_row_when_payloads_are_not_kept_still_names_the_error(database: Database) -> None:
    assert one(database, Row(1, "overloaded", 0))["error"] == '{"code":"overloaded"}'


@pytest.mark.parametrize("request_id", [1, "1", 0, -5, "", "001", "1.0", 2**63 - 1, "ключ", "x" * 5_000])
def test_request_id_when_stored_keeps_value_and_type(database: Database, request_id: str | int) -> None:
    found = one(database, Row(request_id, None, 0))["request_id"]

    assert (found, type(found)) == (request_id, type(request_id))


def test_request_id_when_over_63_bits_becomes_text(database: Database) -> None:
    assert one(database, Row(2**64 - 1, None, 0))["request_id"] == str(2**64 - 1)


@pytest.mark.parametrize(
    ("client", "shown"),
    [
        (b"bot-7", "bot-7"),
        (b"", ""),
        (b"\0ab", "006162"),
        (b"ab\0", "616200"),
        (b"a\x01", "6101"),
        (b"\xff\xfe", "fffe"),
        ("é".encode(), "c3a9"),
        (b"a ~!", "a ~!"),
        (b"a\x7f", "617f"),
    ],
)
def test_client_id_when_not_printable_ascii_is_hex(database: Database, client: bytes, shown: str) -> None:
    assert one(database, Row(1, None, 0), client=client)["client_id"] == shown


def test_payload_when_cut_inside_a_character_drops_the_rest_of_it(database: Database) -> None:
    flags = TRUNCATED_PARAMS | TRUNCATED_ANSWER
    found = one(database, Row(1, None, 0, "腾讯".encode()[:4], b'{"a', flags))

    assert (found["request_data"], found["response_data"]) == ("腾", '{"a')
    assert (found["request_truncated"], found["response_truncated"]) == (1, 1)


def test_answers_when_a_retry_joined_one_show_its_attempts(database: Database) -> None:
    rows = [Row(1, None, 0), Row(2, "denied", 0, b"{}", b"{}"), Row(3, None, 0, b"{}", None)]

    store(database, answers(rows, attempts=[1, 3, 1]), answers([Row(4, None, 0)], attempts=[2]))

    assert [row["attempts"] for row in logs(database)] == [1, 3, 1, 2]
    assert [row["code"] for row in logs(database)] == [None, "denied", None, None]
    assert [row["request_data"] for row in logs(database)] == [None, "{}", "{}", None]


def test_answers_when_each_has_its_own_principal_pair_up(database: Database) -> None:
    rows = [Row(number, None, 0) for number in range(3)]

    store(database, answers(rows, principals=["ann", "bob", "cid"]))

    assert [row["principal"] for row in logs(database)] == ["ann", "bob", "cid"]


@pytest.mark.parametrize(
    "rows",
    [
        b"\xc1",
        b"",
        msgspec.msgpack.encode([[1], [-5]]),
        msgspec.msgpack.encode([[1], [2**60]]),
        msgspec.msgpack.encode([["too short"]]),
        msgspec.msgpack.encode([[1], [5, 5]]),
        msgspec.msgpack.encode([[1], [5], [b"{}", b"{}"]]),
        msgspec.msgpack.encode([[1], [5], None, None, []]),
        msgspec.msgpack.encode({"not": "rows"}),
    ],
)
def test_answers_when_a_worker_sent_nonsense_are_counted_and_neighbours_kept(
    database: Database, rows: bytes
) -> None:
    broken = Answers("debug.echo", "fast-1", T0_US, "local", [b"c"], [T0_US], [0], None, rows)

    batch = store(database, answers([Row(1, None, 0)]), broken, answers([Row(2, None, 0)]))

    assert [row["request_id"] for row in logs(database)] == [1, 2]
    assert batch.malformed == 1


@pytest.mark.parametrize("count", [1, 3])
def test_answers_when_more_or_fewer_than_the_requests_are_counted(database: Database, count: int) -> None:
    rows = encode_rows([Row(number, None, 5) for number in range(count)])

    batch = store(database, Answers("m", "w", T0_US, "local", [b"c"] * 2, [T0_US] * 2, [0, 0], None, rows))

    assert logs(database) == []
    assert batch.malformed == 2


def test_batch_when_larger_than_a_statement_writes_every_row(database: Database) -> None:
    store(database, answers([Row(number, None, number) for number in range(257)]))

    assert [row["request_id"] for row in logs(database)] == list(range(257))


def test_totals_when_batches_follow_add_up(database: Database) -> None:
    rows = [Row(1, None, 10), Row(2, "denied", 20), Row(3, None, 30)]
    store(database, answers(rows))
    store(database, answers(rows), answers([Row(4, "unknown_method", 1)], method="x" * 50, worker_id=None))

    found = database.connection.execute("SELECT * FROM totals ORDER BY method, code").fetchall()

    assert found == [
        ("(unknown)", "unknown_method", 1, 1),
        ("debug.echo", "", 4, 80),
        ("debug.echo", "denied", 2, 40),
    ]


def worker(at_us: int, state: str) -> WorkerStatus:
    return WorkerStatus(at_us, "fast-1", "fast", 7, "here", state, 1, 9, T0_US, at_us, "0.1.0", 0.5, 1 << 20)


@pytest.mark.parametrize("together", [True, False])
def test_worker_when_statuses_come_out_of_order_keeps_the_newest(database: Database, together: bool) -> None:
    statuses = [worker(T0_US + 2, "busy"), worker(T0_US + 1, "ready")]
    for group in [statuses] if together else [[status] for status in statuses]:
        store(database, *group)

    assert database.connection.execute(
        "SELECT worker_id, state, at_us, rss_bytes FROM workers"
    ).fetchall() == [("fast-1", "busy", T0_US + 2, 1 << 20)]


@pytest.mark.parametrize("together", [True, False])
def test_gauge_when_repeated_within_ten_seconds_keeps_last_and_largest(
    database: Database, together: bool
) -> None:
    values = [(T0_US, 1.0), (T0_US + 2, 9.0), (T0_US + 1, 30.0), (T0_US + 10_000_000, 4.0)]
    gauges = [Gauge(at_us, "cpu", "broker", value) for at_us, value in values]
    for group in [gauges] if together else [[gauge] for gauge in gauges]:
        store(database, *group)

    found = database.connection.execute("SELECT bucket_s, value, max_value FROM gauges ORDER BY 1").fetchall()
    assert found == [(1_700_000_000, 9.0, 30.0), (1_700_000_010, 4.0, 4.0)]


def test_lines_when_written_sort_by_their_last_word(database: Database) -> None:
    rows = [Row("a", None, 1_234), Row(7, "denied", 10_000_000)]

    batch = store(database, answers(rows, worker_id=None), lines=True)

    assert batch.lines == [
        "2023-11-14T22:13:20.000Z INFO performance request_id=a method=debug.echo worker=broker "
        "status=success processing_time 1.234\n"
        "2023-11-14T22:13:20.000Z INFO performance request_id=7 method=debug.echo worker=broker "
        "status=denied processing_time 10000.000"
    ]


def test_lines_when_an_id_holds_control_characters_stay_one_line_each(database: Database) -> None:
    forged = "1\n2023 processing_time 0.001\x1b[2J"

    batch = store(database, answers([Row(forged, None, 5_000), Row("b", None, 6_000)]), lines=True)

    assert batch.lines is not None
    lines = batch.lines[0].splitlines()
    assert [line.split()[-1] for line in lines] == ["5.000", "6.000"]
    assert "\x1b" not in batch.lines[0]


def test_commit_when_the_file_may_not_grow_keeps_nothing_and_succeeds_later(database: Database) -> None:
    (pages,) = database.connection.execute("PRAGMA page_count").fetchone()
    database.connection.execute(f"PRAGMA max_page_count = {pages}")
    rows: Sequence[Row] = [Row(number, None, 1, b"x" * 500) for number in range(200)]
    batch = Batch(lines=False)
    batch.add([answers(rows)])
    batch.seq = 1

    with pytest.raises(sqlite3.OperationalError, match="full"):
        database.commit(batch, 1)
    assert logs(database) == []
    assert database.committed_seq(1) == 0

    database.connection.execute("PRAGMA max_page_count = 1000000")
    database.commit(batch, 1)
    assert len(logs(database)) == 200


def test_database_when_opened_again_knows_how_far_it_got(home: Path, database: Database) -> None:
    batch = Batch(lines=False)
    batch.add([answers([Row(1, None, 0)])])
    batch.seq = 42
    database.commit(batch, 77)

    again = Database(home / "tacore.db")

    assert [again.committed_seq(epoch) for epoch in (77, 78)] == [42, 0]
    again.close()
