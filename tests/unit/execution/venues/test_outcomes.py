"""How a call's end becomes an error or a report, without a wire."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tacore.errors import NotFound, OutcomeUnknown, Rejected, TacoreError, Unavailable
from tacore.execution.venues.outcomes import Phase, Said, exact, mapped, plain, told
from tacore.execution.venues.session import Lost
from tacore.model.orders import VenueFill

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class LibraryError(Exception):
    pass


def fill(trade_id: str, quantity: str) -> VenueFill:
    return VenueFill(trade_id=trade_id, quantity=Decimal(quantity), price=Decimal(1), at=NOW)


@pytest.mark.parametrize(
    ("phase", "verdict", "error"),
    [
        ("asking", "refused", Unavailable),
        ("asking", "away", Unavailable),
        ("asking", "unknown", Unavailable),
        ("sending", "refused", Rejected),
        ("sending", "away", Unavailable),
        ("sending", "unknown", OutcomeUnknown),
        ("sent", "refused", OutcomeUnknown),
        ("sent", "away", OutcomeUnknown),
        ("sent", "unknown", OutcomeUnknown),
    ],
)
def test_mapped_when_a_library_raises_is_the_error_of_what_was_asked(
    phase: Phase, verdict: str, error: type[TacoreError]
) -> None:
    said = Said(verdict=verdict, reason="refused", words="no")  # type: ignore[arg-type]
    with pytest.raises(error) as raised, mapped("v", phase, lambda _: said):
        raise LibraryError
    assert raised.type is error
    assert raised.value.details == {"venue": "v", "reason": "refused"}


@pytest.mark.parametrize(("maybe", "error"), [(True, OutcomeUnknown), (False, Unavailable)])
def test_mapped_when_a_send_is_lost_turns_on_whether_it_may_have_arrived(
    maybe: bool, error: type[TacoreError]
) -> None:
    with pytest.raises(error), mapped("v", "sending", lambda _: pytest.fail("not asked")):
        raise Lost("connection", maybe=maybe)


def test_mapped_when_our_own_error_passes_leaves_it() -> None:
    with pytest.raises(NotFound), mapped("v", "sending", lambda _: pytest.fail("not asked")):
        raise NotFound("x")


def test_mapped_when_told_to_wait_says_how_long() -> None:
    with pytest.raises(Unavailable) as raised, mapped("v", "sending", lambda _: pytest.fail("not asked")):
        raise Lost("rate_limited", maybe=False, what="HTTP 429", retry_after_ms=7000)
    assert raised.value.details["retry_after_ms"] == 7000
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("said", "filled", "fills", "status"),
    [
        ("accepted", "0", [], "accepted"),
        ("accepted", "1", [fill("a", "1")], "partially_filled"),
        ("partially_filled", "1", [], "accepted"),
        ("filled", "3", [fill("a", "1")], "partially_filled"),
        ("filled", "3", [fill("a", "1"), fill("b", "2")], "filled"),
        ("filled", "3", [fill("a", "1"), fill("a", "1")], "partially_filled"),
        ("filled", "3", [], "accepted"),
        ("cancelled", "0", [], "cancelled"),
        ("cancelled", "1", [], "accepted"),
        ("cancelled", "1", [fill("a", "1")], "cancelled"),
        ("expired", "1", [], "accepted"),
        ("expired", "1", [fill("a", "1")], "expired"),
        ("rejected", "0", [], "rejected"),
        ("rejected", "1", [fill("a", "1")], "cancelled"),
    ],
)
def test_told_when_fills_are_missing_ends_nothing(
    said: str, filled: str, fills: list[VenueFill], status: str
) -> None:
    assert told(said, "7", Decimal(filled), fills).status == status


def test_told_when_a_status_is_not_known_is_lost() -> None:
    with pytest.raises(Lost, match="odd"):
        told("odd", "7", Decimal(0), [])


@pytest.mark.parametrize("value", [None, "", "1,5", "NaN", "Infinity", {}])
def test_exact_when_no_number_is_lost(value: object) -> None:
    with pytest.raises(Lost):
        exact(value)


def test_plain_when_words_are_long_and_on_lines_is_one_short_line() -> None:
    assert plain("a\n  b k3y", ["k3y"]) == "a b ***"
    assert len(plain("x" * 1000, [])) == 300
