"""All denials at once, live trading, pace, the price band, and the cleared order."""

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tacore
from tacore.execution.gate import RULES, Judgement, clear
from tests.support.gate_cases import (
    NOW_US,
    D,
    Setup,
    a_quote,
    a_sight,
    an_order,
    denied,
    limits,
    resting,
)

LIVE: dict[str, Any] = {"venue_live": True, "venue_paper": False, "account_live": True}
SECOND = 1_000_000


def test_order_when_wrong_in_many_ways_is_told_all_of_them_in_the_order_of_the_rules() -> None:
    order = an_order("buy", "150", market="CN", limit_price="12.005", time_in_force="IOC")
    sight = a_sight("CN", "10", is_open=False, state="reducing", quote_stale=True, cash={})

    found = [each.rule for each in Setup(order, sight, limits(price_band_pct=10)).judged().denials]

    assert found == [
        "trading_state",
        "market_open",
        "lot",
        "tick",
        "price_limit",
        "quote_fresh",
        "buying_power",
        "price_band",
    ]


def test_order_when_everything_is_missing_is_denied_without_a_price() -> None:
    setup = Setup(an_order(), a_sight(price=None, instrument=None), limits(price_band_pct=10))
    setup = setup.but(without_rules=True)

    judgement = setup.judged()

    assert [each.rule for each in judgement.denials] == ["symbol_known", "market_rules", "quote_fresh"]
    assert judgement.reserve_price == judgement.notional == 0


def test_order_when_within_tacores_own_limits_passes() -> None:
    own = type(limits())()

    assert Setup(an_order("buy", "100", limit_price="100"), a_sight(), own).judged().passes


@pytest.mark.parametrize(
    ("account_live", "live", "venue_live", "said"),
    [
        (True, True, True, []),
        (False, True, True, ["account: paper may not trade live; trading.accounts.paper.live allows it"]),
        (True, False, True, ["live: missing; venue paper trades real money and wants live: true"]),
        (True, True, False, ["live: venue paper is not live; allowed: false"]),
        (False, False, False, []),
    ],
)
def test_live_order_when_not_all_agree_is_denied(
    account_live: bool, live: bool, venue_live: bool, said: list[str]
) -> None:
    sight = a_sight(account_live=account_live, venue_live=venue_live, venue_paper=not venue_live)

    denials = Setup(an_order(), sight, live=live).judged().denials

    assert [each.message for each in denials] == said
    assert all(each.rule == "live_trading" for each in denials)


def test_live_order_when_neither_account_nor_order_says_so_is_told_both() -> None:
    sight = a_sight(venue_live=True, venue_paper=False)

    denials = Setup(an_order(), sight).judged().denials

    assert [each.rule for each in denials] == ["live_trading", "live_trading"]


@pytest.mark.parametrize(
    ("sight", "rules"),
    [
        ({"quote": a_quote("100", simulated=True)}, ["live_data"]),
        ({"is_replay": True}, ["live_data"]),
        ({"quote_stale": True}, ["live_data", "quote_fresh"]),
        ({"quote": None}, ["quote_fresh"]),
    ],
)
def test_live_order_when_prices_are_not_live_and_fresh_is_denied(
    sight: dict[str, Any], rules: list[str]
) -> None:
    order = an_order(limit_price="100")

    assert list(denied(Setup(order, a_sight(**LIVE, **sight), live=True))) == rules


def test_live_order_when_stale_by_the_market_is_denied_whatever_age_the_account_allows() -> None:
    sight = a_sight(**LIVE, quote_stale=True, quote_age_s=100.0)

    assert list(denied(Setup(an_order(), sight, limits(max_quote_age_s=1000), live=True))) == ["live_data"]


def test_paper_order_when_prices_are_simulated_and_replayed_passes() -> None:
    sight = a_sight(quote=a_quote("100", simulated=True), is_replay=True)

    assert Setup(an_order(), sight).judged().passes


