"""`tacore top` on a terminal of its own, beside a real service."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.command import tacore
from tests.support.drawn import Terminal, terminal
from tests.support.journal_rows import query
from tests.support.service import Service, wait_until

ALTERNATE, BACK = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("service")
    with Service(home, 1, journal__commit_ms=10, orders=True) as started:
        yield started


@pytest.fixture
def screen(service: Service) -> Iterator[Terminal]:
    with terminal(["top"], service.home, service.environ) as opened:
        opened.until("healthy")
        opened.until("fast-")
        yield opened


def ends_well(screen: Terminal) -> None:
    """See that the command has ended with 0 and left the terminal as it was."""
    assert screen.end() == 0
    wait_until(lambda: BACK in screen.heard, "the screen of before is back")
    assert screen.heard.rindex(BACK) > screen.heard.rindex(ALTERNATE)
    assert screen.modes_now() == screen.modes


def test_top_when_q_is_pressed_ends_and_restores_the_terminal(screen: Terminal) -> None:
    screen.type("q")
    ends_well(screen)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_top_when_told_to_end_restores_the_terminal(screen: Terminal, number: signal.Signals) -> None:
    screen.signal(number)
    ends_well(screen)


def test_top_when_interrupted_from_the_keyboard_ends(screen: Terminal) -> None:
    screen.type("\x03")
    ends_well(screen)


def test_top_when_a_request_is_answered_shows_it(screen: Terminal, service: Service) -> None:
    screen.type("3")
    screen.until("REQUEST ID")
    mark = screen.mark()
    service.client.call("debug.echo", {"n": 1}, request_id="seen")
    screen.until("seen", mark=mark)
    mark = screen.mark()
    screen.type("\r")
    screen.until("where the time went", mark=mark)
    screen.until("processing", mark=mark)


def test_top_when_its_own_requests_come_does_not_show_them(screen: Terminal, service: Service) -> None:
    screen.type("3")
    service.client.call("debug.echo", {}, request_id="last-one")
    screen.until("last-one")
    looks = "SELECT request_id FROM request_logs WHERE client_id LIKE 'watch-%'"
    own = [str(found)[:8] for (found,) in query(service.database, looks)]
    assert own
    assert [each for each in own if each in screen.text] == []


def test_top_when_an_order_is_placed_shows_it(screen: Terminal, service: Service) -> None:
    service.client.call("execute.order", {"symbol": "AAPL", "action": "buy", "quantity": 3})
    screen.type("4")
    screen.until("o-0000")
    screen.until("filled")


def test_top_when_a_row_is_copied_hands_it_to_the_terminal(screen: Terminal) -> None:
    screen.type("y")
    wait_until(lambda: "\x1b]52;c;" in screen.heard, "the clipboard is set")


def test_top_when_a_worker_is_restarted_there_is_another_process(screen: Terminal, service: Service) -> None:
    before = set(service.registered())
    screen.type("r")
    screen.until("tacore worker restart fast-")
    screen.type("y")
    wait_until(lambda: len(set(service.worker_pids() or ()) - before) == 1, "one of them is another")
    service.wait_ready()


def test_top_when_trading_is_halted_and_resumed_says_so(screen: Terminal, service: Service) -> None:
    screen.type("H")
    screen.until("tacore halt")
    screen.type("a look\r")
    screen.until("trading is halted: a look")
    assert service.client.call("get.trading_state")["state"] == "halted"
    mark = screen.mark()
    screen.type("H")
    screen.until("tacore resume", mark=mark)
    screen.type("\r")
    wait_until(lambda: service.client.call("get.trading_state")["state"] == "active", "it is resumed")


def test_top_when_resized_draws_for_the_new_size(screen: Terminal) -> None:
    mark = screen.mark()
    screen.resize(200, 50)
    screen.until("SUPERVISOR", mark=mark)
    mark = screen.mark()
    screen.resize(40, 10)
    screen.until("40 columns by", mark=mark)
    screen.resize(80, 24)
    screen.until("fast-", mark=mark)


@pytest.mark.parametrize("how", ["key", "signal"])
def test_top_when_suspended_gives_the_terminal_back_and_goes_on(screen: Terminal, how: str) -> None:
    process = psutil.Process(screen.process.pid)
    if how == "key":
        screen.type("\x1a")
    else:
        screen.signal(signal.SIGTSTP)
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "it has stopped")
    wait_until(lambda: BACK in screen.heard, "the screen of before is back")
    assert screen.heard.rindex(BACK) > screen.heard.rindex(ALTERNATE)
    assert screen.modes_now() == screen.modes
    mark = screen.mark()
    screen.signal(signal.SIGCONT)
    screen.until("fast-", mark=mark)
    screen.type("q")
    ends_well(screen)


def test_top_when_the_broker_dies_says_so_and_recovers(tmp_path: Path) -> None:
    with (
        Service(tmp_path, 1, "up") as service,
        terminal(["top"], service.home, service.environ) as screen,
    ):
        screen.until("healthy")
        service.kill(service.broker_pid(), signal.SIGSTOP)
        mark = screen.mark()
        screen.until("down", mark=mark)
        screen.type("3")  # a key works meanwhile
        screen.until("REQUEST ID", mark=mark)
        mark = screen.mark()
        service.kill(_broker_of(service), signal.SIGCONT)
        screen.until("lag", mark=mark)
        screen.type("q")
        ends_well(screen)


def _broker_of(service: Service) -> int:
    found = json.loads((service.home / "run" / "broker.json").read_text())
    return int(found["pid"])


def test_top_when_it_starts_before_the_broker_sees_it_come(tmp_path: Path) -> None:
    with (
        Service(tmp_path, 1, "nothing") as service,
        terminal(["top"], service.home, service.environ) as screen,
    ):
        screen.until("start one with")
        service.start_broker()
        service.start_workers(1)
        screen.until("fast-")
        screen.type("q")
        ends_well(screen)


def test_top_when_once_tells_what_health_check_tells(service: Service) -> None:
    service.client.call("debug.echo", {}, request_id="counted")
    wait_until(
        lambda: "debug.echo" in {each["method"] for each in _once(service)["methods"]}, "it is counted"
    )
    seen = _once(service)
    health = service.health()
    assert seen["status"] == health["status"]
    assert {each["worker_id"]: each["pid"] for each in seen["workers"]} == {
        each["worker_id"]: each["pid"] for each in health["components"]["workers"]["workers"]
    }
    assert (seen["paper"], seen["trading"]) == (True, "active")


def _once(service: Service) -> dict[str, Any]:
    done = tacore(["top", "--once", "-o", "json"], service.home, **service.environ)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_top_when_plain_writes_again_and_again(service: Service) -> None:
    with terminal(["top", "--plain", "--every", "0.3"], service.home, service.environ) as screen:
        screen.until("money PAPER")
        screen.until("money PAPER", mark=screen.mark())
        assert "\x1b" not in screen.heard
        screen.signal(signal.SIGINT)
        assert screen.end() == 130


def test_top_when_plain_outlives_the_broker(tmp_path: Path) -> None:
    with (
        Service(tmp_path, 1) as service,
        terminal(["top", "--plain", "--every", "0.3"], service.home, service.environ) as screen,
    ):
        screen.until("service healthy")
        service.kill(service.broker_pid(), signal.SIGSTOP)
        screen.until("service down")
        service.kill(service.child("broker").pid, signal.SIGCONT)
        mark = screen.mark()
        screen.until("service healthy", mark=mark)
