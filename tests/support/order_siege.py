"""Trading clients, and the kills of executor, broker and clients in their midst."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.order_load import Record, Trader
from tests.support.order_world import OrderWorld
from tests.support.service import PATIENCE_S, marked
from tests.support.venues.process import ROOT

LOOK_S = 0.002
TRADERS = 4
VICTIMS = ("executor", "executor", "client", "executor", "broker", "executor")
"""Who is killed, in turn."""


class Siege:
    """Some clients in this process, and one in a process of its own, all placing orders."""

    def __init__(self, world: OrderWorld, name: str, dice: random.Random) -> None:
        self.world, self.name, self.dice = world, name, dice
        kinds, endpoint = world.setting.kinds, world.service.endpoint
        self._traders = [
            Trader(endpoint, f"{name}-{each}", self._file(str(each)), kinds) for each in range(TRADERS)
        ]
        self.alone = Record(self._file("alone"))
        self._process: subprocess.Popen[bytes] | None = None
        self.kills: list[tuple[str, str]] = []

    def _file(self, name: str) -> Path:
        return self.world.home / f"{self.name}-{name}.jsonl"

    # -- clients -------------------------------------------------------------------------------------

    @contextmanager
    def trading(self) -> Iterator[None]:
        """Have the clients trade meanwhile; every call that was begun ends before this does."""
        self._start_process()
        for each in self._traders:
            each.thread.start()
        try:
            yield
        finally:
            for each in self._traders:
                each.stopped.set()
            self._end_process(signal.SIGKILL)
        for each in self._traders:
            each.thread.join(PATIENCE_S)
            assert not each.thread.is_alive(), f"a call of {each.record.file.name} never ended"
        self._finish_alone()

    def _finish_alone(self) -> None:
        """Let a new client ask what the killed process was never answered."""
        last = Trader(
            self.world.service.endpoint, f"{self.name}-alone", self.alone.file, self.world.setting.kinds
        )
        last.thread.start()
        wait_soon(lambda: not self.alone.unanswered(), "the killed client's order is answered")
        last.stopped.set()
        last.thread.join(PATIENCE_S)

    def _start_process(self) -> None:
        words = [self.world.service.endpoint, f"{self.name}-alone", str(self.alone.file)]
        words.append(json.dumps(self.world.setting.kinds))
        with marked(self.world.service.mark):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.order_load", *words], cwd=ROOT
            )

    def _end_process(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)

    def records(self) -> list[Record]:
        """Give what all clients wrote down."""
        return [*(each.record for each in self._traders), self.alone]

    def answered(self) -> int:
        """Count the answers so far."""
        return sum(each.count("ended") for each in self.records())

    def _size(self) -> int:
        """Tell how much the clients wrote down."""
        return sum(each.file.stat().st_size for each in self.records() if each.file.exists())

    # -- kills ---------------------------------------------------------------------------------------

    def kill(self, count: int) -> None:
        """Kill that many, each right after something was seen or at any moment."""
        for number in range(count):
            victim = VICTIMS[number % len(VICTIMS)]
            moment = self._moment(victim)
            self.kills.append((victim, moment))
            getattr(self, f"_wait_{moment}")()
            self._kill(victim)
            assert self.world.sent_without_commit() == [], self.kills

    def _moment(self, victim: str) -> str:
        if victim == "client":
            return self.dice.choice(("asked", "any"))
        moments = ["committed", "committed", "answered", "any", "any"]
        moments += ["sent", "sent"] if self.world.venue else ["written"]
        if victim == "executor" and self.kills[-2:-1] and self.kills[-2][0] == "executor":
            moments.append("started")
        return self.dice.choice(moments)

    def _kill(self, victim: str) -> None:
        if victim == "executor":
            self.world.kill_executor()
        elif victim == "broker":
            self.world.kill_broker()
        else:
            self._end_process(signal.SIGKILL)
            self._start_process()

    def _wait_any(self) -> None:
        """Let some time pass, whatever happens, once something was answered again."""
        self._wait_answered()
        time.sleep(self.dice.uniform(0, 0.1))

    def _wait_asked(self) -> None:
        before = self.alone.count("asked")
        wait_soon(lambda: self.alone.count("asked") > before, "the process asks")

    def _wait_answered(self) -> None:
        before, size = self.answered(), self._size()

        def answered() -> bool:
            nonlocal size
            grown, size = size, self._size()
            return grown != size and self.answered() > before

        wait_soon(answered, "a client is answered")

    def _wait_started(self) -> None:
        self.world.executor()
        time.sleep(self.dice.uniform(0, 1))

    def _wait_committed(self) -> None:
        self._wait_for("SELECT max(number) FROM orders")

    def _wait_written(self) -> None:
        self._wait_for("PRAGMA data_version")

    def _wait_for(self, sql: str) -> None:
        with closing(sqlite3.connect(f"file:{self.world.ledger}?mode=ro", uri=True)) as connection:
            (before,) = connection.execute(sql).fetchone()
            wait_soon(lambda: connection.execute(sql).fetchone() != (before,), "the ledger is written")

    def _wait_sent(self) -> None:
        assert self.world.venue is not None
        file = self.world.venue.file
        before = file.stat().st_size
        wait_soon(lambda: file.stat().st_size > before, "something reaches the venue")

    # -- what the clients saw ------------------------------------------------------------------------

    def check(self) -> None:
        """Hold what the clients were told against the ledger and the venue."""
        told = [line for each in self.records() for line in each.lines() if line["what"] == "ended"]
        assert [each.unanswered() for each in self.records()] == [[]] * len(self.records())
        ours = {key: (name, status) for key, name, status in self.world.rows(_BY_KEY)}
        at_venue = set() if self.world.venue is None else set(self.world.venue.submits())
        for line in told:
            order = line["data"] or line["details"]
            if "client_order_id" not in order:
                assert line["code"] in ("denied", "unavailable", "deadline_exceeded", "no_answer"), line
                continue
            name, status = ours[line["key"]]
            assert name == order["client_order_id"], line
            acknowledged = line["data"] is not None and line["data"]["status"] in ("accepted", "filled")
            if acknowledged:
                assert status == "filled", line
                assert self.world.venue is None or name in at_venue, line


_BY_KEY = "SELECT key, client_order_id, status FROM orders WHERE key_kind = 'explicit'"


def wait_soon(condition: Callable[[], object], what: str) -> None:
    """Look until something holds, often enough to act while it has only just happened."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(LOOK_S)
