"""The files provider on folders that the test writes."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tacore.errors import NotFound, Unavailable
from tacore.market.files.history import FileHistory
from tests.support.markets import WALL, open_markets
from tests.support.price_files import HEADING, write_history

CLOSE = datetime(2024, 3, 12, 20, tzinfo=UTC)  # of the last session in the history of the US


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_history(tmp_path, "US")


@pytest.fixture
def files(folder: Path) -> FileHistory:
    return FileHistory("US", folder)


def put(folder: Path, *rows: str, symbol: str = "AAPL", heading: str = HEADING) -> None:
    path = folder / f"{symbol}.csv"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    os.utime(path, ns=(before + 10_000_000, before + 10_000_000))


def test_bars_when_read_have_the_digits_of_the_file(folder: Path, files: FileHistory) -> None:
    put(folder, "2024-03-12,10.10,11.123456,9.5,10.5,1200,5.25")
    bar = files.bars(files.resolve("aapl", "US"), "1d", now=WALL)[0]
    assert [str(each) for each in (bar.open, bar.high, bar.low, bar.close)] == [
        "10.1",
        "11.123456",
        "9.5",
        "10.5",
    ]
    assert (bar.volume, bar.adjusted_close, bar.time, bar.source) == (
        Decimal(1200),
        Decimal("5.25"),
        CLOSE,
        "files",
    )


def test_bars_when_the_file_changes_are_read_again(folder: Path, files: FileHistory) -> None:
    instrument = files.resolve("AAPL", "US")
    put(folder, "2024-03-11,10,10,10,10,1,10")
    assert files.quote(instrument, now=WALL).price == 10
    put(folder, "2024-03-11,10,10,10,10,1,10", "2024-03-12,12,12,12,12,1,12")
    assert files.quote(instrument, now=WALL).price == 12
    assert files.quote(instrument, now=WALL).change_pct == 20
    put(folder, "2024-03-12,7,7,7,7,1,7", symbol="NEW")
    assert files.resolve("new", "US").symbol == "NEW"


def test_bars_when_weekly_agree_with_pandas(folder: Path, files: FileHistory) -> None:
    table = pd.read_csv(folder / "MSFT.csv", parse_dates=["date"]).set_index("date")
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = table.resample("W-FRI").agg(rules).iloc[:-1]  # the week of WALL has not ended
    weeks = files.bars(files.resolve("MSFT", "US"), "1w", now=WALL)
    assert len(weeks) == len(expected)
    for name in rules:
        np.testing.assert_allclose([float(getattr(each, name)) for each in weeks], expected[name])
    assert weeks[-1].session == "2024-03-08"


def test_week_when_its_friday_closes_is_shown(folder: Path, files: FileHistory) -> None:
    days = [f"2024-03-{day:02d},1,1,1,1,1,1" for day in (4, 5, 6, 7, 8)]
    put(folder, *days[:4])
    thursday = datetime(2024, 3, 7, 21, tzinfo=UTC)
    instrument = files.resolve("AAPL", "US")
    assert files.bars(instrument, "1w", now=thursday) == []
    assert len(files.bars(instrument, "1w", now=thursday + timedelta(days=1))) == 1  # a Friday without prices
    put(folder, *days)
    assert files.bars(instrument, "1w", now=thursday + timedelta(days=1))[0].session == "2024-03-08"


def test_history_when_laid_out_agrees_with_the_files(folder: Path, files: FileHistory) -> None:
    put(folder, "2024-03-08,1,1,1,1,5,0.5", "2024-03-12,2,2,2,2,6,1", symbol="AAPL")
    history = files.history(files.instruments("US"), now=WALL, sessions=3)
    assert [str(each) for each in history.sessions] == ["2024-03-08", "2024-03-11", "2024-03-12"]
    assert history.symbols == ("AAPL", "BRK.B", "MSFT")
    np.testing.assert_array_equal(history.close[0], [1, np.nan, 2])
    np.testing.assert_array_equal(history.adjusted_close[0], [0.5, np.nan, 1])
    msft = pd.read_csv(folder / "MSFT.csv")["volume"].to_numpy()[-3:]
    np.testing.assert_array_equal(history.volume[2], msft)


def test_prices_when_the_file_has_no_adjusted_close_are_the_closes(folder: Path, files: FileHistory) -> None:
    put(folder, "2024-03-12,1,1,1,1,5", heading="Date,Open,High,Low,Close,Volume")
    assert files.bars(files.resolve("AAPL", "US"), "1d", now=WALL)[0].adjusted_close == 1


def test_file_when_it_is_wrong_is_unavailable_with_line_and_value_and_the_others_answer(
    folder: Path, files: FileHistory
) -> None:
    put(folder, "2024-03-11,1,1,1,1,1,1", "2024-03-12,1,x,1,1,1,1")
    instruments = files.instruments("US")
    with pytest.raises(Unavailable, match=r"AAPL.csv:3: high = x: is no number") as refused:
        files.quote(instruments[0], now=WALL)
    assert refused.value.details["reason"] == "malformed"
    assert not refused.value.retryable
    assert [each is None for each in files.quotes(instruments, now=WALL)] == [True, False, False]
    history = files.history(instruments, now=WALL, sessions=5)
    assert np.isnan(history.close[0]).all()
    assert not np.isnan(history.close[1:]).any()


def test_instruments_when_listed_in_a_file_have_its_names(folder: Path, files: FileHistory) -> None:
    (folder / "instruments.csv").write_text(
        "symbol,name,currency,sector\nbrk-b,Berkshire Hathaway,,financials\n", encoding="utf-8"
    )
    found = files.resolve("BRK-B", "US")
    assert (found.symbol, found.name, found.currency, found.sector) == (
        "BRK.B",
        "Berkshire Hathaway",
        "USD",
        "financials",
    )
    assert files.resolve("AAPL", "US").name == "AAPL"


def test_symbol_when_it_has_no_file_is_not_found_and_the_folder_named(files: FileHistory) -> None:
    with pytest.raises(NotFound, match=r"TSLA has no file in .*US, which holds 3 other symbols"):
        files.resolve("TSLA", "US")


def test_quote_when_the_history_begins_later_is_not_found(files: FileHistory) -> None:
    with pytest.raises(NotFound, match="its history begins on 2022-"):
        files.quote(files.resolve("MSFT", "US"), now=datetime(2020, 1, 1, tzinfo=UTC))


def test_market_when_the_folder_is_not_there_has_no_instruments(tmp_path: Path) -> None:
    markets = open_markets({"US": {"provider": "files"}}, home=tmp_path)
    assert markets.provider("US").instruments("US") == []


def test_market_when_its_path_is_configured_reads_from_there(tmp_path: Path) -> None:
    write_history(tmp_path / "mine", "HK")
    own = {"files": {"path": str(tmp_path / "mine")}}
    markets = open_markets({"HK": {"provider": "files"}}, providers=own, home=tmp_path / "home")
    assert [each.symbol for each in markets.provider("HK").instruments("HK")] == ["0005", "0700", "9988"]
