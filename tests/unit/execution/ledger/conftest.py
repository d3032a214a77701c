from collections.abc import Iterator
from pathlib import Path

import pytest

from tacore.clock import ManualClock
from tacore.execution.ledger import Ledger


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db", clock) as opened:
        opened.take()
        yield opened
