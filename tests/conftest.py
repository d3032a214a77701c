"""What every test leaves behind as it found it."""

import gc
import math
import sys
from collections.abc import Iterator

import pytest

from tacore.clock import DEADLINE


def pytest_collection_finish() -> None:
    """Look for garbage less often, and never among what was collected: thousands of tests and modules."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _left_clean() -> Iterator[None]:
    """Forget a deadline that a session set on this thread, and close the ledgers of desks."""
    yield
    DEADLINE.set(math.inf)
    worlds = sys.modules.get("tests.support.desk_world")
    if worlds is not None:
        worlds.DeskWorld.close_all()
