"""`tacore orders -f`: what changes, and nothing else."""

import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tacore.cli.following import Looks
from tacore.client.sync import Client
from tests.support.command import command, environment
from tests.support.fake_broker import FakeBroker
from tests.support.trading import FakeDesk, order


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(order(1), order(2, status="filled"))


@pytest.fixture
def looks(desk: FakeDesk) -> Iterator[Looks]:
    with FakeBroker(desk) as broker, Client(broker.endpoint) as client:
        made = Looks(client, {})
        made.begin()
        yield made


def seen(looks: Looks) -> list[tuple[int, str, Any]]:
    return [(int(each["order_id"][2:]), each["status"], each["filled_quantity"]) for each in looks.changes()]


def test_looks_when_nothing_changed_give_nothing(looks: Looks) -> None:
    assert seen(looks) == []
    assert seen(looks) == []


def test_looks_when_orders_changed_give_those_in_the_order_of_their_changes(
    desk: FakeDesk, looks: Looks
) -> None:
    desk.change(3, updated_at="2026-11-24T06:10:02.5Z")
    desk.change(1, status="partially_filled", filled_quantity=4, updated_at="2026-11-24T06:10:02Z")
    assert seen(looks) == [(1, "partially_filled", 4), (3, "accepted", 0)]
    desk.change(1, filled_quantity=5)
    assert seen(looks) == [(1, "partially_filled", 5)]


def test_looks_when_only_the_time_of_an_order_moved_give_nothing(desk: FakeDesk, looks: Looks) -> None:
    desk.change(1, updated_at="2026-11-24T06:59:00Z")
    assert seen(looks) == []


def test_looks_when_an_old_order_ends_behind_many_new_ones_still_see_it(desk: FakeDesk, looks: Looks) -> None:
    for number in range(3, 353):
        desk.change(number, status="filled")
    assert sorted(each[0] for each in seen(looks)) == list(range(3, 353))
    assert seen(looks) == []
    desk.change(1, status="partially_filled", filled_quantity=4)
    assert seen(looks) == [(1, "partially_filled", 4)]
    desk.change(1, status="expired")
    assert seen(looks) == [(1, "expired", 4)]
    desk.change(1, filled_quantity=5)  # it is among the newest no more, and not open: nobody looks any more
    assert seen(looks) == []


def test_looks_when_the_first_orders_come_see_all_of_them() -> None:
    desk = FakeDesk()
    with FakeBroker(desk) as broker, Client(broker.endpoint) as client:
        looks = Looks(client, {})
        looks.begin()
        for number in range(1, 251):
            desk.change(number)
        assert [each[0] for each in seen(looks)] == list(range(1, 251))


def test_looks_when_an_order_shown_was_newer_than_their_own_do_not_give_it_again(
    desk: FakeDesk, looks: Looks
) -> None:
    desk.change(1, filled_quantity=4)
    looks.take_note([desk.orders["o-000001"]])
    assert seen(looks) == []


