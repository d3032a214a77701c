"""Services on one machine keep apart, and a second start is refused with a reason."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import journal_rows
from tests.support.command import tacore
from tests.support.service import Service


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Service]]:
    with (
        Service(tmp_path_factory.mktemp("east"), workers=1) as east,
        Service(tmp_path_factory.mktemp("west"), workers=1) as west,
    ):
        yield east, west


def test_services_when_two_run_on_a_machine_share_nothing(pair: tuple[Service, Service]) -> None:
    east, west = pair
    for service, name in ((east, "east"), (west, "west")):
        for number in range(50):
            service.client.call("debug.echo", {"at": name}, request_id=f"{name}-{number}")
    for service, name in ((east, "east"), (west, "west")):
        health = service.health()
        assert (health["home"], health["workers"]) == (str(service.home), 1)
        kept = {at: len(journal_rows.rows(service, f"{at}-")) for at in ("east", "west")}
        assert kept == {"east": 0, "west": 0} | {name: 50}
    assert set(east.registered()).isdisjoint(west.registered())


def test_services_when_one_is_asked_from_its_folder_the_other_stays_silent(
    pair: tuple[Service, Service],
) -> None:
    for service in pair:
        result = tacore(["call", "health.check", "-o", "json", "--columns", "home"], service.home)
        assert (result.returncode, str(service.home) in result.stdout) == (0, True), result


def test_broker_when_another_runs_from_its_home_is_refused(pair: tuple[Service, Service]) -> None:
    east, _ = pair
    before = _pids(east)
    words = ["broker", "start", "--frontend-port", "31234", "--backend-port", "31235"]
    result = tacore(words, east.home, **east.environ)
    assert result.returncode == 6, result
    assert str(east.home) in result.stderr and str(east.broker_pid()) in result.stderr
    assert "Traceback" not in result.stderr
    assert _pids(east) == before
    assert east.client.call("debug.echo", {"still": 1}) == {"still": 1}
    assert (east.home / "run" / "broker.json").exists()


@pytest.mark.parametrize("key", ["zmq.frontend_port", "zmq.backend_port"])
def test_broker_when_its_port_is_taken_says_so_and_leaves_nothing(tmp_path: Path, key: str) -> None:
    other = Service(tmp_path, how="nothing")
    with other, socket.socket() as holder:
        port = other.settings[key]
        holder.bind(("127.0.0.1", port))
        holder.listen()
        result = tacore(["broker", "start"], other.home, **other.environ)
        assert result.returncode == 6, result
        assert f"127.0.0.1:{port}" in result.stderr and key in result.stderr
        assert "Traceback" not in result.stderr
        assert _pids(other) == set()
        assert [each.name for each in (tmp_path / "run").iterdir()] == []


def _pids(service: Service) -> set[int]:
    return {each.pid for each in service.living() if each.status() != psutil.STATUS_ZOMBIE}
