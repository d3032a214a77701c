"""Loopback servers that speak a vendor's wire format, for the contract tests of remote providers.

``LOOPBACK`` maps a provider's name to what opens its server for a market: a context manager that gives a
`Loopback`. A remote provider without one is skipped there, with that reason.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.markets import WALL


@dataclass(frozen=True, slots=True)
class Loopback:
    """What goes under ``providers.NAME`` to ask the server (no wait unless it says so), and when that is."""

    options: Mapping[str, Any] = field(default_factory=dict)
    wall: datetime = WALL


LOOPBACK: dict[str, Callable[[str], AbstractContextManager[Loopback]]] = {}
