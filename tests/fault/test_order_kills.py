"""Executors, brokers and clients that are killed or stopped while orders are placed, at real processes.

TACORE_REAL_KILLS says how many kills there are in all.
"""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from typing import Any

import pytest

from tacore.client import Client
from tests.support import load
from tests.support.command import tacore
from tests.support.order_load import PATIENCE
from tests.support.order_siege import Siege
from tests.support.order_world import OrderWorld, Weather, order_world
from tests.support.service import marked, wait_until
from tests.support.venues.process import ROOT

KILLS = int(os.environ.get("TACORE_REAL_KILLS", "30"))
# An executor with a vendor's library takes seconds to start.
SHARES = {"paper": KILLS - KILLS // 6 - KILLS // 10, "alpaca": KILLS // 6, "ccxt": KILLS // 10}

SENDS = """
import sys
from tests.support.load import Dealer
with Dealer(sys.argv[1]) as dealer:
    dealer.send(sys.argv[2].encode())
    sys.stdin.read()
"""
"""A client that sends an order, and looks at no answer."""


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrderWorld]:
    with order_world(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


def worlds(*names: str) -> pytest.MarkDecorator:
    """Run a test in these worlds."""
    return pytest.mark.parametrize("world", names, indirect=True)


def _dice() -> random.Random:
    seed = random.randrange(1_000_000)  # noqa: S311 - no secret
    print(f"\nseed {seed}")  # noqa: T201 - to tell what the dice said
    return random.Random(seed)  # noqa: S311 - no secret


@worlds("paper", "alpaca", "ccxt")
def test_order_when_executor_broker_and_clients_are_killed_is_placed_once_and_known_to_all(
    world: OrderWorld,
) -> None:
    dice = _dice()
    siege = Siege(world, "kill", dice)
    with siege.trading(), Weather(world.venue, dice) if world.venue else nullcontext():
        siege.kill(SHARES[world.name])
    world.settle()
    siege.check()
    world.check()
    print(f"{siege.kills}; {siege.answered()} answers")  # noqa: T201 - figures to quote


@worlds("paper", "alpaca")
def test_executor_when_stopped_is_killed_and_its_successor_answers_every_order(world: OrderWorld) -> None:
    siege = Siege(world, "stop", _dice())
    with siege.trading():
        wait_until(lambda: siege.answered() > 10, "orders are answered")
        stopped = world.executor()
        stopped.send_signal(signal.SIGSTOP)
        wait_until(lambda: world.executor().pid != stopped.pid, "another executor has started")
        before = siege.answered()
        wait_until(lambda: siege.answered() > before + 10, "orders are answered again")
    world.settle()
    siege.check()
    world.check()


@worlds("paper")
def test_order_when_repeated_100_times_by_8_clients_is_one_order_with_one_answer(world: OrderWorld) -> None:
    def place(client: Client) -> Any:
        return client.request("execute.order", world.setting.aside, request_id="hundred")

    world.service.wait_ready()
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(world.service.endpoint, **PATIENCE)) for _ in range(8)]
        pool = stack.enter_context(ThreadPoolExecutor(100))
        replies = list(pool.map(place, [clients[each % 8] for each in range(100)]))
    assert [each.error for each in replies] == [None] * 100
    assert sum(not each.raw.get("replayed") for each in replies) == 1
    (first,) = [each for each in replies if not each.raw.get("replayed")]
    assert [each for each in replies if each.data != first.data] == []
    assert world.rows("SELECT count(*) FROM orders WHERE key LIKE '%hundred%'") == [(1,)]
    world.settle()
    world.check()


@worlds("alpaca", "ccxt")
def test_order_when_its_executor_is_killed_before_the_venues_answer_is_adopted_and_not_sent_again(
    world: OrderWorld,
) -> None:
    venue = world.venue
    assert venue is not None
    world.service.wait_ready()
    venue.tell(arrive=None, next=["silence"])
    submits = venue.submits()
    with Client(world.service.endpoint, **PATIENCE) as client, ThreadPoolExecutor(1) as pool:
        called = pool.submit(client.request, "execute.order", world.setting.aside, idempotency_key="lost")
        wait_until(lambda: len(venue.submits()) > len(submits), "the order reaches the venue")
        (name,) = set(venue.submits()) - set(submits)
        wait_until(lambda: venue.events("placed")[-1]["client_order_id"] == name, "the venue takes it")
        world.kill_executor()
        assert world.rows("SELECT status FROM orders WHERE key = 'lost'") == [("submitting",)]
        venue.tell(release=True, twice=True)
        venue.tell(fill={"client_order_id": name, "quantity": world.setting.unit, "price": 430})
        reply = called.result()
    assert (reply.error, reply.data["client_order_id"]) == (None, name)
    world.settle()
    venue.tell(arrive={"quantity": world.setting.unit, "price": world.setting.price}, twice=False)
    assert venue.submits().count(name) == 1
    told = world.service.client.call("get.order", {"client_order_id": name})
    assert (told["status"], len(told["fills"]), told["average_price"]) == ("filled", 1, 430)
    what = [each["what"] for each in told["events"]]
    assert what.index("submitting") < what.index("unknown") < what.index("reconciled")
    world.check()


@worlds("paper")
def test_client_when_killed_after_sending_has_its_order_found_by_a_new_process_with_the_same_key(
    world: OrderWorld,
) -> None:
    params = {**world.setting.aside, "idempotency_key": "widow"}
    world.service.wait_ready()
    body = load.request("dies", "execute.order", params)
    with marked(world.service.mark):
        child = subprocess.Popen(
            [sys.executable, "-c", SENDS, world.service.endpoint, body.decode()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
        )
    wait_until(lambda: world.rows("SELECT 1 FROM orders WHERE key = 'widow'"), "its order is in the ledger")
    child.kill()
    child.communicate()
    words = ["call", "execute.order", "--params", json.dumps(params)]
    done = tacore(words, world.home, world.service.endpoint)
    assert done.returncode == 0, done.stderr
    found = world.rows("SELECT client_order_id FROM orders WHERE key = 'widow'")
    assert found == [(json.loads(done.stdout)["client_order_id"],)]
    world.settle()
    world.check()
