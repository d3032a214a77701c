"""Retries, rate and breaker around a provider that fails as the test says, on a clock that sleeping moves."""

import logging
from collections.abc import Callable, Iterator

import pytest

from tacore.clock import DEADLINE, ManualClock
from tacore.errors import NotFound, TacoreError, Unavailable
from tacore.market.guard import Guard
from tacore.market.resilient import Resilient
from tacore.model.providers import ProviderSettings
from tacore.steps import STEPS, Noted, Steps
from tests.support.markets import WALL
from tests.support.shaky import Shaky


class World:
    """A guard, its clock, and the sleeps it made."""

    def __init__(self, **settings: float) -> None:
        self.clock = ManualClock()
        self.slept: list[float] = []
        own = ProviderSettings.model_validate({"rate_per_s": 1000, "rate_burst": 1000} | settings)
        self.guard = Guard("vendor", own, self.clock, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)


@pytest.fixture(autouse=True)
def patience() -> Iterator[Callable[[float], object]]:
    token = DEADLINE.set(float("inf"))
    yield DEADLINE.set
    DEADLINE.reset(token)


def failing(*failures: Exception | None) -> Callable[[], str]:
    """Fail in that order, then answer."""
    left = list(failures)

    def call() -> str:
        failure = left.pop(0) if left else None
        if failure:
            raise failure
        return "answer"

    return call


def timeout(**more: object) -> Unavailable:
    return Unavailable("timed out", details={"reason": "timeout", **more})


def test_call_when_it_fails_for_a_passing_reason_is_made_again_after_growing_waits() -> None:
    world = World(retries=3, backoff_s=1, backoff_max_s=60)
    assert world.guard.call(failing(timeout(), timeout(), timeout())) == "answer"
    for slept, base in zip(world.slept, (1, 2, 4), strict=True):
        assert base <= slept <= base + 1


def test_call_when_retries_are_used_up_raises_what_the_vendor_said() -> None:
    world = World(retries=1)
    with pytest.raises(Unavailable, match="timed out") as refused:
        world.guard.call(failing(*[timeout()] * 9))
    assert refused.value.details["reason"] == "timeout"
    assert len(world.slept) == 1


def test_call_when_told_when_to_come_back_waits_that_long() -> None:
    world = World(backoff_s=0.1, backoff_max_s=5)
    world.guard.call(failing(timeout(retry_after_ms=3000)))
    assert world.slept == [3.0]


def test_call_when_told_to_come_back_much_later_is_not_made_again() -> None:
    world = World(backoff_max_s=5)
    with pytest.raises(Unavailable):
        world.guard.call(failing(timeout(retry_after_ms=60_000)))
    assert world.slept == []


def test_call_when_the_wait_would_outlast_the_callers_patience_is_not_made_again(
    patience: Callable[[float], object],
) -> None:
    world = World(retries=5, backoff_s=1)
    patience(world.clock.monotonic() + 0.5)
    with pytest.raises(Unavailable, match="timed out"):
        world.guard.call(failing(timeout()))
    assert world.slept == []


def test_call_when_it_finds_nothing_is_no_failure_and_not_made_again() -> None:
    world = World(breaker_failures=1)
    for _ in range(3):
        with pytest.raises(NotFound):
            world.guard.call(failing(NotFound("no such symbol")))
    assert world.slept == []
    assert world.guard.call(failing()) == "answer"


def test_call_when_failures_opened_the_breaker_is_refused_with_the_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(retries=0, breaker_failures=2, breaker_cooldown_s=30)
    with caplog.at_level(logging.WARNING, logger="tacore.market"):
        for _ in range(2):
            with pytest.raises(Unavailable, match="timed out"):
                world.guard.call(failing(timeout()))
    assert [record.message for record in caplog.records] == ["provider_left_alone"]
    with pytest.raises(Unavailable, match="vendor is left alone for 30 s after: timed out") as refused:
        world.guard.call(failing())
    assert refused.value.details == {"reason": "circuit_open", "because": "timeout", "retry_after_ms": 30_000}
    assert refused.value.retryable
    world.clock.advance(30)
    assert world.guard.call(failing()) == "answer"


