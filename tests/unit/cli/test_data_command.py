"""`tacore data`: price files in, the history folder out, and exit codes."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tacore.cli import entry
from tacore.methods.get_market_data import METHOD
from tests.support.calendars import keep_calendars
from tests.support.command import OURS, tacore
from tests.support.configuration import write_config
from tests.support.markets import answer, open_markets
from tests.support.price_files import HEADING, price_lines
from tests.support.terminal import on_terminal

# AAPL around its 2-for-1 split, as the exchange's site writes it: newest first.
NASDAQ = """Date,Close/Last,Volume,Open,High,Low
02/28/2005,$44.86,"23,271,800",$44.68,$45.14,$43.96
02/25/2005,$88.99,"32,747,400",$89.62,$89.91,$88.19
02/23/2005,$88.23,"47,872,100",$86.72,$88.45,$85.55
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os  # noqa: PLC0415  only here

    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    keep_calendars(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[list[dict[str, Any]], str]:
    assert entry.run(["data", *words, "-o", "ndjson"]) == code
    said = capsys.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], said.err


def put(home: Path, name: str, text: str) -> str:
    (home / "in").mkdir(exist_ok=True)
    (home / "in" / name).write_text(text, encoding="utf-8")
    return f"in/{name}"


def lines(*symbols: str) -> str:
    return "\n".join(
        [
            "symbol," + HEADING,
            *(f"{each},{line}" for each in symbols for line in price_lines("US", each, 30)),
            "",
        ]
    )


def test_import_when_a_file_is_good_writes_it_and_the_provider_serves_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(home, "HistoricalData_1.csv", NASDAQ)
    (row,), told = run(capsys, "import", path, "--market", "US", "--symbol", "aapl")
    assert row | {"file": ""} == {
        "symbol": "AAPL",
        "from": "2005-02-23",
        "to": "2005-02-28",
        "rows": 3,
        "gaps": 1,
        "problems": 0,
        "state": "written",
        "file": "",
    }
    gap, left_to_do = told.splitlines()
    assert gap == "note: AAPL: missing sessions: 1 (2005-02-24)"
    assert left_to_do.startswith("note: US is served by sample: `provider: files` under markets.US in ")
    markets = open_markets({"US": {"provider": "files"}}, home=home)
    shown = answer(METHOD, {"symbol": "AAPL", "limit": 2}, markets)["symbols"]["AAPL"]
    assert [each["close"] for each in shown["bars"]] == [88.99, 44.86]
    assert shown["quote"]["volume"] == 23271800
    assert shown["source"] == "files"


def test_import_when_one_symbol_is_wrong_refuses_it_whole_and_takes_the_others(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = lines("AAPL", "MSFT").replace("AAPL,2024-03-12,", "AAPL,2024-03-12,-")
    found, told = run(capsys, "import", put(home, "long.csv", wrong), "--market", "us", code=8)
    assert [(each["symbol"], each["state"], each["rows"]) for each in found] == [
        ("AAPL", "refused", 30),
        ("MSFT", "written", 30),
    ]
    assert "long.csv:31: open = -" in told
    assert [each.name for each in (home / "data/history/US").iterdir()] == ["MSFT.parquet"]


def test_import_when_everything_is_wrong_answers_so_and_keeps_what_was_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "import", put(home, "AAPL.csv", NASDAQ), "--market", "US")
    kept = home / "data/history/US/AAPL.parquet"
    before = kept.read_bytes()
    put(home, "AAPL.csv", NASDAQ.replace("$88.45", "$8.45"))
    (row,), told = run(capsys, "import", "in/AAPL.csv", "--market", "US", code=3)
    assert row["state"] == "refused"
    assert "AAPL.csv:4: high = 8.45: is below open 86.72 or close 88.23" in told
    assert kept.read_bytes() == before


def test_import_when_dry_checks_and_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,), _ = run(capsys, "import", put(home, "AAPL.csv", NASDAQ), "--market", "US", "--dry-run")
    assert row["state"] == "valid"
    assert not (home / "data/history").exists()