@pytest.mark.parametrize(
    ("terms", "band", "passes"),
    [
        ({}, None, False),
        ({"stop_price": "101"}, None, False),
        ({"limit_price": "100"}, 10, False),
        ({"limit_price": "100"}, None, True),
        ({"limit_price": "102", "stop_price": "101"}, None, True),
    ],
)
@pytest.mark.parametrize("sight", [{"quote_stale": True}, {"quote": None}])
def test_order_when_the_quote_is_missing_or_stale_passes_only_if_nothing_rests_on_it(
    terms: dict[str, str], band: int | None, passes: bool, sight: dict[str, Any]
) -> None:
    setup = Setup(an_order(**terms), a_sight(**sight), limits(price_band_pct=band))

    assert set(denied(setup)) == (set() if passes else {"quote_fresh"})


def test_short_sale_when_the_quote_is_stale_is_denied_even_with_a_limit() -> None:
    order = an_order("sell", limit_price="100")

    assert list(denied(Setup(order, a_sight(quote_stale=True)))) == ["quote_fresh"]


def test_quote_when_the_account_has_an_age_of_its_own_is_held_to_that() -> None:
    sight = a_sight(quote_stale=True, quote_age_s=100.0)

    assert Setup(an_order(), sight, limits(max_quote_age_s=100)).judged().passes
    unknown = denied(Setup(an_order(), a_sight(quote_age_s=None), limits(max_quote_age_s=100)))
    assert unknown["quote_fresh"].message == (
        "quote: of unknown age; allowed: at most 100 s (max_quote_age_s)"
    )


@pytest.mark.parametrize(
    ("side", "terms", "edge"),
    [
        ("buy", {"limit_price": "110.01"}, "110"),
        ("buy", {"limit_price": "50"}, None),
        ("sell", {"limit_price": "90"}, None),
        ("sell", {"limit_price": "89.99"}, "90"),
        ("sell", {"limit_price": "500"}, None),
        # a stop's limit counts from the stop: 120 + 10 %, 80 - 10 %
        ("buy", {"stop_price": "120", "limit_price": "132"}, None),
        ("buy", {"stop_price": "120", "limit_price": "132.01"}, "132"),
        ("sell", {"stop_price": "80", "limit_price": "72"}, None),
        ("sell", {"stop_price": "80", "limit_price": "71.99"}, "72"),
        ("buy", {"stop_price": "90", "limit_price": "110.01"}, "110"),
        ("buy", {"stop_price": "120", "limit_price": "132", "triggered": True}, "110"),
    ],
)
def test_price_band_when_judged_is_on_the_aggressive_side_only(
    side: str, terms: dict[str, Any], edge: str | None
) -> None:
    found = denied(Setup(an_order(side, **terms), a_sight(), limits(price_band_pct=10)))

    assert [each.limit for each in found.values()] == ([] if edge is None else [D(edge)])
    assert set(found) <= {"price_band"}


def test_duplicate_when_on_paper_is_a_warning_that_names_the_other_order() -> None:
    twin = resting("buy", "100", "99", created_us=NOW_US - 2 * SECOND)
    judgement = Setup(an_order(), a_sight(recent=[twin]), limits(duplicate_window_s=5)).judged()

    assert judgement.passes
    assert judgement.warnings == (
        "duplicate_intent: order: o-1 has asked to buy 100 AAPL 2 s before under another key",
    )


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        ({}, True),
        ({"status": "filled", "filled_quantity": "100"}, True),
        ({"status": "unknown"}, True),
        ({"principal": "somebody", "key": "this"}, True),
        ({"status": "cancelled", "filled_quantity": "10"}, True),
        ({"status": "cancelled"}, False),
        ({"status": "rejected"}, False),
        ({"key": "this"}, False),
        ({"symbol": "IBM"}, False),
        ({"market": "HK", "symbol": "AAPL"}, False),
        ({"quantity": D(99)}, False),
        ({"side": "sell"}, False),
    ],
)
def test_duplicate_when_live_is_denied_if_both_may_trade(other: dict[str, Any], is_one: bool) -> None:
    twin = resting("buy", "100", "99", **{"created_us": NOW_US - SECOND, **other})
    setup = Setup(an_order(), a_sight(**LIVE, recent=[twin]), limits(duplicate_window_s=5), live=True)

    assert set(denied(setup)) == ({"duplicate_intent"} if is_one else set())


def test_change_when_judged_is_no_new_order() -> None:
    before = resting("buy", "100", "100")
    recent = [before, resting("buy", "90", "99", order_id="o-2", created_us=NOW_US)]
    sight = a_sight(**LIVE, open_orders=[before, recent[1]], recent=recent)
    bounds = limits(max_open_orders=1, max_orders_per_minute=1, duplicate_window_s=5)

    assert Setup(resting("buy", "90", "100"), sight, bounds, live=True, change_of=before).judged().passes


