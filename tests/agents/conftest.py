"""The real engines, from the checkouts that the environment names; what is not named is skipped."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacore.model.jobs import Engine
from tests.support.agent_runs import KEY, KEY_NAME, Team, agent_settings, team
from tests.support.model_server import ModelServer

NAMED: dict[Engine, tuple[str, str]] = {
    "tradingagents_cn": ("TRADINGAGENTS_PATH", "TRADINGAGENTS_PYTHON"),
    "tradingagents": ("TAURIC_PATH", "TAURIC_PYTHON"),
}
CALLS: dict[Engine, int] = {"tradingagents_cn": 16, "tradingagents": 15}


@pytest.fixture(params=NAMED)
def engine(request: pytest.FixtureRequest) -> Engine:
    name: Engine = request.param
    if not os.environ.get(NAMED[name][0]):
        pytest.skip(f"{NAMED[name][0]} names no checkout")
    return name


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv(KEY_NAME, KEY)
    with ModelServer(KEY) as server:
        yield server


@pytest.fixture
def agents(engine: Engine, server: ModelServer, tmp_path: Path) -> Iterator[Team]:
    checkout, python = (os.environ.get(name, "") for name in NAMED[engine])
    made = team(engine, Path(checkout), Path(python or sys.executable), agent_settings(server.url), tmp_path)
    yield made
    made.analyst.close()
