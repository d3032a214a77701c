"""The refresher of a running service: it starts by itself, is shown, comes back, and leaves nothing."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.support.command import tacore
from tests.support.service import Service, wait_until

MARKETS = {
    "US": {"provider": "sample"},
    "CRYPTO": {"provider": "synthetic", "synthetic": {"size": 4}},
    "CN": {"provider": "synthetic", "synthetic": {"size": 60}},
}


def configured(home: Path) -> Path:
    """Configure small markets that are refreshed often."""
    (home / "config").mkdir()
    text = yaml.safe_dump({"markets": MARKETS, "scan": {"refresh_s": 0.5}})
    (home / "config" / "trading_config.yaml").write_text(text)
    return home


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = configured(tmp_path_factory.mktemp("tables"))
    with Service(home, workers=2, worker__feature_tables=True) as running:
        yield running


def scan(service: Service, **params: Any) -> dict[str, Any]:
    data: dict[str, Any] = service.client.call("scan.market", params)
    return data


def features(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.client.call("health.check", {"detailed": True})["components"]["features"]
    return found


def generation(service: Service, market: str) -> int:
    snapshot = scan(service, market=market)["snapshot"]
    return int(snapshot["generation"]) if snapshot else 0


def ready(service: Service) -> bool:
    markets = features(service).get("markets", {})
    return len(markets) == len(MARKETS) and all(each.get("full") for each in markets.values())


def test_scan_when_the_service_has_just_started_answers_at_once(tmp_path: Path) -> None:
    with Service(tmp_path, workers=1, worker__feature_tables=True) as fresh:
        data = scan(fresh, market="US", criteria={"min_rsi_14": 0})
        assert data["matched"] == 5


def test_scan_when_a_table_is_there_reads_it_and_says_which(service: Service) -> None:
    wait_until(lambda: ready(service), "every table is built")
    data = scan(service, market="CN", preset="oversold")
    assert data["snapshot"]["generation"] >= 1
    assert data["scanned"] == 60
    first = generation(service, "CN")
    wait_until(lambda: generation(service, "CN") > first, "a live market's table is refreshed")


def test_refresher_when_it_runs_is_shown_by_health_and_ps(service: Service) -> None:
    wait_until(lambda: ready(service), "every table is built")
    report = features(service)
    assert (report["status"], report["state"]) == ("healthy", "3 of 3 ready")
    shown = tacore(["ps", "--columns", "role,pid"], service.home, **service.environ).stdout
    assert f'"refresher", "pid": {report["pid"]}' in shown


def test_refresher_when_killed_is_started_again_and_goes_on(service: Service) -> None:
    wait_until(lambda: ready(service), "every table is built")
    before, pid = generation(service, "CRYPTO"), int(features(service)["pid"])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: features(service).get("pid") not in (pid, None), "another refresher runs")
    wait_until(lambda: generation(service, "CRYPTO") > before, "it goes on")
    assert service.client.call("health.check")["status"] == "healthy"


def test_refresher_when_its_supervisor_is_killed_is_taken_over_by_another(tmp_path: Path) -> None:
    with Service(configured(tmp_path), workers=1, worker__feature_tables=True) as running:
        wait_until(lambda: ready(running), "every table is built")
        pid = int(features(running)["pid"])
        more = running.run("up", "worker", "spawn", "-n", "1")
        wait_until(lambda: running.health()["workers"] == 2, "another supervisor runs")
        os.kill(running.child("workers").pid, signal.SIGKILL)
        running.bury("workers")
        wait_until(lambda: not psutil.pid_exists(pid), "the refresher ends with its supervisor")
        wait_until(lambda: features(running).get("pid") not in (pid, None), "the other one took over")
        assert psutil.Process(int(features(running)["pid"])).ppid() == more.pid
        assert scan(running, market="US")["matched"] == 5
