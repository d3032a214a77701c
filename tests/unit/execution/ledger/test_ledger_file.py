"""The file: its schema, who may write it, and what happens while it can't be written."""

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tacore.clock import ManualClock
from tacore.errors import ConfigurationError, Internal, TacoreError, Unavailable
from tacore.execution.ledger import Fenced, Ledger, file, schema
from tacore.execution.ledger.faults import mapped
from tacore.model.orders import Order
from tacore.ports.orders import Only, Which
from tests.support.ledgers import book, draft, trade, working

WITHIN_S = 3.0


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said_by(code: str, *arguments: object) -> Any:
    process = child(code, *arguments)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return json.loads(out)


def refusal(ledger: Ledger, key: str = "x") -> Unavailable:
    """Try to reserve an order; give the error that came within three seconds."""
    start = time.monotonic()
    with pytest.raises(Unavailable, match="can't be written") as caught, ledger.group() as group:
        group.reserve(draft(key))
    assert time.monotonic() - start < WITHIN_S
    return caught.value


# -- schema ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", [None, "PRAGMA page_size = 1024", "CREATE TABLE mine (x)"])
def test_file_when_it_has_no_schema_yet_gets_it(
    tmp_path: Path, clock: ManualClock, statement: str | None
) -> None:
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)
    if statement:
        connection.execute(statement)
        connection.execute("VACUUM")
    connection.close()
    with Ledger(path, clock) as ledger:
        order = working(ledger, "a")
        assert (ledger.order(Which(order_id=order.order_id)), ledger.check()) == (order, [])
        assert len(ledger.store_id) == 32
        assert ledger._rows("PRAGMA user_version") == [(len(schema.MIGRATIONS),)]
        assert ledger._rows("PRAGMA journal_mode") == [("wal",)]
        assert ledger._rows("PRAGMA synchronous") == [(2,)]


