"""Interpreters that run, lack packages, hang or fail; the real one is that of the tests."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from tacore.analysis.agents import probe
from tacore.errors import Unavailable
from tests.support.service import wait_until

GRAPH = "tradingagents/graph/trading_graph.py"


def package(root: Path, code: str) -> Path:
    (root / GRAPH).parent.mkdir(parents=True)
    (root / "tradingagents" / "__init__.py").touch()
    (root / "tradingagents" / "graph" / "__init__.py").touch()
    (root / GRAPH).write_text(code)
    return root


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_look_when_an_interpreter_runs_names_its_version_and_what_it_lacks() -> None:
    version, missing = probe.look(sys.executable, "tradingagents_cn")
    assert version == ".".join(map(str, sys.version_info[:3]))
    assert {"langgraph", "chromadb", "finnhub-python"} <= set(missing)
    assert not {"redis", "psutil"} & set(missing)  # tacore has these


def test_look_when_it_is_no_interpreter_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't be run: No such file"):
        probe.look(str(tmp_path / "python"), "tradingagents")
    with pytest.raises(Unavailable, match="ended with code 3: no such option"):
        probe.look(script(tmp_path / "other", "echo no such option >&2; exit 3"), "tradingagents")


def test_look_when_it_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    hanging = script(tmp_path / "python", f"sleep 600 & echo $! > {tmp_path}/pid; sleep 600")
    with pytest.raises(Unavailable, match="had not finished after 4 s"):
        probe.look(hanging, "tradingagents", 4)
    started = int((tmp_path / "pid").read_text())
    wait_until(lambda: is_gone(started), "what it started ended")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('noise')", ""),
        ("import a_module_of_theirs", "ModuleNotFoundError: No module named 'a_module_of_theirs'"),
        ("raise SystemExit('no')", "SystemExit: no"),
        ("import app", "ModuleNotFoundError: No module named 'app'"),
    ],
)
def test_import_when_tried_says_what_is_wrong(tmp_path: Path, code: str, says: str) -> None:
    checkout = package(tmp_path / "checkout", code)
    (checkout / "app").mkdir()
    (checkout / "app" / "__init__.py").touch()  # what lies beside the package is not found
    assert probe.try_import(sys.executable, checkout) == says


def test_import_when_tried_sees_no_key_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADINGAGENTS_API_KEY", "sk-canary")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    code = "import os\nopen('here', 'w')\nassert 'sk-canary' not in str(os.environ), 'it is there'"
    checkout = package(tmp_path / "checkout", code)
    assert probe.try_import(sys.executable, checkout) == ""
    assert "sk-canary" in str(os.environ)
    assert [each.name for each in checkout.rglob("*") if "pycache" in each.name or each.name == "here"] == []
