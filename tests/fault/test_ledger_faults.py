"""A desk whose ledger can't be written: nothing is sent or lost, and it comes back by itself.

TACORE_LOCKED_S says how long another process keeps a service's ledger locked: 30 s in `make soak`.
"""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tacore.client import Client
from tacore.errors import OutcomeUnknown, TacoreError, Unavailable
from tacore.model.orders import Order
from tacore.ports.orders import Key, Only, Which
from tests.support.desk_world import DeskWorld, no_fees
from tests.support.far_venue import FarVenue
from tests.support.ledger_troubles import TROUBLES, Trouble, held, small_disk
from tests.support.service import Service

WITHIN_S = 3.0
LOCKED_S = float(os.environ.get("TACORE_LOCKED_S", "4"))
D = Decimal


@pytest.fixture(params=sorted(TROUBLES))
def cause(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Trouble, frozenset[str]]]:
    with ExitStack() as stack:
        if request.param == "full_disk":
            stack.enter_context(small_disk(tmp_path))
        stack.callback(DeskWorld.close_all)
        yield TROUBLES[request.param]


def _world(home: Path, venue: FarVenue | None = None) -> DeskWorld:
    section = no_fees()
    limits = {**section["accounts"]["paper"]["limits"], "allow_short": True}
    section["accounts"]["far"] = {"venue": "far", "limits": limits}
    section["venues"]["far"] = {"kind": "ccxt", "base_url": "http://127.0.0.1:1"}
    world = DeskWorld(home, section, venues={"far": venue or FarVenue()})
    world.turn()
    return world


def _rest(world: DeskWorld, account: str = "paper", key: str = "resting") -> Order:
    """Place an order that rests: the last price is 430.47."""
    side, price = ("buy", 400) if account == "paper" else ("sell", 460)
    named = Key(key, "explicit")
    more: Any = {"account": account, "limit_price": price, "time_in_force": "GTC", "key": named}
    return world.place("AAPL", side, 10, **more).order


@contextmanager
def _at_once() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < WITHIN_S


def _refusal(world: DeskWorld, account: str, key: str, reasons: frozenset[str]) -> None:
    with _at_once(), pytest.raises(Unavailable, match="the ledger can't be written") as refused:
        _rest(world, account, key)
    assert refused.value.details["reason"] in reasons


def _status(world: DeskWorld, order: Order) -> str:
    return world.ledger.order(Which(order_id=order.order_id)).status


def _pass(world: DeskWorld, seconds: float = 1.0) -> None:
    world.clock.advance(seconds)
    world.turn()


def test_paper_when_the_ledger_is_unwritable_refuses_reads_and_comes_back(
    tmp_path: Path, cause: tuple[Trouble, frozenset[str]]
) -> None:
    world, (trouble, reasons) = _world(tmp_path), cause
    resting = _rest(world)
    which = Which(order_id=resting.order_id)
    with trouble(world):
        for _ in range(2):
            _refusal(world, "paper", "refused", reasons)
        with _at_once():
            assert world.outcome(world.desk.order(which, world.asker())).order == resting
            assert world.outcome(world.desk.orders(Only(), world.asker())) == [resting]
            view = world.outcome(world.desk.account("paper", None, world.asker()))
        assert (view.cash["USD"], view.open_orders) == (D(1_000_000), 1)
        with _at_once(), pytest.raises(Unavailable, match="the ledger can't be written") as refused:
            world.outcome(world.desk.cancel(which, world.asker()))
        assert refused.value.details["reason"] in reasons
    assert _status(world, resting) == "accepted"

    first, again = _rest(world, key="refused"), _rest(world, key="refused")

    assert first == again
    assert [each.key for each in world.ledger.orders(Only())] == ["refused", "resting"]
    assert world.outcome(world.desk.cancel(which, world.asker())).order.status == "cancelled"
    assert world.ledger.check() == []


