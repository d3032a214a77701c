"""What becomes of orders: transitions, keys, groups and reads."""

import logging
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace as changed

from tacore.clock import ManualClock
from tacore.errors import IdempotencyMismatch, Internal, InvalidParams, NotFound
from tacore.execution.ledger import IllegalTransition, Ledger
from tacore.model.orders import Status, TradingState
from tacore.ports.orders import Key, Only, Which
from tests.support.ledgers import MARKET_TIME, T0_US, TO_STATUS, book, draft, trade, working

STATUSES = (
    "denied reserved submitting accepted partially_filled filled cancelled expired rejected unknown".split()
)
LEGAL = {
    ("reserved", "submitting"),
    ("submitting", "accepted"),
    ("submitting", "rejected"),
    ("submitting", "unknown"),
    ("accepted", "partially_filled"),
    ("accepted", "filled"),
    ("accepted", "cancelled"),
    ("accepted", "expired"),
    ("accepted", "rejected"),
    ("partially_filled", "partially_filled"),
    ("partially_filled", "filled"),
    ("partially_filled", "cancelled"),
    ("partially_filled", "expired"),
    ("cancelled", "filled"),
    ("expired", "filled"),
    ("unknown", "accepted"),
    ("unknown", "partially_filled"),
    ("unknown", "filled"),
    ("unknown", "cancelled"),
    ("unknown", "expired"),
    ("unknown", "rejected"),
}
"""Written out from the design, apart from the table in the model."""


def events(ledger: Ledger, order_id: str) -> list[tuple[str, str, str]]:
    found = ledger.story(Which(order_id=order_id)).events
    return [(each.what, each.before, each.after) for each in found]


@pytest.mark.parametrize(("before", "after"), [*product(STATUSES, STATUSES)])
def test_advance_when_the_pair_is_listed_changes_and_else_refuses(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, before: str, after: str
) -> None:
    with ledger.group() as group:
        new = draft("a")
        order = group.deny(new, []) if before == "denied" else TO_STATUS[before](group, group.reserve(new))
    so_far = events(ledger, order.order_id)
    if (before, after) in LEGAL:
        with ledger.group() as group:
            made = group.advance(order, cast(Status, after), "step")
        assert made.status == ledger.order(Which(order_id=order.order_id)).status == after
        assert events(ledger, order.order_id) == [*so_far, ("step", before, after)]
    else:
        with (
            pytest.raises(IllegalTransition, match=f"can't go from {before} to {after}"),
            ledger.group() as group,
        ):
            group.advance(order, cast(Status, after), "step")
        assert ledger.order(Which(order_id=order.order_id)) == order
        assert events(ledger, order.order_id) == so_far
        assert [(each.levelno, each.message) for each in caplog.records] == [
            (logging.ERROR, "illegal_transition")
        ]
    assert ledger.check() == []


def test_order_when_reserved_and_read_back_is_the_same_in_every_field(ledger: Ledger) -> None:
    new = draft(
        "k",
        "sell",
        "0.000000010",
        order_type="stop_limit",
        stop_price=Decimal("1E+3"),
        limit_price=Decimal("999.990"),
        reserve_price=Decimal("1000.10"),
        triggered=True,
        matched_until=MARKET_TIME + timedelta(microseconds=1),
        venue_order_id="v-1",
        reason="r",
        warnings=("a", "b"),
        tags={"strategyId": "mean ↔ reversion", "n": 1, "x": 0.5, "big": 2**70, "list": [1, {"y": None}]},
    )
    with ledger.group() as group:
        made = group.reserve(new)
        assert group.order(Which(order_id=made.order_id)) == made
    short = ledger.store_id[:8]
    expected = changed(new, order_id="o-000000000001", client_order_id=f"tc-{short}-1", status="reserved")
    assert made == expected
    found = ledger.order(Which(client_order_id=made.client_order_id))
    assert found == expected
    assert str(found.quantity) == "1.0E-8"
    assert (found.market_time, found.market_time.tzinfo) == (MARKET_TIME, UTC)


