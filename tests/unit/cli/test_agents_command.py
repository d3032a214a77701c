"""`tacore agents`: doctor on stand-in checkouts and a scripted server, report from a fake broker."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import tacore
from tests.support.fake_broker import Answer, FakeBroker, failure, success
from tests.support.reported_job import job
from tests.support.scripted_models import KEY, Models, serving
from tests.support.terminal import on_terminal

NOBODY = "tcp://127.0.0.1:1"
CN = ("graph/trading_graph.py", "utils/stock_utils.py", "llm_adapters/x.py")
TAURIC = ("graph/trading_graph.py", "agents/schemas.py", "llm_clients/x.py")


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    with serving(Models()) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, models: Models) -> Path:
    """Give a home whose settings name models of the server."""
    (tmp_path / "config").mkdir()
    agents = {
        "model": {"base_url": models.url, "quick": "quick-1", "deep": "deep-2"},
        "prices": {"quick-1": {"input": 1, "output": 2}},
    }
    (tmp_path / "config" / "trading_config.yaml").write_text(json.dumps({"agents": agents}))
    for name, files in (("cn", CN), ("tauric", TAURIC)):
        for each in files:
            path = tmp_path / name / "tradingagents" / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    (tmp_path / "cn" / "VERSION").write_text("v9.9")
    return tmp_path


def doctor(home: Path, *words: str, **environ: str) -> tuple[int, list[Mapping[str, Any]], str]:
    given = {"TRADINGAGENTS_PATH": str(home / "cn"), "TRADINGAGENTS_API_KEY": KEY} | environ
    done = tacore(["agents", "doctor", "-o", "ndjson", *words], home, NOBODY, **given)
    assert KEY not in done.stdout + done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def seen(found: list[Mapping[str, Any]], name: str) -> list[tuple[str, str]]:
    return [(each["level"], each["seen"]) for each in found if each["name"] == name]


def test_doctor_when_asked_says_of_each_thing_what_to_do(home: Path) -> None:
    code, found, stderr = doctor(home)
    assert (code, stderr) == (1, "2 problems, 2 warnings\n")
    assert seen(found, "checkout") == [
        (
            "ok",
            f"TradingAgents-CN at {home / 'cn'}; only its package tradingagents is used: its app/ and "
            "frontend/ are not",
        )
    ]
    assert seen(found, "version") == [
        ("warning", "9.9 was not tried with tacore: 1.0.0-preview (bd599607) was")
    ]
    assert seen(found, "interpreter")[0][0] == "ok"
    ((level, lacking),) = seen(found, "packages")
    assert (level, "langgraph" in lacking, "langchain-openai" in lacking) == ("problem", True, True)
    advice = next(each["advice"] for each in found if each["name"] == "packages")
    assert "python3 -m venv agents-venv" in advice  # not into tacore's own
    assert " pandas " in advice  # which tacore's environment has, and a new one has not
    assert seen(found, "key") == [("ok", "the variable TRADINGAGENTS_API_KEY has one")]
    assert seen(found, "server")[0][1].endswith("answers, and has 2 models")
    assert [level for level, _ in seen(found, "models")] == ["ok", "problem", "warning"]
    assert ("problem", "the server does not know deep-2") in seen(found, "models")
    assert all(each["advice"] for each in found if each["level"] != "ok")
    assert seen(found, "call") == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "no checkout of TradingAgents-CN is named"),
        ("nowhere", "is no folder"),
        ("config", "is no checkout of either engine, not of TradingAgents-CN"),
        ("tauric", "is a checkout of TauricResearch's TradingAgents, not of TradingAgents-CN"),
    ],
)
def test_doctor_when_the_checkout_is_none_of_the_engine_says_what_it_is(
    home: Path, path: str, says: str
) -> None:
    code, found, _ = doctor(home, TRADINGAGENTS_PATH=path)
    ((level, said),) = seen(found, "checkout")
    assert (code, level) == (1, "problem")
    assert says in said
    assert "git clone https://github.com/hsliuping/TradingAgents-CN" in found[0]["advice"]
    assert seen(found, "version") == []


def test_doctor_when_another_engine_is_named_looks_at_that_one(home: Path) -> None:
    _, found, _ = doctor(home, "--engine", "tradingagents", TACORE_AGENTS__TAURIC_PATH=str(home / "tauric"))
    assert seen(found, "checkout")[0][1].startswith("TauricResearch's TradingAgents at ")


def test_doctor_when_the_interpreter_does_not_run_says_so(home: Path) -> None:
    _, found, _ = doctor(home, TRADINGAGENTS_PYTHON=str(home / "python"))
    ((level, said),) = seen(found, "interpreter")
    assert (level, said) == ("problem", f"{home / 'python'} can't be run: No such file or directory")
    assert seen(found, "packages") == []


def test_doctor_when_there_is_no_key_asks_nobody(home: Path, models: Models) -> None:
    models.asked.clear()
    _, found, _ = doctor(home, "--call", "-y", TRADINGAGENTS_API_KEY="")
    assert seen(found, "key")[0][0] == "problem"
    assert (seen(found, "server"), seen(found, "call"), models.asked) == ([], [], [])


def test_doctor_when_the_key_is_refused_shows_none(home: Path) -> None:
    wrong = "sk-other-9876543210"
    code, found, stderr = doctor(home, "--call", TRADINGAGENTS_API_KEY=wrong)
    assert (code, seen(found, "server")[0][0]) == (1, "problem")
    assert [level for level, _ in seen(found, "call")] == ["problem", "problem"]
    assert wrong[:10] not in json.dumps(found) + stderr


def test_doctor_when_told_to_call_has_each_model_answer_with_one_token(home: Path, models: Models) -> None:
    models.asked.clear()
    _, found, _ = doctor(home, "--call")
    assert seen(found, "call") == [
        ("ok", "quick-1 answers; 9 tokens read, 1 written"),
        ("ok", "deep-2 answers; 9 tokens read, 1 written"),
    ]
    calls = [body for path, body in models.asked if path == "/v1/chat/completions"]
    assert [(body["model"], body["max_tokens"]) for body in calls] == [("quick-1", 1), ("deep-2", 1)]


def test_doctor_when_a_terminal_says_no_calls_nothing(home: Path, models: Models) -> None:
    models.asked.clear()
    told = on_terminal(
        ["agents", "doctor", "--call"], home, NOBODY, typed="n\n", environ={"TRADINGAGENTS_API_KEY": KEY}
    )
    assert "which costs money: do it? [y/N]" in told.raw
    assert [path for path, _ in models.asked if path == "/v1/chat/completions"] == []
    assert KEY not in told.raw


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"agents": {"engin": "x"}}', "agents.engin"),
        ("{", "trading_config.yaml"),
    ],
)
def test_doctor_when_the_settings_are_wrong_says_where(home: Path, text: str, says: str) -> None:
    (home / "config" / "trading_config.yaml").write_text(text)
    code, found, _ = doctor(home)
    assert (code, {each["name"] for each in found}) == (1, {"configuration"})
    assert says in found[0]["seen"]


def test_doctor_when_the_engine_is_unknown_names_those_there_are(home: Path) -> None:
    done = tacore(["agents", "doctor", "--engine", "tradingagent"], home, NOBODY)
    assert done.returncode == 2
    assert "tradingagents_cn, tradingagents, not 'tradingagent'; did you mean tradingagents?" in done.stderr


# -- report ----------------------------------------------------------------------------------------


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    def answer(request: dict[str, Any]) -> Answer:
        if request["params"].get("job_id") != "j-1":
            return Answer(failure(request, "not_found", "there is no job j-2"))
        return Answer(success(request, job()))

    with FakeBroker(answer) as running:
        yield running


def test_report_when_asked_is_markdown_and_says_what_not_to_overlook(
    broker: FakeBroker, tmp_path: Path
) -> None:
    done = tacore(["agents", "report", "j-1"], tmp_path, broker.endpoint)
    assert done.returncode == 0
    assert done.stdout.startswith("# AAPL (US) as of 2013-03-01\n\n**BUY (DEGRADED)** · ")
    assert "| close | 430.47 USD |" in done.stdout
    assert done.stderr == "DEGRADED: empty_report, no_data\n"


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("--out", "r.html"), "<!DOCTYPE html>"),
        (("--out", "r.md"), "# AAPL"),
        (("--out", "r.txt"), "# AAPL"),
        (("--out", "r.txt", "--format", "html"), "<!DOCTYPE html>"),
    ],
)
def test_report_when_a_file_is_named_is_of_the_format_that_its_name_says(
    broker: FakeBroker, tmp_path: Path, words: tuple[str, ...], begins: str
) -> None:
    done = tacore(["agents", "report", "j-1", *words], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / words[1]).read_text().startswith(begins)
    assert f"written: {words[1]}" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [words[1]]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("j-2",), 7, "not_found: there is no job j-2"),
        (("j-1", "--format", "pdf"), 2, "--format is one of md, html, not 'pdf'"),
        (("j-1", "-o", "json"), 2, "not -o json"),
        (("j-1", "--out", "no/where.md"), 2, "--out no/where.md: can't be written: No such file"),
        ((), 2, "agents report"),
    ],
)
def test_report_when_it_cannot_be_written_says_why(
    broker: FakeBroker, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    done = tacore(["agents", "report", *words], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_agents_when_started_load_no_service() -> None:
    heavy = {
        "fastapi",
        "textual",
        "polars",
        "pandas",
        "numpy",
        "redis",
        "sqlite_utils",
        "talib",
        "markdown_it",
    }
    code = "import sys, tacore.cli.agents; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())
