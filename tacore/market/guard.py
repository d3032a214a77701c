"""Calls to a remote provider made bearable: rate limit, retries with back-off, circuit breaker."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random

from tacore.clock import DEADLINE, Clock
from tacore.errors import RequestInvalid, Unavailable
from tacore.market.breaker import Blocked, Breaker
from tacore.market.rate import TokenBucket
from tacore.model.providers import ProviderSettings
from tacore.steps import step

log = logging.getLogger("tacore.market")
T = TypeVar("T")
_OURS = frozenset({"circuit_open", "deadline", "rate_limit"})


class Guard:
    """Every call to one provider, whatever the market; its own refusals are Unavailable with a reason.

    ``circuit_open``: it failed too often lately. ``rate_limit``: our own limit would make the caller wait too
    long. What the vendor says is passed on as it is, once retries are used up or the caller's patience is.
    """

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._settings = settings
        self.breaker = Breaker(settings.breaker_failures, settings.breaker_cooldown_s)
        self._bucket = TokenBucket(settings.rate_per_s, settings.rate_burst)
        self._clock = clock
        self._sleep = sleep
        self._backoff = wait_exponential(
            multiplier=settings.backoff_s, max=settings.backoff_max_s
        ) + wait_random(0, settings.backoff_s)
        self._attempts = stop_after_attempt(settings.retries + 1)
        self._longest_s = settings.backoff_max_s + settings.backoff_s

    def apart(self, name: str) -> "Guard":
        """Give a guard of the same rate and another breaker, for what may fail while all else is well."""
        other = Guard(name, self._settings, self._clock, self._sleep)
        other._bucket = self._bucket
        return other

    def call(self, call: Callable[[], T], what: str = "") -> T:
        """Make a call, again where its failure may pass; raises what the last attempt raised.

        Each attempt, and each wait before it, is a step of the request that is called ``what``.
        """
        retrying = Retrying(
            stop=self._stop,
            wait=self._wait,
            retry=retry_if_exception(_passes),
            sleep=self._sleep,
            reraise=True,
        )
        found: T = retrying(self._once, call, what or self.name)
        return found

    def _once(self, call: Callable[[], T], what: str) -> T:
        if blocked := self.breaker.blocked(self._clock.monotonic()):
            raise self._left_alone(blocked)
        try:
            # After the breaker's check: a call that is not made must not use up the rate.
            self._keep_to_the_rate()
            with step(what):
                found = call()
        except RequestInvalid:
            self.breaker.succeeded()
            raise
        except Exception as error:
            self._note(error)
            raise
        self.breaker.succeeded()
        return found

    def _note(self, error: Exception) -> None:
        told = error.details if isinstance(error, Unavailable) else {}
        if told.get("reason") in _OURS:
            return
        lasting = isinstance(error, Unavailable) and not error.retryable
        if self.breaker.failed(self._clock.monotonic(), error, lasting=lasting):
            log.warning("provider_left_alone", extra={"provider": self.name, "reason": str(error)})

    def _keep_to_the_rate(self) -> None:
        now = self._clock.monotonic()
        if now >= DEADLINE.get():
            raise Unavailable(
                f"{self.name}: the caller's patience had ended before it could be asked",
                details={"reason": "deadline"},
            )
        wait = self._bucket.reserve(now, min(self._longest_s, DEADLINE.get() - now))
        if wait is None:
            after = self._bucket.wait_s(now)
            raise Unavailable(
                f"{self.name}: too many calls: the next may be made in {after:.1f} s (rate_per_s)",
                details={"reason": "rate_limit", "retry_after_ms": round(after * 1000)},
            )
        if wait:
            with step(f"{self.name} rate limit"):
                self._sleep(wait)

    def _left_alone(self, blocked: Blocked) -> Unavailable:
        failure = blocked.failure
        because = failure.details.get("reason") if isinstance(failure, Unavailable) else None
        return Unavailable(
            f"{self.name} is left alone for {blocked.retry_after_s:.0f} s after: {failure}",
            details={
                "reason": "circuit_open",
                "because": because or type(failure).__name__,
                "retry_after_ms": round(blocked.retry_after_s * 1000),
            },
            retryable=getattr(failure, "retryable", False),
        )

    def _wait(self, state: RetryCallState) -> float:
        told = state.outcome.exception() if state.outcome else None
        after = told.details.get("retry_after_ms", 0) / 1000 if isinstance(told, Unavailable) else 0.0
        return max(float(after), self._backoff(state))

    def _stop(self, state: RetryCallState) -> bool:
        """Stop when attempts are used up, or when the wait would outlast the caller's patience or ours."""
        wait = state.upcoming_sleep
        too_long = wait > self._longest_s or self._clock.monotonic() + wait >= DEADLINE.get()
        return too_long or self._attempts(state)


def _passes(error: BaseException) -> bool:
    """Tell whether a failure may be gone at the next attempt."""
    return isinstance(error, Unavailable) and error.retryable and error.details.get("reason") not in _OURS
