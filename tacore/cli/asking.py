"""The client of a command."""

import os
from typing import Any

from tacore.cli.endpoint import resolve
from tacore.cli.globals import Globals
from tacore.cli.words import quantity, whole
from tacore.client.sync import Client
from tacore.wire.numbers import Exact

PATIENCE = frozenset({"--timeout", "--retries", "--backoff"})


def open_client(options: Globals, own: dict[str, str] | None = None) -> Client:
    """Make a client for the broker that is meant; ``own`` are the command's options about patience."""
    given = own or {}
    asked: dict[str, Any] = {
        "timeout_s": quantity(given, "--timeout", least=0.001),
        "retries": whole(given, "--retries", least=0),
        "backoff_s": quantity(given, "--backoff", least=0.0),
    }
    endpoint, _ = resolve(options, os.environ)
    return Client(
        endpoint, parse_float=Exact, **{name: value for name, value in asked.items() if value is not None}
    )