def test_call_when_the_key_is_wrong_opens_the_breaker_at_once_and_is_not_retryable() -> None:
    world = World(retries=5, breaker_failures=5)
    denied = Unavailable("bad key", details={"reason": "unauthorized"}, retryable=False)
    with pytest.raises(Unavailable, match="bad key"):
        world.guard.call(failing(denied))
    with pytest.raises(Unavailable, match="left alone") as refused:
        world.guard.call(failing())
    assert refused.value.details["because"] == "unauthorized"
    assert not refused.value.retryable
    assert world.slept == []


def test_call_when_the_rate_is_used_up_waits_its_turn() -> None:
    world = World(rate_per_s=2, rate_burst=1)
    for _ in range(3):
        world.guard.call(failing())
    assert world.slept == [0.5, 0.5]


def test_call_when_its_turn_comes_too_late_is_refused_and_no_failure(
    patience: Callable[[float], object],
) -> None:
    world = World(rate_per_s=0.1, rate_burst=1, breaker_failures=1)
    world.guard.call(failing())
    patience(world.clock.monotonic() + 1)
    with pytest.raises(Unavailable, match="rate_per_s") as refused:
        world.guard.call(failing())
    assert refused.value.details == {"reason": "rate_limit", "retry_after_ms": 10_000}
    world.clock.advance(10)
    patience(world.clock.monotonic() + 1)
    assert world.guard.call(failing()) == "answer"


def test_call_when_no_patience_is_left_says_so_and_blames_no_rate(
    patience: Callable[[float], object],
) -> None:
    world = World()
    patience(world.clock.monotonic() - 1)
    with pytest.raises(Unavailable, match="patience had ended") as refused:
        world.guard.call(failing())
    assert refused.value.details == {"reason": "deadline"}
    patience(float("inf"))
    assert world.guard.call(failing()) == "answer"


def test_resilient_when_the_provider_answers_signs_quotes_and_bars() -> None:
    shaky = Shaky("vendor", "SIM0001")
    provider = Resilient(shaky, World().guard)
    instrument = provider.resolve("SIM0001", "SIM")
    quote = provider.quote(instrument, now=WALL)
    assert (quote.source, quote.simulated) == ("vendor", False)
    assert provider.quotes([instrument], now=WALL) == [quote]
    assert {each.source for each in provider.bars(instrument, "1d", now=WALL, limit=3)} == {"vendor"}
    assert provider.history([instrument], now=WALL, sessions=3).sources == ("vendor",)
    assert [each.symbol for each in provider.instruments("SIM")] == ["SIM0001"]


@pytest.mark.parametrize("failure", [timeout(), NotFound("gone")])
def test_resilient_when_the_provider_fails_passes_that_on(failure: TacoreError) -> None:
    shaky = Shaky("vendor", "SIM0001")
    provider = Resilient(shaky, World(retries=2).guard)
    shaky.failure = failure
    with pytest.raises(type(failure)):
        provider.resolve("SIM0001", "SIM")
    assert len(shaky.calls) == (3 if failure.retryable else 1)


def test_call_when_repeated_is_a_step_for_each_attempt_and_the_wait_for_the_rate_is_one() -> None:
    world = World(retries=2, rate_per_s=1, rate_burst=1)
    noted = in_steps(lambda: world.guard.call(failing(timeout()), "vendor quotes"))
    assert [(each.name, each.failed) for each in noted if each.name == "vendor quotes"] == [
        ("vendor quotes", "unavailable"),
        ("vendor quotes", None),
    ]
    noted = in_steps(lambda: world.guard.call(failing()))
    assert [each.name for each in noted] == ["vendor rate limit", "vendor"]


def test_call_when_the_provider_is_left_alone_is_no_step() -> None:
    world = World(retries=0, breaker_failures=1)
    with pytest.raises(Unavailable):
        world.guard.call(failing(timeout()))

    def call() -> None:
        with pytest.raises(Unavailable, match="left alone"):
            world.guard.call(failing())

    assert in_steps(call) == []


def in_steps(call: Callable[[], object]) -> list[Noted]:
    """Run a call as a worker runs a request; give what was noted meanwhile."""
    steps = Steps()
    token = STEPS.set(steps)
    try:
        call()
    finally:
        STEPS.reset(token)
    return steps.take()[0]