def test_advance_when_it_changes_fields_keeps_them_and_the_event(ledger: Ledger, clock: ManualClock) -> None:
    with ledger.group() as group:
        order = group.reserve(draft("a"))
    clock.advance(2.5)
    details = {"code": 42, "price": Decimal("1.10"), "deep": {"x": [Decimal("0.1")]}}
    with ledger.group() as group:
        group.advance(order, "submitting", "submitting")
        made = group.advance(
            order,
            "rejected",
            "rejected",
            details=details,
            market_time=MARKET_TIME,
            reason="no",
            venue_order_id="v",
        )
    assert (made.reason, made.venue_order_id, made.created_us) == ("no", "v", T0_US)
    assert made.updated_us == T0_US + 2_500_000
    story = ledger.story(Which(order_id=order.order_id))
    assert story.order == made
    last = story.events[-1]
    assert (last.number, last.at_us, last.market_time) == (3, T0_US + 2_500_000, MARKET_TIME)
    assert last.details == details
    assert str(last.details["price"]) == "1.10"


def test_advance_when_the_callers_copy_is_old_counts_what_the_ledger_has(ledger: Ledger) -> None:
    old = working(ledger, "a")
    book(ledger, old, trade("1", "4", "10"))
    with ledger.group() as group:
        made = group.advance(old, "cancelled", "cancelled")
    assert (made.filled_quantity, made.status) == (Decimal(4), "cancelled")
    with pytest.raises(IllegalTransition, match="from cancelled to cancelled"), ledger.group() as group:
        group.advance(old, "cancelled", "cancelled")


def test_amend_when_it_names_no_event_leaves_none(ledger: Ledger) -> None:
    order = working(ledger, "a")
    with ledger.group() as group:
        group.amend(order, "", matched_until=MARKET_TIME)
        made = group.amend(order, "modified", {"by": "x"}, quantity=Decimal(20), limit_price=Decimal("99.5"))
        group.note(order, "cancel_asked", {"again": True})
    assert (made.quantity, made.limit_price, made.matched_until) == (
        Decimal(20),
        Decimal("99.5"),
        MARKET_TIME,
    )
    assert ledger.order(Which(order_id=order.order_id)) == made
    assert events(ledger, order.order_id)[3:] == [
        ("modified", "accepted", "accepted"),
        ("cancel_asked", "accepted", "accepted"),
    ]
    assert ledger.check() == []


def test_amend_when_it_would_change_what_is_fixed_is_refused(ledger: Ledger) -> None:
    order = working(ledger, "a")
    with pytest.raises(Internal, match="account, filled_quantity can't change; allowed: limit_price"):
        with ledger.group() as group:
            group.amend(order, "x", account="other", filled_quantity=Decimal(1))


def test_key_when_used_again_is_refused_and_names_its_order(ledger: Ledger) -> None:
    with ledger.group() as group:
        first = group.reserve(draft("k"))
        denied = group.deny(draft("d"), [{"message": "too much"}])
    for key, known in (("k", first), ("d", denied)):
        with pytest.raises(IdempotencyMismatch, match=known.order_id), ledger.group() as group:
            group.reserve(draft(key, quantity="11"))
    others: list[dict[str, Any]] = [{"account": "b"}, {"principal": "p"}, {"key_kind": "request"}]
    with ledger.group() as group:
        made = [group.reserve(draft("k", **other)) for other in others]
    assert [each.order_id for each in made] == [f"o-{number:012d}" for number in (3, 4, 5)]
    assert ledger.by_key("paper", "local", Key("k", "explicit")) == first
    assert ledger.by_key("paper", "local", Key("k", "request")) == made[2]
    assert ledger.by_key("paper", "local", Key("other", "explicit")) is None


def test_key_when_used_again_within_a_group_spoils_only_its_part(ledger: Ledger) -> None:
    with ledger.group() as group:
        first = group.reserve(draft("k"))
        with pytest.raises(IdempotencyMismatch), group.savepoint():
            group.reserve(draft("k"))
        second = group.reserve(draft("l"))
    assert ledger.orders(Only()) == [second, first]


def test_part_when_it_fails_leaves_its_neighbours(ledger: Ledger) -> None:
    with ledger.group() as group:
        group.open_account("paper", {"USD": Decimal(1000)})
        with group.savepoint():
            kept = group.advance(group.reserve(draft("a", quantity="1")), "submitting", "submitting")
        with pytest.raises(ZeroDivisionError), group.savepoint():
            lost = group.advance(group.reserve(draft("b", quantity="1")), "submitting", "submitting")
            group.book(lost, trade("1", "1", "10"))
            group.book(kept, trade("2", "1", "10"))
            raise ZeroDivisionError
        with group.savepoint():
            after = group.reserve(draft("c"))
        filled = group.book(kept, trade("2", "1", "20"))
    assert filled.status == "filled"
    assert ledger.orders(Only()) == [after, filled]
    assert after.order_id == "o-000000000002"
    assert ledger.cash("paper") == {"USD": Decimal(980)}
    assert ledger.check() == []


