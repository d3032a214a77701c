"""A real broker and real processes that own a store: one at a time, whoever dies."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tacore import processes
from tacore.client import Client
from tacore.worker.stream import ABANDONED
from tests.support.service import PATIENCE_S, Service, marked, wait_until

ARGV = [sys.executable, "-m", "tests.support.stand_in_executor"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, workers=0, worker__heartbeat_s=0.2) as started:
        yield started


def start(service: Service, store: str = "one", worker_id: str = "e-1") -> processes.Child:
    """Start an executor of the fast pool's methods, which a broker knows; its file is in the home."""
    spec = {"loaded": service.loaded.to_json(), "worker_id": worker_id, "supervisor_id": "nobody"}
    spec |= {"pool": "fast", "endpoint": service.backend, "store": str(service.home / store)}
    with marked(service.mark):
        return processes.Child(ARGV, spec)


def owner(service: Service) -> dict[str, Any] | None:
    """Give who owns the pool's store, by the broker's own report."""
    pools = service.health()["components"]["stores"]["pools"]
    found: dict[str, Any] | None = pools.get("fast")
    return found


def wait_for_epoch(service: Service, epoch: int) -> None:
    wait_until(lambda: (owner(service) or {}).get("epoch") == epoch, f"epoch {epoch} is registered")


def bury(child: processes.Child) -> str:
    assert child.wait(PATIENCE_S)
    reason = child.reason()
    child.close()
    return reason


def echo(service: Service, text: str, timeout_s: float = 5.0) -> dict[str, Any]:
    with Client(service.endpoint, timeout_s=timeout_s, retries=0) as client:
        data: dict[str, Any] = client.call("debug.echo", {"text": text})
    return data


def test_request_when_its_executor_is_killed_goes_to_the_successor(service: Service) -> None:
    first = start(service)
    wait_for_epoch(service, 1)
    assert echo(service, "a") == {"epoch": 1, "pid": first.pid, "params": {"text": "a"}}
    answers: list[dict[str, Any]] = []
    asker = threading.Thread(target=lambda: answers.append(echo(service, "never", PATIENCE_S)))
    asker.start()
    wait_until(lambda: service.health()["components"]["workers"]["workers"][0]["in_flight"], "it is held")
    second = start(service, worker_id="e-2")
    os.kill(first.pid, signal.SIGKILL)
    assert bury(first) == "killed by signal 9"
    asker.join(PATIENCE_S)
    assert answers == [{"epoch": 2, "pid": second.pid, "params": {"text": "never"}}]
    second.terminate()
    assert bury(second) == "exited with status 0"
    assert (service.home / "one.closed").exists()
    wait_until(lambda: service.health()["components"]["stores"]["status"] == "degraded", "its loss shows")


def test_executor_when_it_owns_another_store_is_sent_away(service: Service) -> None:
    first = start(service)
    wait_for_epoch(service, 1)
    other = start(service, "other", "e-2")
    assert bury(other) == "exited with status 137"
    assert echo(service, "a")["pid"] == first.pid
    first.terminate()
    assert bury(first) == "exited with status 0"


def test_executor_when_its_epoch_is_lost_ends_without_an_answer(service: Service) -> None:
    first = start(service)
    wait_for_epoch(service, 1)
    (service.home / "one").write_text("2")
    answers: list[dict[str, Any]] = []
    asker = threading.Thread(target=lambda: answers.append(echo(service, "a", PATIENCE_S)))
    asker.start()
    assert bury(first) == f"exited with status {ABANDONED}"
    second = start(service, worker_id="e-2")
    asker.join(PATIENCE_S)
    assert answers == [{"epoch": 3, "pid": second.pid, "params": {"text": "a"}}]
    second.terminate()
    assert bury(second) == "exited with status 0"