def test_judgement_when_given_an_order_leaves_it_as_it_was() -> None:
    order = an_order()
    before = msgspec.to_builtins(order)

    Setup(order, a_sight()).judged()

    assert msgspec.to_builtins(order) == before


def _reserved(order: Any, judgement: Judgement, **changes: Any) -> Any:
    told = {"order_id": "o-7", "client_order_id": "tc-1", "reserve_price": judgement.reserve_price}
    return msgspec.structs.replace(order, **{**told, **changes})


@pytest.mark.parametrize("status", ["reserved", "submitting"])
def test_clear_when_the_order_has_passed_makes_what_a_venue_takes(status: str) -> None:
    order = an_order()
    judgement = Setup(order, a_sight()).judged()
    reserved = _reserved(order, judgement, status=status, warnings=("w",))

    assert clear(reserved, judgement).order is reserved


def test_clear_when_the_order_was_denied_refuses() -> None:
    order = an_order("buy", "100.5")
    judgement = Setup(order, a_sight()).judged()

    with pytest.raises(ValueError, match="o-7 did not pass the gate: lot"):
        clear(_reserved(order, judgement), judgement)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantity": D(101)}, "another order"),
        ({"side": "sell"}, "another order"),
        ({"symbol": "IBM"}, "another order"),
        ({"key": "other"}, "another order"),
        ({"account": "other"}, "another order"),
        ({"venue": "other"}, "another order"),
        ({"limit_price": D(1)}, "another order"),
        ({"reserve_price": D(0)}, "reserve_price 0; allowed: 100"),
        ({"status": "accepted"}, "status accepted; allowed: reserved, submitting"),
        ({"status": "unknown"}, "status unknown; allowed: reserved, submitting"),
    ],
)
def test_clear_when_the_order_is_not_what_was_judged_refuses(change: dict[str, Any], said: str) -> None:
    order = an_order()
    judgement = Setup(order, a_sight()).judged()

    with pytest.raises(ValueError, match=said):
        clear(_reserved(order, judgement, **change), judgement)


def test_clear_when_there_is_no_judgement_refuses() -> None:
    nothing: Any = None

    with pytest.raises(TypeError, match="NoneType; allowed: Judgement"):
        clear(an_order(), nothing)


def _makes_cleared(text: str) -> bool:
    """Tell whether source uses the name Cleared for more than a type that it takes."""
    tree = ast.parse(text)
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "Cleared"
    } | {"Cleared"}
    annotated = {
        id(inner)
        for node in ast.walk(tree)
        for field in ("annotation", "returns")
        if (noted := getattr(node, field, None)) is not None
        for inner in ast.walk(noted)
    }
    return any(
        (isinstance(node, ast.Name) and node.id in aliases)
        or (isinstance(node, ast.Attribute) and node.attr == "Cleared")
        for node in ast.walk(tree)
        if id(node) not in annotated
    )


def test_cleared_order_when_searched_for_is_made_by_the_gate_alone() -> None:
    root = Path(tacore.__file__).parent
    makers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if _makes_cleared(path.read_text(encoding="utf-8"))
    }

    assert makers == {"execution/gate/judge.py"}


@pytest.mark.parametrize(
    ("text", "makes"),
    [
        ("from tacore.ports.venue import Cleared\ndef f(c: Cleared) -> Cleared: ...", False),
        ("from tacore.ports.venue import Cleared\nCleared(1)", True),
        ("from tacore.ports.venue import Cleared as C\nC(1)", True),
        ("from tacore.ports import venue\nvenue.Cleared(order=1)", True),
        ("import msgspec\nmsgspec.convert({}, Cleared)", True),
    ],
)
def test_search_for_makers_when_tried_finds_them(text: str, makes: bool) -> None:
    assert _makes_cleared(text) is makes


def test_rules_when_exits_are_spared_are_these() -> None:
    assert {name for name, rule in RULES.items() if rule.exits} == {
        "max_order_notional",
        "max_position_notional",
        "max_gross_exposure",
        "buying_power",
        "max_daily_loss",
    }
