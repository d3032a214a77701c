"""Histories kept for tables that are made on the spot: reused within a session, never beyond it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tacore.clock import ManualClock
from tacore.market.router import build_market_data
from tacore.market.scan.tables import TablesOnDisk
from tacore.model.markets import parse_markets
from tests.support.markets import wall_us

NOON = datetime(2024, 3, 13, 12, tzinfo=UTC)


def test_history_when_asked_again_is_kept_until_a_session_ends(tmp_path: Path) -> None:
    clock = ManualClock(wall_us=wall_us(NOON))
    raw = {"CRYPTO": {"provider": "synthetic", "synthetic": {"size": 3}}}
    data = build_market_data(parse_markets(raw), clock)
    tables = TablesOnDisk(tmp_path, {"CRYPTO": "print"}, {}, data, clock)
    some = list(data.provider("CRYPTO").instruments("CRYPTO"))
    first = tables.history("CRYPTO", some[:2])
    clock.advance(timedelta(hours=1).total_seconds())
    assert tables.history("CRYPTO", some[:2]) is first
    assert tables.history("CRYPTO", some[:1]).symbols == (some[0].symbol,)
    clock.advance(timedelta(hours=12).total_seconds())
    later = tables.history("CRYPTO", some[:2])
    assert later.sessions[-1] == np.datetime64("2024-03-13")
    assert first.sessions[-1] == np.datetime64("2024-03-12")
