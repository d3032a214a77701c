"""Completion and rates on a real service, while it runs and after it ended."""

import json
from collections.abc import Iterator

import pytest

from tests.support.calendars import keep_calendars
from tests.support.operations import Home, eventually, home_in

BY_THE_HOME = {"ZMQ_FRONTEND_PORT": ""}
"""Leave it to the home to say where its broker is."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    keep_calendars(folder)
    with home_in(folder) as made:
        yield made


@pytest.fixture
def home(shared: Home) -> Home:
    """A home whose service runs, started again where a test ended it."""
    if not shared.alive():
        shared.up("-n", "1")
    return shared


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))} | BY_THE_HOME


def offered(home: Home, environ: dict[str, str], line: str) -> set[str]:
    done = home.run("__complete", *line.split(" "), **environ)
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


def test_stats_when_methods_were_called_count_them_by_code(home: Home) -> None:
    for number in range(3):
        assert home.run("call", "debug.echo", "--n", str(number)).returncode == 0
    assert home.run("call", "get.market_data", "--params", '{"symbols": 1}').returncode == 3

    def counted() -> bool:
        rows = map(json.loads, home.run("stats").stdout.splitlines())  # none before the writer has begun
        found = {row["method"]: (row["requests"], row["errors"]) for row in rows}
        return found.get("debug.echo") == (3, 0) and found.get("get.market_data") == (1, 1)

    eventually(counted, "the journal has the requests")
    (failed,) = home.rows("stats", "--totals", "--method", "get.market_data")
    assert (failed["code"], failed["requests"]) == ("invalid_params", 1)


def test_completion_when_the_service_ends_goes_on_from_what_it_said(
    home: Home, cache: dict[str, str]
) -> None:
    assert offered(home, cache, "call scan.m") == {"scan.market"}
    (worker,) = home.rows("worker", "ls")
    assert offered(home, cache, "worker restart ") == {"all", worker["worker_id"]}

    for _ in ("while it runs", "after it ended"):
        assert offered(home, cache, "call get.market_data --market ") == {"US", "CN", "HK", "CRYPTO", "SIM"}
        assert offered(home, cache, "call get.market_data --timeframe 1") == {"1m", "15m", "1h", "1d", "1w"}
        assert offered(home, cache, "call execute.order --action=") == {"--action=buy", "--action=sell"}
        assert offered(home, cache, "positions --account ") == {"paper"}
        assert "--criteria.min_volume" in offered(home, cache, "call scan.market --criteria.min_v")
        home.run("down")
    assert offered(home, cache, "worker restart ") == {"all"}
    found = [json.loads(line) for line in home.run("stats", **BY_THE_HOME).stdout.splitlines()]
    assert any(row["method"] == "describe.methods" for row in found)
