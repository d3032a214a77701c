"""What is Alpaca's own, against the loopback server of its format."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tacore.errors import OutcomeUnknown, Rejected, Unavailable
from tests.support.venues.alpaca import AlpacaVenueServer
from tests.support.venues.worlds import WORLDS, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with WORLDS["alpaca"](tmp_path, 5.0) as opened:
        yield opened


def test_submit_when_sent_is_what_alpacas_reference_shows(world: World) -> None:
    order = world.order(
        symbol="BRK.B",
        side="sell",
        quantity=Decimal(3),
        order_type="stop_limit",
        stop_price=Decimal("401.10"),
        limit_price=Decimal("400.00"),
        time_in_force="GTC",
    )
    world.submit(order)
    assert world.server.book.received[0]["wire"] == {
        "symbol": "BRK.B",
        "qty": "3",
        "side": "sell",
        "type": "stop_limit",
        "time_in_force": "gtc",
        "client_order_id": order.client_order_id,
        "limit_price": "400.00",
        "stop_price": "401.10",
    }


def test_submit_when_a_number_is_tiny_is_written_out(world: World) -> None:
    order = world.order(
        market="CRYPTO",
        symbol="BTC/USDT",
        quantity=Decimal("1E-7"),
        order_type="market",
        limit_price=None,
        time_in_force="GTC",
    )
    world.submit(order)
    assert world.server.book.received[0]["wire"]["qty"] == "0.0000001"


def test_submit_when_a_fraction_is_not_for_the_day_is_rejected_unsent(world: World) -> None:
    with pytest.raises(Rejected, match="GTC of a fraction is not offered; allowed: DAY"):
        world.submit(world.order(quantity=Decimal("1.5"), time_in_force="GTC"))
    assert world.server.book.received == []
    world.submit(world.order(quantity=Decimal("1.5"), time_in_force="DAY"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_in_force": "DAY"}, "DAY of a limit order is not offered; allowed: GTC, IOC"),
        (
            {"order_type": "stop", "stop_price": Decimal(1), "limit_price": None},
            "order_type stop is not offered; allowed: market, limit, stop_limit",
        ),
    ],
)
def test_submit_when_crypto_is_asked_as_shares_are_is_rejected_unsent(
    world: World, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        world.submit(world.order(market="CRYPTO", symbol="BTC/USDT", **changes))
    assert world.server.book.received == []


def test_submit_when_the_key_is_refused_without_a_code_is_unavailable(world: World) -> None:
    world.server.next("403")
    with pytest.raises(Unavailable) as raised:
        world.submit(world.order())
    assert raised.value.details["reason"] == "unauthorized"


def test_submit_when_an_id_was_of_a_cancelled_order_adopts_that(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.server.book.end(order.client_order_id, "canceled")
    assert world.submit(order).status == "cancelled"
    assert len(world.server.book.of(order.client_order_id)) == 1


def test_fills_when_alpaca_cannot_filter_are_read_page_by_page(world: World) -> None:
    assert isinstance(world.server, AlpacaVenueServer)
    world.server.filters = False
    world.server.twice = True
    order, other = world.order(), world.order(quantity=Decimal(1000))
    world.submit(order)
    world.submit(other)
    world.fill(order, 60, "187.30")
    for _ in range(150):
        world.fill(other, 1, "187.31")
    world.fill(order, 40, "187.31")
    report = world.venue.find(order)
    assert report is not None
    assert report.status == "filled"
    assert [(each.quantity, each.price) for each in report.fills] == [
        (Decimal(60), Decimal("187.30")),
        (Decimal(40), Decimal("187.31")),
    ]
    pages = [each for each in world.server.asked if each.path.endswith("/FILL")]
    assert len(pages) == 4  # 304 rows, a hundred at a time


def test_fills_when_told_have_alpacas_ids_and_times_and_no_fee(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.fill(order, 100, "187.31")
    report = world.venue.find(order)
    assert report is not None
    (fill,) = report.fills
    assert "::" in fill.trade_id
    at_ms = world.server.book.trades[0].at_ms
    assert abs(fill.at - datetime.fromtimestamp(at_ms / 1000, UTC)).total_seconds() < 0.001
    assert (fill.fee, fill.fee_currency) == (Decimal(0), "")


@pytest.mark.parametrize(
    "said", ["accepted", "pending_new", "new", "held", "done_for_day", "pending_cancel", "stopped"]
)
def test_follow_when_alpaca_has_other_words_for_working_is_none(world: World, said: str) -> None:
    order = world.order(status="accepted")
    world.submit(order)
    world.server.book.end(order.client_order_id, said)
    known = world.venue.find(order)
    assert known is not None
    assert known.status == "accepted"


def test_follow_when_somebody_replaced_it_is_cancelled_with_that_reason(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.server.book.end(order.client_order_id, "replaced")
    report = world.venue.find(order)
    assert report is not None
    assert (report.status, report.reason) == ("cancelled", "replaced at the venue")


def test_find_when_a_status_is_not_known_proves_nothing(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.server.book.end(order.client_order_id, "wondering")
    with pytest.raises(Unavailable, match="wondering"):
        world.venue.find(order)


def test_submit_when_the_environment_names_a_proxy_goes_to_the_address_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert world.submit(world.order()).status == "accepted"


def test_submit_when_redirected_does_not_follow(world: World) -> None:
    world.server.next("moved")
    with pytest.raises(OutcomeUnknown, match="HTTP 307"):
        world.submit(world.order())
    assert [each.path for each in world.server.asked] == ["/v2/orders"]


def test_venue_when_made_says_what_it_is(world: World) -> None:
    venue = world.venue
    assert (venue.name, venue.paper, venue.inline, venue.modifies) == ("broker", True, False, False)
    assert venue.dedupe == "lasting"