def test_group_when_it_fails_leaves_nothing(ledger: Ledger) -> None:
    before = ledger.trading_state()
    with pytest.raises(ZeroDivisionError), ledger.group() as group:
        group.reserve(draft("a"))
        group.set_trading_state("halted", "me", "x")
        group.mark_day("paper", "2024-03-01", Decimal(1))
        raise ZeroDivisionError
    assert ledger.orders(Only()) == []
    assert ledger.trading_state() == before
    assert ledger.day_mark("paper", "2024-03-01") is None


def test_group_when_it_has_ended_takes_nothing_more(ledger: Ledger) -> None:
    with ledger.group() as group:
        order = group.reserve(draft("a"))
    with pytest.raises(Internal, match="has ended"):
        group.advance(order, "submitting", "submitting")
    assert ledger.order(Which(order_id=order.order_id)).status == "reserved"


def test_group_when_opened_in_another_is_refused(ledger: Ledger) -> None:
    with ledger.group() as group:
        with pytest.raises(Internal, match="can't be nested"), ledger.group():
            pass
        group.reserve(draft("a"))
    assert len(ledger.orders(Only())) == 1


@pytest.mark.parametrize(
    "which",
    [
        Which(order_id="o-000000000009"),
        Which(order_id="o-1"),
        Which(order_id="x'; DROP TABLE orders"),
        Which(order_id="o-²"),
        Which(client_order_id="tc-00000000-1"),
        Which(client_order_id="1"),
        Which(client_order_id="tc-" + "9" * 40),
        Which(order_id="o-000000000001", client_order_id="other"),
        Which(order_id=""),
        Which(),
    ],
)
def test_order_when_there_is_none_such_names_what_was_asked(ledger: Ledger, which: Which) -> None:
    working(ledger, "a")
    with pytest.raises(NotFound) as caught:
        ledger.order(which)
    for asked in (which.order_id, which.client_order_id):
        assert asked is None or asked in caught.value.message


def test_orders_when_filtered_are_the_newest_that_fit(ledger: Ledger) -> None:
    rows: list[dict[str, Any]] = [
        {"account": "a", "symbol": "X"},
        {"account": "b", "symbol": "X"},
        {"account": "a", "symbol": "Y", "market": "HK"},
        {"account": "a", "symbol": "X", "created_us": T0_US + 50},
    ]
    with ledger.group() as group:
        made = [group.reserve(draft(str(n), **row)) for n, row in enumerate(rows)]
        denied = group.deny(draft("d", account="a", symbol="X"), [])
    last = working(ledger, "w", account="a", symbol="Z")
    one, two, three, four = made

    def listed(**only: Any) -> list[str]:
        return [each.order_id for each in ledger.orders(Only(**only))]

    def ids(*orders: Any) -> list[str]:
        return [each.order_id for each in orders]

    assert listed() == ids(last, denied, four, three, two, one)
    assert listed(limit=2) == ids(last, denied)
    assert listed(account="a", symbol="X") == ids(denied, four, one)
    assert listed(market="HK") == ids(three)
    assert listed(statuses=("denied",)) == ids(denied)
    assert listed(statuses=("reserved", "accepted"), account="a") == ids(last, four, three, one)
    assert listed(statuses=("denied", "accepted")) == ids(last, denied)
    assert listed(since_us=T0_US + 50) == ids(four)
    assert listed(before_id=three.order_id) == ids(two, one)
    assert ids(*ledger.open_orders("a")) == ids(one, three, four, last)
    assert ids(*ledger.open_orders()) == ids(one, two, three, four, last)
    assert ids(*ledger.orders_since("a", T0_US)) == ids(one, three, four, last)
    assert ids(*ledger.orders_since("a", T0_US + 50)) == ids(four)
    with pytest.raises(InvalidParams, match="before_id"):
        listed(before_id="seven")


