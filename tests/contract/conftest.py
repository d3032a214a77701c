"""What the contract tests of venues share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.vendors.guard import loopback_only
from tests.support.venues.worlds import WORLDS, World


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a venue and its server; no request goes to another address."""
    loopback_only(monkeypatch)
    with WORLDS[request.param](tmp_path, 5.0) as opened:
        yield opened