def test_venue_when_the_ledger_is_unwritable_gets_no_order_but_a_cancel_that_is_booked_later(
    tmp_path: Path, cause: tuple[Trouble, frozenset[str]]
) -> None:
    venue = FarVenue()
    world, (trouble, reasons) = _world(tmp_path, venue), cause
    resting = _rest(world, "far")
    which = Which(order_id=resting.order_id)
    with trouble(world):
        _refusal(world, "far", "refused", reasons)
        with _at_once():
            told = world.outcome(world.desk.cancel(which, world.asker()))
        assert venue.sent == [resting.client_order_id]
        assert venue.cancels == [resting.client_order_id]
        assert (told.order.status, len(told.warnings)) == ("accepted", 1)
        assert "far says cancelled" in told.warnings[0]
        _pass(world)
        assert _status(world, resting) == "accepted"

    _pass(world)

    assert _status(world, resting) == "cancelled"
    placed = [_rest(world, "far", "refused") for _ in range(2)]
    assert placed[0] == placed[1]
    assert venue.sent == [resting.client_order_id, placed[0].client_order_id]
    assert venue.cancels == [resting.client_order_id]
    assert world.ledger.check() == []


def test_answer_of_a_venue_when_the_ledger_became_unwritable_meanwhile_is_booked_later(
    tmp_path: Path, cause: tuple[Trouble, frozenset[str]]
) -> None:
    venue = FarVenue()
    world, (trouble, _) = _world(tmp_path, venue), cause
    with ExitStack() as lasting:
        venue.meanwhile = lambda: lasting.enter_context(trouble(world))
        with _at_once(), pytest.raises(OutcomeUnknown, match="the venue answered, but the ledger") as raised:
            _rest(world, "far", "once")
        venue.meanwhile = lambda: None
        which = Which(order_id=str(raised.value.details["order_id"]))
        _pass(world)
        assert world.ledger.order(which).status == "submitting"

    _pass(world)

    story = world.ledger.story(which)
    assert (story.order.status, story.order.venue_order_id) == ("accepted", "far-1")
    assert [each.after for each in story.events] == ["reserved", "submitting", "accepted"]
    assert _rest(world, "far", "once") == story.order
    assert venue.sent == [story.order.client_order_id]
    assert world.ledger.check() == []


def test_orders_when_hundreds_wait_for_a_locked_ledger_are_all_refused_in_time(tmp_path: Path) -> None:
    world = _world(tmp_path)
    with held(tmp_path / "ledger.db"), _at_once():
        request, asker = world.request(limit_price=400), world.asker(60)
        laters = [world.desk.execute(request, Key(f"k{each}", "explicit"), asker) for each in range(1_500)]
        world.turn(2)
        assert all(each.done for each in laters)
    assert world.ledger.orders(Only()) == []
    assert _rest(world, key="k0").status == "accepted"


def test_deadman_when_the_ledger_is_unwritable_halts_once_it_can(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path, no_fees(deadman_s=30, deadman_cancel=True))
    resting = _rest(world)
    with held(tmp_path / "ledger.db"):
        _pass(world, 31)
        assert world.ledger.trading_state().state == "active"
        world.outcome(world.desk.orders(Only(), world.asker()))  # too late for a sign of life
    _pass(world)
    _pass(world)
    assert (world.ledger.trading_state().state, world.ledger.trading_state().by) == ("halted", "deadman")
    assert _status(world, resting) == "cancelled"


def test_desk_when_the_ledger_can_not_even_be_read_says_so_goes_on_and_still_cancels_at_the_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = FarVenue()
    world = _world(tmp_path, venue)
    world.place()
    resting = _rest(world, "far")
    which = Which(order_id=resting.order_id)
    refused = Unavailable("the ledger can't be read: its disk answers with errors")

    def fails(*_: object) -> list[Any]:
        raise refused

    with held(tmp_path / "ledger.db"):
        cancelled = world.desk.cancel(which, world.asker())
        account = world.desk.account("paper", None, world.asker())
        everything = world.desk.cancel_all(Only(account="far"), world.asker())
        with monkeypatch.context() as broken:
            broken.setattr(world.ledger, "_rows", fails)
            world.turn()
            with pytest.raises(Unavailable, match="can't be read"):
                world.outcome(account)
    assert set(venue.cancels) == {resting.client_order_id}
    assert "far says cancelled" in world.outcome(cancelled).warnings[0]
    assert "far says cancelled" in world.outcome(everything)[0].warnings[0]
    _pass(world)
    assert _status(world, resting) == "cancelled"
    assert world.ledger.check() == []