def test_migration_when_it_fails_leaves_nothing_and_may_run_again(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    whole = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", ((*whole[0][:5], "CREATE TABLE nonsense ("),))
    with pytest.raises(TacoreError, match="refused a statement"):
        Ledger(path, clock)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    monkeypatch.setattr(schema, "MIGRATIONS", whole)
    with Ledger(path, clock) as ledger:
        assert ledger.check() == []


def test_migration_when_a_step_is_new_keeps_what_is_there(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    with Ledger(path, clock) as ledger:
        order, store_id = book(ledger, working(ledger, "a"), trade("1", "4", "10")), ledger.store_id
    step = ("ALTER TABLE orders ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    with Ledger(path, clock) as ledger:
        assert (ledger.store_id, ledger.order(Which(order_id=order.order_id))) == (store_id, order)
        assert ledger._rows("SELECT colour FROM orders") == [("red",)]
        assert ledger.check() == []


def test_file_when_a_later_version_wrote_it_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(ConfigurationError, match="schema 999; allowed: up to"):
        Ledger(path, clock)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET what = 'x'",
        "DELETE FROM events WHERE number = 1",
        "INSERT OR REPLACE INTO events VALUES (1, 1, 'x', '', 'reserved', 0, NULL, NULL)",
        "UPDATE fills SET price = '1'",
        "DELETE FROM fills",
        "REPLACE INTO fills SELECT * FROM fills",
        "REPLACE INTO fills SELECT number, order_number, account, venue, 'new', market, symbol, currency,"
        " side, quantity, '1', fee, fee_currency, market_us, at_us FROM fills",
        "DELETE FROM orders",
        "DELETE FROM openings",
        "UPDATE openings SET amount = '1'",
        "UPDATE trading_states SET state = 'active'",
        "DELETE FROM trading_states",
    ],
)
def test_history_when_somebody_would_change_it_is_kept(
    ledger: Ledger, tmp_path: Path, statement: str
) -> None:
    with ledger.group() as group:
        group.open_account("paper", {"USD": Decimal(5)})
        group.set_trading_state("halted", "me", "x")
    order = book(ledger, working(ledger, "a"), trade("1", "4", "10"))
    story = ledger.story(Which(order_id=order.order_id))
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        with pytest.raises(sqlite3.IntegrityError, match="are kept for ever"):
            other.execute(statement)
    other.close()
    assert ledger.story(Which(order_id=order.order_id)) == story
    assert ledger.check() == []


# -- epochs ------------------------------------------------------------------------------------------


def test_group_when_another_has_taken_the_ledger_is_fenced_off(
    ledger: Ledger, tmp_path: Path, clock: ManualClock
) -> None:
    order = working(ledger, "a")
    with Ledger(tmp_path / "ledger.db", clock) as successor:
        with pytest.raises(Fenced, match="its epoch is 1, ours 0"), successor.group():
            pass
        assert (ledger.epoch, successor.take()) == (1, 2)
        for _ in range(2):
            with pytest.raises(Fenced, match="its epoch is 2, ours 1"), ledger.group() as group:
                group.reserve(draft("b"))
        assert ledger.orders(Only()) == [order]
        with successor.group() as group:
            cancelled = group.advance(order, "cancelled", "cancelled")
        assert ledger.order(Which(order_id=order.order_id)) == cancelled


def test_take_when_a_group_is_open_elsewhere_waits_for_its_end(
    ledger: Ledger, tmp_path: Path, clock: ManualClock
) -> None:
    with Ledger(tmp_path / "ledger.db", clock) as successor:
        with ledger.group() as group:
            order = group.reserve(draft("a"))
            with pytest.raises(Unavailable, match="another process has locked it"):
                successor.take()
        assert successor.take() == 2
        assert successor.open_orders() == [order]


# -- faults ------------------------------------------------------------------------------------------


def test_ledger_when_the_disk_is_full_refuses_and_comes_back(ledger: Ledger) -> None:
    order = working(ledger, "a")
    [(pages,)] = ledger._rows("PRAGMA page_count")
    ledger._rows(f"PRAGMA max_page_count = {pages}")
    refused = Unavailable("")
    kept = 1
    for number in range(10_000):
        try:
            with ledger.group() as group:
                group.reserve(draft(f"k{number}"))
            kept += 1
        except Unavailable as error:
            refused = error
            break
    assert refused.details["reason"] == "disk_full"
    assert "the disk is full" in refused.message
    assert refused.retryable
    assert len(ledger.orders(Only(limit=20_000))) == kept
    assert ledger.order(Which(order_id=order.order_id)) == order
    assert ledger.check() == []
    ledger._rows("PRAGMA max_page_count = 1000000")
    assert working(ledger, "later").status == "accepted"


def test_group_when_the_disk_fills_in_a_part_is_spoiled_whoever_swallows_it(ledger: Ledger) -> None:
    [(pages,)] = ledger._rows("PRAGMA page_count")
    ledger._rows(f"PRAGMA max_page_count = {pages}")
    swallowed: list[TacoreError] = []
    made: list[Order] = []
    with pytest.raises(Unavailable, match="the disk is full"), ledger.group() as group:
        for number in range(2_000):
            try:
                with group.savepoint():
                    made.append(group.reserve(draft(f"k{number}")))
            except TacoreError as error:
                swallowed.append(error)
    assert made
    assert swallowed
    assert {each.details["reason"] for each in swallowed} == {"disk_full"}
    assert ledger.orders(Only()) == []


FULL = """
import json, resource, sys, time
from pathlib import Path
from tacore.clock import SystemClock
from tacore.errors import Unavailable
from tacore.execution.ledger import Ledger
from tacore.ports.orders import Only
from tests.support.ledgers import draft, working

path = Path(sys.argv[1])
ledger = Ledger(path, SystemClock())
ledger.take()
working(ledger, "first")
limit = path.with_name(path.name + "-wal").stat().st_size + 20_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
made, reason, took = 1, None, 0.0
while reason is None and made < 1_000:
    start = time.monotonic()
    try:
        with ledger.group() as group:
            group.reserve(draft(f"k{made}"))
        made += 1
    except Unavailable as error:
        reason, took = error.details["reason"], time.monotonic() - start
again = None
try:
    working(ledger, "again")
except Unavailable as error:
    again = error.details["reason"]
read = len(ledger.orders(Only(limit=2_000)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
working(ledger, "after")
facts = {"made": made, "read": read, "reason": reason, "again": again, "took": took}
print(json.dumps({**facts, "after": len(ledger.orders(Only(limit=2_000))), "check": ledger.check()}))
"""


def test_ledger_when_its_file_may_not_grow_refuses_and_comes_back(tmp_path: Path) -> None:
    facts = said_by(FULL, tmp_path / "ledger.db")
    assert facts["reason"] in {"io", "disk_full"}
    assert facts["again"] == facts["reason"]
    assert facts["took"] < WITHIN_S
    assert facts["read"] == facts["made"]
    assert facts["after"] == facts["made"] + 1
    assert facts["check"] == []


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


def test_ledger_when_another_process_locks_it_refuses_and_comes_back(ledger: Ledger, tmp_path: Path) -> None:
    order = working(ledger, "a")
    with child(LOCK, tmp_path / "ledger.db") as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "held\n"
        for _ in range(2):
            assert refusal(ledger).details["reason"] == "locked"
            assert ledger.order(Which(order_id=order.order_id)) == order
        other.stdin.write("\n")
        other.stdin.close()
        assert other.wait(timeout=30) == 0
    assert working(ledger, "b").status == "accepted"


def test_wait_for_a_lock_when_it_was_in_vain_is_short_until_the_ledger_is_written(
    ledger: Ledger, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    waits = []
    for round_ in range(2):
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            start = time.monotonic()
            assert refusal(ledger).details["reason"] == "locked"
            waits.append(time.monotonic() - start)
        other.execute("ROLLBACK")
        working(ledger, f"a{round_}")
    other.close()
    assert min(waits[::2]) > 0.8
    assert max(waits[1::2]) < 0.5


READ_ONLY = """
import json, os, sys, tempfile
from pathlib import Path
from tacore.clock import SystemClock
from tacore.errors import Unavailable
from tacore.execution.ledger import Ledger
from tacore.ports.orders import Only

path = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.db", SystemClock()) as before:
    before.take()  # whatever is imported on the way: another user may not read where Python is
    before.check()
if os.geteuid() == 0:
    os.setuid(65534)  # modes of files do not bind root
ledger = Ledger(path, SystemClock())
try:
    ledger.take()
    reason = None
except Unavailable as error:
    reason = error.details["reason"]
print(json.dumps({"reason": reason, "read": len(ledger.orders(Only())), "check": ledger.check()}), flush=True)
sys.stdin.readline()
print(json.dumps({"epoch": ledger.take(), "read": len(ledger.orders(Only()))}))
"""


def test_ledger_when_its_file_is_read_only_reads_and_comes_back(clock: ManualClock) -> None:
    with tempfile.TemporaryDirectory() as folder:  # where another user may look: pytest's own are closed
        home = Path(folder)
        path = home / "ledger.db"
        with Ledger(path, clock) as ledger:
            working(ledger, "a")
        home.chmod(0o777)
        path.chmod(0o444)
        with child(READ_ONLY, path) as other:
            assert other.stdout
            assert other.stdin
            assert json.loads(other.stdout.readline()) == {"reason": "read_only", "read": 1, "check": []}
            for each in home.iterdir():
                each.chmod(0o666)
            other.stdin.write("\n")
            other.stdin.close()
            assert json.loads(other.stdout.readline()) == {"epoch": 1, "read": 1}
            assert other.wait(timeout=30) == 0


def test_ledger_when_its_connection_may_only_read_refuses_and_comes_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = working(ledger, "a")
    connect = file._connect
    with monkeypatch.context() as patched:
        patched.setattr(file, "_connect", lambda path, mode: connect(path, "ro"))
        ledger._file._open_anew()
        for _ in range(2):
            assert refusal(ledger).details["reason"] == "read_only"
        assert ledger.open_orders() == [order]
    assert working(ledger, "b").status == "accepted"


def test_ledger_when_its_file_is_moved_refuses_until_it_is_back(ledger: Ledger, tmp_path: Path) -> None:
    order = working(ledger, "a")
    path, aside = tmp_path / "ledger.db", tmp_path / "aside.db"
    path.rename(aside)
    assert refusal(ledger).details["reason"] == "replaced"
    path.write_bytes(b"")
    assert refusal(ledger).details["reason"] == "replaced"
    assert ledger.open_orders() == [order]
    aside.replace(path)
    assert working(ledger, "b").status == "accepted"


@pytest.mark.parametrize(
    "content", [b"no database at all, but text " * 100, b"SQLite format 3\0" + b"\7" * 5000]
)
def test_ledger_when_its_file_is_damaged_says_so(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="can't be opened: it is damaged") as caught:
        Ledger(path, clock)
    assert caught.value.details == {"ledger": str(path), "reason": "corrupt"}


def test_ledger_when_its_folder_can_not_be_made_says_so(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with pytest.raises(Unavailable, match="can't be opened") as caught:
        Ledger(tmp_path / "data" / "ledger.db", clock)
    assert caught.value.details["reason"] == "io"


def test_check_when_pages_are_damaged_tells_and_does_not_raise(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "ledger.db"
    with Ledger(path, clock) as ledger:
        for number in range(200):
            working(ledger, f"k{number}")
    size = path.stat().st_size
    with path.open("r+b") as raw:
        raw.seek(size // 2 // 4096 * 4096)
        raw.write(b"\xff" * 16384)
    with Ledger(path, clock) as ledger:
        said = ledger.check()
    assert said
    assert said[0].startswith("integrity: ")


def test_fault_when_of_our_own_making_is_internal(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with pytest.raises(TacoreError, match="refused a statement") as caught, ledger.group() as group:
        group._rows("SELECT nothing FROM nowhere")
    assert caught.value.code == "internal"
    assert working(ledger, "a").status == "accepted"


def test_ledger_when_closed_takes_no_more_questions(ledger: Ledger) -> None:
    ledger.close()
    with pytest.raises(Internal, match="the ledger is closed"):
        ledger.trading_state()
    with pytest.raises(Internal, match="the ledger is closed"), ledger.group():
        pass


def test_check_when_another_writes_meanwhile_sees_one_moment(
    ledger: Ledger, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = working(ledger, "a")
    with Ledger(tmp_path / "ledger.db", clock) as second:
        rows, count = second._rows, 0

        def rows_and_a_fill(sql: str, values: Any = ()) -> list[Any]:
            nonlocal count
            count += 1
            found = rows(sql, values)
            book(ledger, order, trade(str(count), "1", "10"))
            return found

        monkeypatch.setattr(second, "_rows", rows_and_a_fill)
        assert second.check() == []
        assert count > 5
    assert len(ledger.fills("paper")) == count
    assert ledger.check() == []


def test_fault_when_the_disk_has_no_room_says_so_whatever_sqlite_calls_it(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    path = tmp_path / "ledger.db"
    assert mapped(error, path).details["reason"] == "io"
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4096))
    assert mapped(error, path).details["reason"] == "disk_full"