class Following:
    """A follower under way, of which each line is read in time or not at all."""

    def __init__(self, cwd: Path, endpoint: str, *words: str, terminal: bool = False) -> None:
        ours, theirs = pty.openpty() if terminal else os.pipe()
        environ = environment(TACORE_ENDPOINT=endpoint, COVERAGE_SIGTERM="1")
        self.process = subprocess.Popen(
            command("orders", "-f", *words), cwd=cwd, env=environ, stdout=theirs, stderr=subprocess.PIPE
        )
        os.close(theirs)
        self.source = ours
        self._text = ""

    def line(self, within_s: float = 15.0) -> str:
        while "\n" not in self._text:
            if not select.select([self.source], [], [], within_s)[0]:
                raise TimeoutError(f"no line came, but {self._text!r}")
            self._text += os.read(self.source, 65536).decode()
        line, _, self._text = self._text.partition("\n")
        return line.rstrip("\r")

    def end(self) -> tuple[int, str]:
        """Interrupt it; give the exit code and what it said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=20)
        os.close(self.source)
        return self.process.returncode, said.decode()


def test_follower_when_piped_writes_what_is_there_oldest_first_then_what_changes(
    desk: FakeDesk, tmp_path: Path
) -> None:
    with FakeBroker(desk) as broker:
        following = Following(tmp_path, broker.endpoint)
        first = [json.loads(following.line()) for _ in range(2)]
        assert [each["order_id"] for each in first] == ["o-000001", "o-000002"]
        desk.change(1, status="filled", filled_quantity=10, average_price=430.1)
        assert json.loads(following.line(within_s=2.0)) == desk.orders["o-000001"]
        desk.change(3)
        assert json.loads(following.line(within_s=2.0)) == desk.orders["o-000003"]
        assert following.end() == (130, "")


def test_follower_when_filtered_by_status_writes_changes_into_it(desk: FakeDesk, tmp_path: Path) -> None:
    with FakeBroker(desk) as broker:
        following = Following(tmp_path, broker.endpoint, "--status", "final", "--symbol", "AAPL")
        assert json.loads(following.line())["order_id"] == "o-000002"
        desk.change(3)
        desk.change(1, status="cancelled")
        assert json.loads(following.line())["order_id"] == "o-000001"
        assert all(each["params"].get("symbol") == "AAPL" for each in broker.requests)
        assert following.end()[0] == 130


def test_follower_when_on_a_terminal_writes_lines_under_a_heading_and_says_when_it_turns_live(
    desk: FakeDesk, tmp_path: Path
) -> None:
    with FakeBroker(desk) as broker:
        following = Following(tmp_path, broker.endpoint, "-n", "1", terminal=True)
        heading = "updated_at order_id status symbol action quantity filled average type account reason"
        assert following.line().split() == heading.split()
        assert following.line().split()[1:3] == ["o-000002", "filled"]
        desk.change(3, paper=False, status="rejected", reason="no such asset")
        line = following.line()
        assert line.split()[1:3] == ["o-000003", "rejected"]
        assert line.endswith("no such asset")
        assert following.end() == (130, "PAPER\nLIVE\n")


def test_follower_when_nothing_is_wanted_of_before_writes_changes_alone_as_csv(
    desk: FakeDesk, tmp_path: Path
) -> None:
    with FakeBroker(desk) as broker:
        words = ["-n", "0", "-o", "csv", "--columns", "order_id,status"]
        following = Following(tmp_path, broker.endpoint, *words)
        assert following.line() == "order_id,status"
        desk.change(1, status="cancelled")
        assert following.line() == "o-000001,cancelled"
        assert following.end()[0] == 130


def test_follower_when_the_service_is_away_for_a_while_says_so_and_goes_on(
    desk: FakeDesk, tmp_path: Path
) -> None:
    with FakeBroker(desk) as broker:
        following = Following(tmp_path, broker.endpoint, "-n", "1", "--retries", "0")
        following.line()
        desk.errors["list.orders"] = ("unavailable", "no worker serves it", {})
        said = following.process.stderr
        assert said is not None
        assert said.readline() == b"tacore orders: no worker serves it: looking again\n"
        desk.change(1, status="expired")
        desk.errors.clear()
        assert json.loads(following.line())["status"] == "expired"
        assert following.end() == (130, "tacore orders: it answers again\n")


def test_follower_when_no_retry_would_help_ends_with_the_error(desk: FakeDesk, tmp_path: Path) -> None:
    with FakeBroker(desk) as broker:
        following = Following(tmp_path, broker.endpoint, "-n", "1")
        following.line()
        desk.errors["list.orders"] = ("forbidden", "not this account", {})
        _, said = following.process.communicate(timeout=20)
        os.close(following.source)
    assert following.process.returncode == 6
    assert b"not this account" in said