# -- a whole service -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), workers=1, orders=True) as started:
        yield started


def _call(service: Service, method: str, **params: Any) -> tuple[Any, float]:
    """Ask once; give the answer or the error, and the seconds it took."""
    with Client(service.endpoint, timeout_s=10.0, retries=0) as client:
        started = time.monotonic()
        try:
            said = client.call(method, params)
        except TacoreError as error:
            said = error
        return said, time.monotonic() - started


def _asked(service: Service, key: str) -> tuple[Any, float]:
    terms = {"symbol": "AAPL", "action": "buy", "quantity": 1, "price": 400, "time_in_force": "GTC"}
    return _call(service, "execute.order", **terms, order_type="limit", idempotency_key=key)


def _placed(service: Service, key: str) -> str:
    said, _ = _asked(service, key)
    assert isinstance(said, dict), said
    assert said["status"] == "accepted"
    return str(said["order_id"])


def _refused(service: Service, key: str, reasons: frozenset[str]) -> str:
    said, took_s = _asked(service, key)
    assert isinstance(said, Unavailable), said
    assert said.details["reason"] in reasons
    assert took_s < WITHIN_S
    return key


def _read(service: Service, order_id: str) -> None:
    said, took_s = _call(service, "get.order", order_id=order_id)
    assert isinstance(said, dict), said
    assert (said["order_id"], said["status"]) == (order_id, "accepted")
    assert took_s < WITHIN_S


def _recovered(service: Service, cause: str, refused: Sequence[str]) -> None:
    """Place each refused order twice under its key: that is one order, and the ledger is in order."""
    for key in refused:
        assert _placed(service, key) == _placed(service, key)
    listed, _ = _call(service, "list.orders", limit=1000)
    keys = [each["idempotency_key"] for each in listed["orders"]]
    assert sorted(each for each in keys if each.startswith(cause)) == sorted(refused)
    found, _ = _call(service, "reconcile.orders")
    assert found["ledger_ok"] is True, found


def test_service_when_another_process_locks_the_ledger_refuses_in_time_and_comes_back(
    service: Service,
) -> None:
    executor, resting = service.executor_pid(), _placed(service, "before-locked")
    reasons, clients = frozenset({"locked"}), 4
    with ThreadPoolExecutor(clients) as threads, held(service.loaded.settings.ledger_path):
        until = time.monotonic() + LOCKED_S

        def insist(name: int) -> list[str]:
            refused: list[str] = []
            while not refused or time.monotonic() < until:
                _read(service, resting)
                refused.append(_refused(service, f"locked-{name}-{len(refused)}", reasons))
                time.sleep(0.5)
            return refused

        refused = [key for keys in threads.map(insist, range(clients)) for key in keys]
    _recovered(service, "locked", refused[:8])
    assert service.executor_pid() == executor


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="limits of other processes are Linux's")
def test_service_when_the_ledger_may_not_grow_refuses_in_time_and_comes_back(service: Service) -> None:
    executor, resting = service.executor_pid(), _placed(service, "before-full")
    path = service.loaded.settings.ledger_path
    process, size = psutil.Process(executor), path.with_name(f"{path.name}-wal").stat().st_size
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (size, before[1]))
    reasons = frozenset({"disk_full", "io"})
    refused = [_refused(service, f"full-{number}", reasons) for number in range(3)]
    _read(service, resting)
    process.rlimit(psutil.RLIMIT_FSIZE, before)
    _recovered(service, "full", refused)
    assert service.executor_pid() == executor
