"""tacore-backup on real databases, written to while it copies them."""

import io
import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "backup.py"


def backup(home: Path) -> "subprocess.CompletedProcess[bytes]":
    environ = os.environ | {"TACORE_HOME": str(home)}
    return subprocess.run([sys.executable, SCRIPT], env=environ, capture_output=True, check=False)


def unpack(done: "subprocess.CompletedProcess[bytes]", into: Path) -> set[str]:
    assert done.returncode == 0, done.stderr
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(into, filter="data")
        return set(archive.getnames())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "a home"
    for name in ("data/history/US/ACME.parquet", "data/features/US/1.arrow", "data/ledger.db.lock"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    for name in ("config/trading_config.yaml", "secrets/alpaca_key", "run/up.json", "logs/worker.log"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    return home


def test_backup_when_a_writer_has_not_checkpointed_has_all_that_was_committed(
    home: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(home / "data" / "ledger.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE orders (id INTEGER)")
        writer.executemany("INSERT INTO orders VALUES (?)", [(number,) for number in range(100)])
        writer.execute("BEGIN")
        writer.execute("INSERT INTO orders VALUES (1000)")

        done = backup(home)

        writer.execute("COMMIT")
    names = unpack(done, tmp_path / "out")
    assert names == {
        "data/ledger.db",
        "data/history/US/ACME.parquet",
        "config/trading_config.yaml",
        "secrets/alpaca_key",
    }
    with closing(sqlite3.connect(tmp_path / "out" / "data" / "ledger.db")) as copy:
        assert copy.execute("SELECT count(*), max(id) FROM orders").fetchone() == (100, 99)
    assert not list((home / "data").glob(".backup-*"))


def test_backup_when_a_database_is_damaged_fails_and_names_it(home: Path) -> None:
    path = home / "data" / "ledger.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("CREATE TABLE orders (text TEXT)")
        writer.executemany("INSERT INTO orders VALUES (?)", [("x" * 500,)] * 200)
        writer.commit()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * 8192 + whole[16384:])

    done = backup(home)

    assert done.returncode == 1
    assert b"ledger.db" in done.stderr
    assert b"damaged" in done.stderr or b"malformed" in done.stderr


def test_backup_when_the_folder_is_no_home_says_so(tmp_path: Path) -> None:
    done = backup(tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"has no data/" in done.stderr