def test_denials_when_counted_are_those_by_limits_since_then(ledger: Ledger) -> None:
    limit, rule = {"rule": "a", "message": "too big", "halting": True}, {"message": "odd", "halting": False}
    with ledger.group() as group:
        both = group.deny(draft("1"), [rule, limit])
        group.deny(draft("2"), [rule])
        group.deny(draft("3", created_us=T0_US + 10), [limit])
        group.deny(draft("4", account="b"), [limit])
    assert both.reason == "odd; too big"
    [event] = ledger.story(Which(order_id=both.order_id)).events
    assert (event.what, event.before, event.after) == ("denied", "", "denied")
    assert event.details == {"denials": [rule, limit]}
    assert ledger.denials_since("paper", T0_US) == 2
    assert ledger.denials_since("paper", T0_US + 1) == 1


def test_trading_state_when_set_keeps_what_was_said(ledger: Ledger, clock: ManualClock) -> None:
    assert ledger.trading_state() == TradingState(state="active", since_us=T0_US, by="tacore")
    clock.advance(1)
    with ledger.group() as group:
        first = group.set_trading_state("halted", "ann", "storm")
        assert group.trading_state() == first
    clock.advance(1)
    with ledger.group() as group:
        second = group.set_trading_state("reducing", "bob", "calmer")
    assert second == TradingState(state="reducing", since_us=T0_US + 2_000_000, by="bob", reason="calmer")
    assert ledger.trading_state() == second
    assert ledger.trading_states() == [second, first]


def test_day_mark_when_set_again_stays_the_first(ledger: Ledger) -> None:
    with ledger.group() as group:
        group.mark_day("paper", "2024-03-01", Decimal("100000.10"))
        group.mark_day("paper", "2024-03-01", Decimal(5))
        group.mark_day("paper", "2024-03-02", Decimal(7))
    assert ledger.day_mark("paper", "2024-03-01") == Decimal("100000.10")
    assert ledger.day_mark("other", "2024-03-01") is None


def test_ledger_when_opened_again_is_the_same(ledger: Ledger, tmp_path: Path, clock: ManualClock) -> None:
    order = book(ledger, working(ledger, "a"), trade("1", "4", "10"))
    with Ledger(tmp_path / "ledger.db", clock) as again:
        assert (again.store_id, again.epoch) == (ledger.store_id, 0)
        assert again.order(Which(order_id=order.order_id)) == order
        assert again.positions("paper") == ledger.positions("paper")
        assert again.take() == 2


def tampered(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE cash SET amount = '-40.000000000000000001'", "cash paper USD: kept -40.000000000000000001"),
        ("UPDATE positions SET realised = '0.1'", "position paper US AAPL"),
        ("DELETE FROM positions", "position paper US AAPL: kept None"),
        ("UPDATE fills SET price = '10.01'", "order o-000000000001: kept filled 4, cost 40"),
        ("UPDATE orders SET average_price = '9'", "average 9, by its fills filled 4"),
        ("UPDATE orders SET status = 'cancelled'", "is cancelled, its events end at partially_filled"),
        ("DELETE FROM events WHERE number = 2", "event 3 begins at submitting, not at reserved"),
        ("UPDATE events SET after = 'filled' WHERE number = 1", "event 1 goes from nothing to filled"),
        ("DELETE FROM events", "is partially_filled, its events end at nothing"),
        ("DELETE FROM fills", "by its fills filled 0"),
        ("INSERT INTO openings VALUES ('x', 'USD', '5')", "foreign key"),
    ],
)
def test_check_when_the_file_was_tampered_with_says_where(
    ledger: Ledger, tmp_path: Path, statement: str, said: str
) -> None:
    book(ledger, working(ledger, "a"), trade("1", "4", "10"))
    assert ledger.check() == []
    tampered(tmp_path / "ledger.db", statement)
    assert any(said in each for each in ledger.check()), ledger.check()


def test_open_orders_when_listed_are_found_by_their_index(ledger: Ledger, tmp_path: Path) -> None:
    seen: list[str] = []
    with sqlite3.connect(tmp_path / "ledger.db") as connection:

        def explain(sql: str, values: Any = ()) -> list[Any]:
            seen.extend(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))
            return []

        ledger._rows = explain  # type: ignore[method-assign]
        ledger.open_orders("a")
        ledger.orders(Only(account="a", statuses=("accepted", "unknown")))
        ledger.open_orders()
    connection.close()
    assert all("orders_open" in each for each in seen if "orders" in each), seen


def test_moments_when_before_1970_and_far_ahead_are_exact(ledger: Ledger) -> None:
    moments: Mapping[str, datetime] = {
        "a": datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        "b": datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    }
    for key, moment in moments.items():
        order = working(ledger, key, market_time=moment)
        assert ledger.order(Which(order_id=order.order_id)).market_time == moment