def test_import_when_given_a_folder_takes_every_price_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(home, "BTC-USDT.csv", "\n".join([HEADING, *price_lines("CRYPTO", "BTC/USDT", 40)]))
    put(home, "notes.txt", "not a price file")
    pl.read_csv(home / "in/BTC-USDT.csv").write_parquet(home / "in/eth_usdt.parquet")
    found, _ = run(capsys, "import", "in", "--market", "CRYPTO")
    assert [(each["symbol"], each["gaps"]) for each in found] == [("BTC/USDT", 0), ("ETH/USDT", 0)]
    found, _ = run(capsys, "import", "in", "--market", "CRYPTO")
    assert {each["state"] for each in found} == {"replaced"}
    listed, _ = run(capsys, "ls")
    assert [(each["market"], each["symbol"], each["rows"]) for each in listed] == [
        ("CRYPTO", "BTC/USDT", 40),
        ("CRYPTO", "ETH/USDT", 40),
    ]
    assert (listed[0]["from"], listed[0]["to"]) == ("2024-02-02", "2024-03-12")


def test_import_when_the_history_lies_elsewhere_writes_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(
        home, "markets: {US: {provider: files}}\nproviders: {files: {path: mine}}\n", "trading_config.yaml"
    )
    run(capsys, "import", put(home, "AAPL.csv", NASDAQ), "--market", "US")
    assert (home / "mine/US/AAPL.parquet").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("import", "nowhere", "--market", "US"), 7, "nowhere: no such file or folder"),
        (("import", ".", "--market", "US"), 7, "has no price files"),
        (("import", ".", "--market", "UK"), 2, "--market is one of US, CN, HK, CRYPTO, not 'UK'"),
        (("import", "."), 2, "--market"),
        (("imprt", "."), 2, "did you mean import?"),
        (("ls", "--market", "SIM"), 2, "--market is one of"),
    ],
)
def test_command_when_it_can_not_be_done_says_why(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    _, told = run(capsys, *words, code=code)
    assert said in told


@pytest.mark.parametrize("more", [("--symbol", "../x"), ("--date-format", "%Q")])
def test_import_when_an_option_makes_no_sense_refuses_the_file(
    home: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    (row,), told = run(capsys, "import", put(home, "AAPL.csv", NASDAQ), "--market", "US", *more, code=3)
    assert row["state"] == "refused"
    assert told.startswith("AAPL.csv:")


def test_ls_when_a_file_is_wrong_says_what(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "data/history/US"
    folder.mkdir(parents=True)
    (folder / "AAPL.csv").write_text(HEADING + "\n2024-01-02,1,1,1,x,1,1\n", encoding="utf-8")
    (row,), _ = run(capsys, "ls", "--market", "US")
    assert "AAPL.csv:2: close = x: is no number" in row["problem"]


def test_import_when_run_as_a_process_keeps_results_and_words_apart(home: Path) -> None:
    ran = tacore(["data", "import", put(home, "AAPL.csv", NASDAQ), "--market", "US"], home)
    assert (ran.returncode, json.loads(ran.stdout)["state"]) == (0, "written")
    assert ran.stderr.startswith("note: AAPL: missing sessions: 1 (2005-02-24)\nnote: US is served by sample")


def test_import_when_a_person_watches_shows_progress_that_no_note_runs_into(home: Path) -> None:
    folder = home / "incoming"
    folder.mkdir()
    for name in ("AAA", "BBB"):
        (folder / f"{name}.csv").write_text("\n".join([HEADING, *price_lines("US", name, 30), ""]))
    (folder / "CCC.csv").write_text(f"{HEADING}\n2024-01-02,never,1,1,1,1,1\n")
    words = ["data", "import", str(folder), "--market", "US", "--dry-run"]
    seen = on_terminal(
        words, home, "tcp://127.0.0.1:1", stdout=home / "out", environ={"TACORE_HOME": str(home)}, columns=100
    )
    assert seen.returncode == 8
    rows = [json.loads(line) for line in (home / "out").read_text().splitlines()]
    assert [row["state"] for row in rows] == ["valid", "valid", "refused"]
    shown = re.split(r"\r\x1b\[K", seen.raw)
    bars = [each for each in shown if each.startswith("[")]
    assert "file 1 of 3, 0 symbols, AAA.csv" in bars[0]
    assert any("file 3 of 3, 2 symbols, CCC.csv" in each for each in bars)
    assert not any("\n" in each for each in bars)
    assert any(each.startswith("CCC.csv") and "never" in each for each in shown)
    assert not shown[-1].startswith("[")
