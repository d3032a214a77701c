"""The circuit breaker, on times that the test says."""

from tacore.errors import Unavailable
from tacore.market.breaker import Breaker, State

WHY = Unavailable("gone")


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(failures=3, cooldown_s=30)
    assert [breaker.failed(at, WHY) for _ in range(3)] == [False, False, True]
    return breaker


def test_breaker_when_failures_come_in_a_row_opens_at_the_last_and_says_why() -> None:
    blocked = opened().blocked(10.0)
    assert blocked is not None
    assert (blocked.failure, blocked.retry_after_s) == (WHY, 20.0)


def test_breaker_when_a_call_succeeds_in_between_starts_counting_anew() -> None:
    breaker = Breaker(failures=2, cooldown_s=30)
    breaker.failed(0.0, WHY)
    breaker.succeeded()
    assert not breaker.failed(0.0, WHY)
    assert breaker.blocked(0.0) is None


def test_breaker_when_a_failure_is_lasting_opens_at_once() -> None:
    breaker = Breaker(failures=100, cooldown_s=30)
    assert breaker.failed(0.0, WHY, lasting=True)
    assert breaker.blocked(0.0) is not None


def test_breaker_when_cooled_down_lets_one_call_try() -> None:
    breaker = opened()
    assert breaker.blocked(30.0) is None
    assert breaker.state is State.HALF_OPEN
    assert breaker.blocked(30.1) is not None


def test_breaker_when_the_try_succeeds_closes() -> None:
    breaker = opened()
    breaker.blocked(30.0)
    breaker.succeeded()
    assert breaker.state is State.CLOSED
    assert breaker.blocked(30.1) is None


def test_breaker_when_the_try_fails_opens_for_another_cooldown() -> None:
    breaker = opened()
    breaker.blocked(30.0)
    assert breaker.failed(31.0, WHY)
    assert breaker.blocked(60.9) is not None
    assert breaker.blocked(61.0) is None


def test_breaker_when_the_try_never_ended_lets_another_try_after_a_cooldown() -> None:
    breaker = opened()
    assert breaker.blocked(30.0) is None
    assert breaker.blocked(59.0) is not None
    assert breaker.blocked(60.0) is None
