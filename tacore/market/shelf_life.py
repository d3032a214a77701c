"""How long an answer that rests on a market's data may be given again, and under which time of the market."""

from datetime import UTC, datetime, timedelta

from tacore.market.hours import HOURS
from tacore.model.cached import CacheKey, CachePolicy
from tacore.ports import MarketData

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE_US = 60_000_000


def shelf_life(data: MarketData, market: str, policy: CachePolicy) -> CacheKey:
    """Give the market's time as a part of a key, and the seconds that an answer of now holds.

    While the market trades its time moves on in steps of ``ttl_open_s`` that begin anew with each minute, so
    that no answer outlives the end of a bar, nor, where a replay runs fast, that much market time. While it
    is closed a step is ``ttl_closed_s``. A replay that stands still has one time only.
    """
    now = data.now(market)
    return standing_life(now, policy) if data.stands_still(market) else life(now, market, policy)


def life(now: datetime, market: str, policy: CachePolicy) -> CacheKey:
    """Give the same for a moment of a market whose time moves."""
    if HOURS[market].trades(now):
        return CacheKey(f"open@{_text(_floor(now, policy.ttl_open_s, _MINUTE_US))}", policy.ttl_open_s)
    return CacheKey(f"closed@{_text(_floor(now, policy.ttl_closed_s))}", policy.ttl_closed_s)


def standing_life(now: datetime, policy: CachePolicy) -> CacheKey:
    """Give the same for a moment that stays what it is: a standing replay's, or one of the past."""
    return CacheKey(f"standing@{_text(now)}", policy.ttl_closed_s)


def _floor(now: datetime, step_s: float, every_us: int | None = None) -> datetime:
    """Take a moment back to the start of its step; steps are counted anew ``every_us``."""
    at_us = (now - _EPOCH) // _MICROSECOND
    begin_us = at_us - at_us % every_us if every_us else 0
    step_us = round(step_s * 1_000_000)
    into_us = at_us - begin_us
    return now - timedelta(microseconds=into_us % step_us if step_us else 0)


def _text(moment: datetime) -> str:
    text = f"{moment:%Y%m%dT%H%M%S}"
    return f"{text}.{moment.microsecond:06}Z" if moment.microsecond else f"{text}Z"
