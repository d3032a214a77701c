"""The error tree and its wire codes against the contract's list."""

import pytest

from tacore.errors import (
    BY_CODE,
    ConfigurationError,
    DeadlineExceeded,
    Denied,
    Internal,
    NoAnswer,
    NoBroker,
    Overloaded,
    RequestInvalid,
    TacoreError,
    TradingHalted,
    Unavailable,
    bad_param,
    from_wire,
)

CONTRACT = (
    "invalid_request, invalid_params, unknown_method, unauthorized, forbidden, not_found, overloaded, "
    "deadline_exceeded, worker_lost, idempotency_mismatch, denied, rejected, outcome_unknown, unavailable, "
    "trading_halted, internal"
).split(", ")
RETRYABLE = {"overloaded", "deadline_exceeded", "worker_lost", "outcome_unknown", "unavailable"}


def test_codes_when_listed_are_the_contracts_and_three_that_stay_here() -> None:
    assert set(BY_CODE) == {*CONTRACT, "no_answer", "no_broker", "configuration"}
    assert BY_CODE["internal"] is Internal


@pytest.mark.parametrize("code", CONTRACT)
def test_error_when_sent_and_read_again_is_the_same(code: str) -> None:
    sent = BY_CODE[code]("what happened", details={"field": {"problem": "x"}})
    wire = sent.as_wire()
    assert wire["retryable"] is (code in RETRYABLE)
    got = from_wire(wire)
    assert type(got) is BY_CODE[code]
    assert (got.code, got.message, got.details, got.retryable) == (
        code,
        "what happened",
        sent.details,
        sent.retryable,
    )
    assert str(got) == "what happened"


def test_error_when_its_code_is_unknown_is_kept_as_it_is() -> None:
    got = from_wire({"code": "from_a_later_version", "message": "m", "retryable": True})
    assert type(got) is TacoreError
    assert (got.code, got.retryable, got.details) == ("from_a_later_version", True, {})
    assert TacoreError.code == "internal"


def test_error_when_almost_empty_is_internal() -> None:
    got = from_wire({"details": None})
    assert (got.code, got.message, got.retryable, got.details) == ("internal", "internal", False, {})


def test_error_when_told_is_retryable_against_its_kind() -> None:
    assert TacoreError("x", retryable=True).as_wire()["retryable"] is True
    assert Unavailable("x", retryable=False).retryable is False
    assert Unavailable.retryable is True


def test_tree_when_caught_by_branch_says_what_to_do() -> None:
    assert issubclass(DeadlineExceeded, Unavailable)
    assert issubclass(Overloaded, Unavailable)
    assert issubclass(TradingHalted, Denied)
    assert issubclass(NoBroker, NoAnswer)
    assert not issubclass(ConfigurationError, RequestInvalid)


def test_bad_param_when_near_an_allowed_word_names_it() -> None:
    error = bad_param("market", "no such market", value="UK", allowed=["US", "HK"], near="uS ")
    assert error.code == "invalid_params"
    assert error.details == {
        "market": {"problem": "no such market", "value": "UK", "allowed": ["US", "HK"], "nearest": "US"}
    }
    assert error.message == "market: no such market; allowed: US, HK; did you mean US?"


def test_bad_param_when_nothing_is_near_names_nothing() -> None:
    error = bad_param("limit", "too large", value=9, allowed="1 to 5", near="1")
    assert error.details == {"limit": {"problem": "too large", "value": 9, "allowed": "1 to 5"}}
    assert error.message == "limit: too large; allowed: 1 to 5"
    assert bad_param("x", "missing").message == "x: missing"
    assert "nearest" not in bad_param("x", "no", allowed=["alpha"], near="zzz").details["x"]
