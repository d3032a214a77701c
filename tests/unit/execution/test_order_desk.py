"""The desk on the real sample history: what becomes of orders, and of cash and positions, by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tacore.clock import MarketClock
from tacore.errors import Denied, IdempotencyMismatch, TradingHalted
from tacore.ports.orders import Key, Only, Which
from tests.support.desk_world import DeskWorld, no_fees
from tests.support.markets import wall_us
from tests.support.venues.worlds import WORLDS

D = Decimal


def test_market_order_when_the_replay_stands_fills_at_its_close(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    story = world.place("AAPL", "buy", 10)
    assert (story.order.status, story.order.filled_quantity, story.order.average_price) == (
        "filled",
        D(10),
        D("430.47"),
    )
    assert world.cash() == D("1000000") - D("4304.70")
    assert [each.after for each in story.events] == ["reserved", "submitting", "accepted", "filled"]
    assert story.order.paper
    assert world.ledger.check() == []


def test_order_when_retried_under_its_key_is_the_same_one(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    key = Key("mine", "explicit")
    first = world.place(quantity=10, key=key)
    again = world.place(quantity="10.0", key=key)
    assert (again.order, again.fills, again.replayed) == (first.order, first.fills, True)
    with pytest.raises(IdempotencyMismatch, match="another order"):
        world.place(quantity=11, key=key)
    assert len(world.ledger.orders(Only())) == 1


def test_two_orders_of_one_key_when_they_come_together_are_one(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    key, asker = Key("mine", "explicit"), world.asker()
    laters = [world.desk.execute(world.request(quantity=5), key, asker) for _ in range(3)]
    stories = [world.outcome(each) for each in laters]
    assert [each.replayed for each in stories] == [False, True, True]
    assert len({each.order.order_id for each in stories}) == 1


def test_key_that_was_only_a_request_id_when_a_day_old_is_refused(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    key = Key("1", "request")
    world.place(quantity=5, key=key)
    world.clock.advance(24 * 3600 - 1)
    assert world.place(quantity=5, key=key).replayed
    world.clock.advance(2)
    with pytest.raises(IdempotencyMismatch, match="24 hours"):
        world.place(quantity=5, key=key)


def test_limit_order_when_the_market_comes_to_it_fills_at_its_limit(tmp_path: Path) -> None:
    # 2013-02-20 closed at 448.85; 2013-02-21 opened at 446.00, low 442.22 (the sample history).
    world = DeskWorld(tmp_path, at=date(2013, 2, 20))
    story = world.place("AAPL", "buy", 10, limit_price=444, time_in_force="GTC")
    assert story.order.status == "accepted"
    world.travel(datetime(2013, 2, 21, 21, tzinfo=UTC))
    after = world.outcome(world.desk.order(Which(order_id=story.order.order_id), world.asker()))
    assert (after.order.status, after.order.average_price) == ("filled", D(444))
    assert world.cash() == D(1_000_000) - D(4440)


def test_cancel_when_an_order_rests_ends_it_and_again_says_the_same(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    order = world.place(limit_price=400, time_in_force="GTC").order
    which = Which(order_id=order.order_id)
    assert world.outcome(world.desk.cancel(which, world.asker())).order.status == "cancelled"
    assert world.outcome(world.desk.cancel(which, world.asker())).order.status == "cancelled"
    filled = world.place().order
    with pytest.raises(Denied, match="it is filled"):
        world.outcome(world.desk.cancel(Which(order_id=filled.order_id), world.asker()))


def test_denial_when_told_again_is_the_same_and_binds_its_key(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path, trading={})
    key = Key("big", "explicit")
    with pytest.raises(Denied) as first:
        world.place(quantity=10_000, key=key)
    assert first.value.details["rule"] == "max_order_notional"
    assert "replayed" not in first.value.details
    with pytest.raises(Denied) as again:
        world.place(quantity=10_000, key=key)
    assert again.value.details.pop("replayed") is True
    assert again.value.message == first.value.message
    assert world.cash() == D(1_000_000)


def test_trading_when_halted_takes_no_order_but_cancels(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    resting = world.place(limit_price=400, time_in_force="GTC").order
    world.outcome(world.desk.set_trading_state("halted", "a look", world.asker()))
    with pytest.raises(TradingHalted):
        world.place()
    assert (
        world.outcome(world.desk.cancel(Which(order_id=resting.order_id), world.asker())).order.status
        == "cancelled"
    )
    world.outcome(world.desk.set_trading_state("active", "", world.asker()))
    assert world.place().order.status == "filled"


def test_dry_run_when_it_passes_changes_nothing(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    verdict = world.outcome(world.desk.examine(world.request(quantity=10), world.asker()))
    assert (verdict.passes, verdict.notional, verdict.currency) == (True, D("4304.70"), "USD")
    assert world.ledger.orders(Only()) == []
    refused = world.outcome(world.desk.examine(world.request(quantity=100_000), world.asker()))
    assert [each["rule"] for each in refused.denials] == ["buying_power"]


def test_account_when_it_traded_shows_equity_by_the_last_price(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path, at=date(2013, 2, 20))
    world.place("AAPL", "buy", 100)  # at 448.85
    world.travel(datetime(2013, 2, 21, 21, tzinfo=UTC))  # 446.06
    view = world.outcome(world.desk.account(None, None, world.asker()))
    assert view.cash["USD"] == D(1_000_000) - D("44885.00")
    (held,) = view.positions
    assert (held.position.quantity, held.price, held.unrealised_pnl) == (D(100), D("446.06"), D("-279.00"))
    # 1,000,000 in USD and USDT each, CNY at 0.1607
    assert view.equity == D(2_000_000) - D(279) + D(160_700)
    assert view.exposure_gross == D("44606.00")


def test_modify_when_the_order_rests_changes_it_and_may_fill_it(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    order = world.place(limit_price=400, time_in_force="GTC").order
    which = Which(order_id=order.order_id)
    changed = world.outcome(world.desk.modify(which, {"limit_price": D(410)}, world.asker()))
    assert (changed.order.status, changed.order.limit_price) == ("accepted", D(410))
    filled = world.outcome(world.desk.modify(which, {"limit_price": D(431)}, world.asker()))
    assert (filled.order.status, filled.order.average_price) == ("filled", D("430.47"))


def test_limits_when_they_trip_again_and_again_halt_trading(tmp_path: Path) -> None:
    trading = {"halt": {"denials": 3, "within_s": 60}}
    world = DeskWorld(tmp_path, trading=trading)
    for _ in range(3):
        with pytest.raises(Denied):
            world.place(quantity=10_000)
    state = world.desk.trading_state(world.asker())
    assert (state.state, state.by) == ("halted", "gate")


def test_deadman_when_a_trading_client_falls_silent_halts_and_cancels(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path, trading=no_fees(deadman_s=30, deadman_cancel=True))
    order = world.place(limit_price=400, time_in_force="GTC").order
    world.clock.advance(29)
    world.turn()
    assert world.ledger.trading_state().state == "active"
    world.outcome(world.desk.orders(Only(), world.asker()))  # a sign of life
    world.clock.advance(29)
    world.turn()
    assert world.ledger.trading_state().state == "active"
    world.clock.advance(2)
    world.turn()
    assert (world.desk.trading_state(world.asker()).state, world.desk.trading_state(world.asker()).by) == (
        "halted",
        "deadman",
    )
    assert world.ledger.order(Which(order_id=order.order_id)).status == "cancelled"


def test_account_when_it_bought_and_sold_with_costs_adds_up_by_hand(tmp_path: Path) -> None:
    # 2013-02-20: close 448.85; 2013-02-21: close 446.06. A basis point of slippage, up or down to the cent;
    # a fee of 0.005 a share, at least 1.
    paper = {"kind": "paper", "slippage_bps": 1, "fees": {"US": {"per_unit": 0.005, "minimum": 1}}}
    world = DeskWorld(tmp_path, trading=no_fees(venues={"paper": paper}), at=date(2013, 2, 20))
    bought = world.place("AAPL", "buy", 300)
    assert (bought.order.average_price, bought.order.fees) == (D("448.90"), D("1.50"))  # 448.894885
    assert world.cash() == D(1_000_000) - D("134670.00") - D("1.50")
    world.travel(datetime(2013, 2, 21, 21, tzinfo=UTC))
    sold = world.place("AAPL", "sell", 100)
    assert (sold.order.average_price, sold.order.fees) == (D("446.01"), D(1))  # 446.015394
    assert world.cash() == D("865328.50") + D("44601.00") - D(1)

    view = world.outcome(world.desk.account(None, None, world.asker()))

    (held,) = view.positions
    assert (held.position.quantity, held.position.average_price) == (D(200), D("448.90"))
    assert (held.position.realised_pnl, held.unrealised_pnl) == (D("-289.00"), D("-568.00"))
    assert (view.realised_pnl, view.unrealised_pnl, view.fees) == (D("-289.00"), D("-568.00"), D("2.50"))
    assert world.ledger.check() == []


def test_account_as_of_when_trades_followed_shows_it_without_them(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path, at=date(2013, 2, 20))
    world.place("AAPL", "buy", 100)
    world.clock.advance(60)
    between = datetime.fromtimestamp(world.clock.wall_us() / 1e6, UTC)
    world.clock.advance(60)
    world.place("AAPL", "sell", 40)

    view = world.outcome(world.desk.account(None, between, world.asker()))

    assert [each.position.quantity for each in view.positions] == [D(100)]
    assert view.cash["USD"] == D(1_000_000) - D("44885.00")
    assert view.at == between


def test_order_when_larger_than_its_share_of_the_volume_fills_over_sessions(tmp_path: Path) -> None:
    # A millionth of 17,010,800 is 17; the next session (15,970,800) opened at 446.00.
    paper = {"kind": "paper", "slippage_bps": 0, "fees": {}, "volume_share": 0.000001}
    world = DeskWorld(tmp_path, trading=no_fees(venues={"paper": paper}), at=date(2013, 2, 20))
    first = world.place("AAPL", "buy", 30, limit_price=450, time_in_force="GTC")
    assert (first.order.status, first.order.filled_quantity) == ("partially_filled", D(17))
    world.travel(datetime(2013, 2, 21, 21, tzinfo=UTC))
    after = world.ledger.story(Which(order_id=first.order.order_id))
    assert [(each.quantity, each.price) for each in after.fills] == [(D(17), D("448.85")), (D(13), D(446))]
    assert after.order.status == "filled"
    assert world.cash() == D(1_000_000) - 17 * D("448.85") - 13 * D(446)


def test_day_order_when_its_session_is_over_expires_and_frees_what_it_reserved(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path, at=date(2013, 2, 20))
    order = world.place("AAPL", "buy", 2_000, limit_price=400).order
    before = world.outcome(world.desk.account(None, None, world.asker()))
    assert (before.open_orders, before.buying_power) == (1, D(2_160_700) - D(800_000))
    world.travel(datetime(2013, 2, 21, 21, tzinfo=UTC))
    assert world.ledger.order(Which(order_id=order.order_id)).status == "expired"
    after = world.outcome(world.desk.account(None, None, world.asker()))
    assert (after.open_orders, after.buying_power) == (0, D(2_160_700))


def test_modify_when_prices_came_by_that_nobody_looked_at_fills_on_the_old_terms(tmp_path: Path) -> None:
    # The low of 2013-02-21 is 442.82, its close 446.06.
    world = DeskWorld(tmp_path, at=date(2013, 2, 20))
    order = world.place("AAPL", "buy", 10, limit_price=444, time_in_force="GTC").order
    world.data._clocks["US"] = MarketClock(0, wall_us(datetime(2013, 2, 21, 21, tzinfo=UTC)), 0.0)

    with pytest.raises(Denied, match="is filled: only a working order changes"):
        world.outcome(
            world.desk.modify(Which(order_id=order.order_id), {"limit_price": D(400)}, world.asker())
        )

    assert world.ledger.order(Which(order_id=order.order_id)).average_price == D(444)


def test_account_at_a_broker_when_its_cash_is_stated_buys_with_that_and_with_no_more(tmp_path: Path) -> None:
    with WORLDS["alpaca"](tmp_path, 5.0) as broker:
        trading = no_fees(venues={"broker": {"kind": "alpaca", "base_url": broker.server.url}})
        trading["accounts"]["paper"] |= {"venue": "broker", "cash": {"USD": 5000}}
        world = DeskWorld(tmp_path, trading, venues={"broker": broker.venue})
        assert world.place("AAPL", "buy", 10).order.status == "accepted"  # 4,304.70 at the last close
        with pytest.raises(Denied, match="USD before fees"):
            world.place("AAPL", "buy", 2)
        assert len(broker.server.book.received) == 1
