"""Vendors on the loopback interface, and nothing beyond it."""

import pytest

from tests.support.vendors.guard import loopback_only


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)
