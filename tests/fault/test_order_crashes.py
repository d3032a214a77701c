"""Executors that die at thousands of points: no order is doubled, none is lost, none goes over a limit."""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tacore.clock import ManualClock
from tacore.market.calendars import Calendars
from tacore.market.registry import Providers, provider_names
from tacore.market.router import build_market_data
from tacore.model.markets import parse_markets
from tacore.model.orders import Dedupe
from tacore.model.providers import parse_providers
from tacore.ports import MarketData
from tests.support.calendars import SHARED
from tests.support.crash_points import POINTS
from tests.support.markets import WALL, wall_us
from tests.support.order_crashes import CrashWorld
from tests.support.order_witnesses import check

SEED = int(os.environ.get("ORDER_CRASHES_SEED", "20130301"))
COUNT = int(os.environ.get("ORDER_CRASHES", "500"))
CRASHES_OF_A_WORLD = 14
ACTS_OF_A_CRASH = 40
"""After so many acts another point is chosen: some are not reached any more."""
KINDS: tuple[Dedupe, ...] = ("lasting", "lasting", "window", "echo", "none")
ACTS = {
    "place": 14,
    "retry": 9,
    "send_another": 3,
    "cancel": 12,
    "modify": 2,
    "work": 70,
    "turn": 50,
    "wait": 18,
    "trade": 12,
    "show": 3,
    "expire": 5,
    "take_over": 1,
}


@pytest.fixture(scope="module")
def data() -> MarketData:
    settings = parse_markets({"US": {"provider": "sample"}})
    configured = Providers(parse_providers(None, tuple(provider_names())), Path())
    clock = ManualClock(wall_us=wall_us(WALL))
    return build_market_data(settings, clock, None, configured, calendars=Calendars(SHARED))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder in memory where there is one: a process that dies, unlike a machine, loses no cache."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    if not memory.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="order-crashes-", dir=memory))
    yield made
    shutil.rmtree(made)


def _live(world: CrashWorld) -> None:
    """Do random things until the world has ended often enough."""
    acts, weights = list(ACTS), list(ACTS.values())
    for number in range(CRASHES_OF_A_WORLD * ACTS_OF_A_CRASH):
        if not world.fuse.armed or number % ACTS_OF_A_CRASH == 0:
            world.fuse.arm()
        (name,) = world.chance.choices(acts, weights)
        world.alive(getattr(world, name, None) or getattr(world.exchange, name))


def test_orders_when_executors_die_at_any_point_are_placed_once_and_kept(
    folder: Path, data: MarketData, capsys: pytest.CaptureFixture[str]
) -> None:
    started, crashes, became = time.monotonic(), Counter[str](), Counter[str]()
    takeovers = number = 0
    while sum(crashes.values()) < COUNT:
        seed = f"{SEED}-{number}"
        dedupe = KINDS[number % len(KINDS)]
        home = folder / str(number)
        home.mkdir()
        world = CrashWorld(home, data, Random(seed), dedupe)  # noqa: S311 - no secret
        try:
            _live(world)
            world.settle()
            became.update(check(world))
        except BaseException as error:
            error.add_note(f"world {number} of ORDER_CRASHES_SEED={SEED} ({dedupe})")
            raise
        world.close()
        shutil.rmtree(home)
        crashes += world.fuse.crashes
        takeovers, number = takeovers + world.takeovers, number + 1
    took_s = time.monotonic() - started
    with capsys.disabled():
        print(  # noqa: T201 - figures to quote
            f"\n{sum(crashes.values())} crashes and {takeovers} takeovers in {number} worlds, "
            f"seed {SEED}, {took_s:.1f} s\ncrashes: {dict(crashes)}\norders: {dict(became)}"
        )
    assert set(crashes) == set(POINTS)
