"""Price files in the shapes that they come in, and what is said of wrong ones."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tacore.market.files.checks import check
from tacore.market.files.problems import UnreadableFile
from tacore.market.files.table import Table, read_table

ZONE = "America/New_York"
# AAPL around its 2-for-1 split, as published.
YAHOO = """Date,Open,High,Low,Close,Adj Close,Volume
2005-02-25,89.62,89.91,88.19,88.99,1.353,32747400
2005-02-28,44.68,45.14,43.96,44.86,1.364,23271800
"""
NASDAQ = """Date,Close/Last,Volume,Open,High,Low
02/28/2005,$44.86,"23,271,800",$44.68,$45.14,$43.96
02/25/2005,$88.99,"32,747,400",$89.62,$89.91,$88.19
"""
SEMICOLONS = """<TICKER>;timestamp;open;high;low;close;vol
AAPL;1109289600;89.62;89.91;88.19;88.99;32747400
AAPL;1109548800;44.68;45.14;43.96;44.86;23271800
"""
CHINESE = """日期,开盘,收盘,最高,最低,成交量
20050225,89.62,88.99,89.91,88.19,32747400
20050228,44.68,44.86,45.14,43.96,23271800
"""


def read(tmp_path: Path, text: str, name: str = "AAPL.csv", **more: str) -> Table:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_table(path, ZONE, **more)


def said(table: Table, file: str = "AAPL.csv") -> list[str]:
    return [str(each) for each in (*table.problems, *check(table.frame, file))]


@pytest.mark.parametrize("text", [YAHOO, NASDAQ, SEMICOLONS, CHINESE, "\ufeff" + YAHOO])
def test_table_when_of_a_common_shape_has_exact_prices(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert said(table) == []
    last = table.frame.sort("session").row(-1, named=True)
    assert last["session"] == date(2005, 2, 28)
    assert [last[each] for each in ("open", "high", "low", "close")] == [
        Decimal("44.68"),
        Decimal("45.14"),
        Decimal("43.96"),
        Decimal("44.86"),
    ]
    assert last["volume"] == 23271800
    assert table.adjusted == ("Adj Close" in text)


def test_table_when_compressed_or_parquet_is_the_same(tmp_path: Path) -> None:
    plain = read(tmp_path, YAHOO).frame
    packed = tmp_path / "AAPL.csv.gz"
    packed.write_bytes(gzip.compress(YAHOO.encode()))
    assert read_table(packed, ZONE).frame.equals(plain)
    parquet = tmp_path / "AAPL.parquet"
    floats = plain.select("session", "open", "high", "low", "close", "volume").cast({"open": pl.Float64})
    floats.write_parquet(parquet)
    assert read_table(parquet, ZONE).frame["open"].to_list() == [Decimal("89.62"), Decimal("44.68")]


@pytest.mark.parametrize(
    ("moments", "zone", "session"),
    [
        ([datetime(2005, 2, 28, 21, tzinfo=UTC)], "America/New_York", date(2005, 2, 28)),
        ([datetime(2005, 2, 28, 16, 30, tzinfo=UTC)], "Asia/Shanghai", date(2005, 3, 1)),
        (
            [datetime(2005, 2, 28, 0, tzinfo=UTC)],
            "America/New_York",
            date(2005, 2, 28),
        ),  # a date, as it seems
    ],
)
def test_dates_when_typed_moments_are_those_of_the_zone(
    tmp_path: Path, moments: list[datetime], zone: str, session: date
) -> None:
    prices = {each: [1.5] for each in ("open", "high", "low", "close", "volume")}
    pl.DataFrame({"time": moments, **prices}).write_parquet(tmp_path / "A.parquet")
    assert read_table(tmp_path / "A.parquet", zone).frame["session"].to_list() == [session]


def test_dates_when_their_format_is_given_are_read_by_it(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close,Volume\n03/02/2005,1,1,1,1,1\n"
    assert read(tmp_path, text).frame["session"].to_list() == [date(2005, 3, 2)]
    table = read(tmp_path, text, date_format="%d/%m/%Y")
    assert table.frame["session"].to_list() == [date(2005, 2, 3)]


HEAD = "date,open,high,low,close,volume\n"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("2005-02-30,1,1,1,1,1", "AAPL.csv:2: date = 2005-02-30: is no date"),
        ("2005-02-25,x,1,1,1,1", "AAPL.csv:2: open = x: is no number"),
        ("2005-02-25,1,1,1,,1", "AAPL.csv:2: close: is missing"),
        ("2005-02-25,1,1,1,1", "AAPL.csv:2: volume: is missing"),
        ("2005-02-25,0,1,0,1,1", "AAPL.csv:2: open = 0: a price is above zero"),
        ("2005-02-25,1,1,1,1,-5", "AAPL.csv:2: volume = -5: a volume is not below zero"),
        ("2005-02-25,10,11,9,11.5,1", "AAPL.csv:2: high = 11: is below open 10 or close 11.5"),
        ("2005-02-25,10,11,10.5,11,1", "AAPL.csv:2: low = 10.5: is above open 10 or close 11"),
        (
            "2005-02-24,1,1,1,1,1\n2005-02-25,1,1,1,1,1\n2005-02-24,1,1,1,1,1",
            "AAPL.csv:4: date = 2005-02-24: is on line 2 already",
        ),
    ],
)
def test_problem_when_a_value_is_wrong_names_line_column_and_value(
    tmp_path: Path, rows: str, problem: str
) -> None:
    assert problem in said(read(tmp_path, HEAD + rows + "\n"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "AAPL.csv: is empty"),
        ("date,open,close\n2005-02-25,1,1\n", "AAPL.csv: high, low, volume: no such column; the file has"),
        (HEAD + "2005-02-25,1,1,1,1,1\n2005-02-26,1,1,1,1,1,7\n", "AAPL.csv:3: has 7 fields, the heading 6"),
    ],
)
def test_file_when_it_is_no_table_says_why(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(problem)


def test_file_when_it_is_no_parquet_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"AAPL.parquet: is no Parquet file"):
        read(tmp_path, YAHOO, "AAPL.parquet")
