"""Anchors of the market clocks: made once from the settings, kept in a file, handed to every process."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from tacore.clock import MarketClock
from tacore.market.hours import HOURS
from tacore.market.registry import provider_kinds
from tacore.model.markets import MarketSettings, ReplaySettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Anchors = dict[str, dict[str, Any]]


def make_anchors(
    settings: Mapping[str, MarketSettings],
    wall_us: int,
    previous: Mapping[str, Mapping[str, Any]] | None = None,
) -> Anchors:
    """Give each market's anchor as JSON-able values.

    Those of ``previous`` are kept where the settings did not change: a moving replay goes on over a restart,
    and starts anew when its date, its speed or its provider changes.
    """
    anchors: Anchors = {}
    for market, each in settings.items():
        made = _anchor(market, each, wall_us)
        kept = (previous or {}).get(market, {})
        anchors[market] = dict(kept) if kept.get("fingerprint") == made["fingerprint"] else made
    return anchors


def clock_of(anchor: Mapping[str, Any]) -> MarketClock:
    """Give the clock that an anchor describes."""
    return MarketClock(
        anchor_wall_us=int(anchor["anchor_wall_us"]),
        anchor_market_us=int(anchor["anchor_market_us"]),
        speed=float(anchor["speed"]),
    )


def _anchor(market: str, settings: MarketSettings, wall_us: int) -> dict[str, Any]:
    # The providers of one list all have the same end, or none: the registry sees to it.
    last = next(iter(provider_kinds(market, settings).values())).last_session
    replay = settings.replay or (ReplaySettings() if last else None)
    if replay is None:
        return {
            "mode": "live",
            "anchor_wall_us": 0,
            "anchor_market_us": 0,
            "speed": 1.0,
            "fingerprint": "live",
        }
    start = (replay.at or last or wall_us, replay.speed)
    said = json.dumps([",".join(settings.provider), str(replay.at or last), replay.speed])
    return {
        "mode": "replay",
        "anchor_wall_us": wall_us,
        "anchor_market_us": _start_us(market, start[0]),
        "speed": replay.speed,
        "fingerprint": hashlib.sha256(said.encode()).hexdigest()[:16],
    }


def _start_us(market: str, at: datetime | date | int) -> int:
    """Give epoch microseconds; a date means its session's close."""
    if isinstance(at, int):
        return at
    moment = at if isinstance(at, datetime) else HOURS[market].close(at)
    return round((moment - _EPOCH).total_seconds() * 1_000_000)
