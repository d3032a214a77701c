"""Writes docs/pictures/top-*.svg: `tacore top` on a real service that is kept busy meanwhile.

Run it from the repository: ``.venv/bin/python scripts/make_top_pictures.py``. It takes a minute.
"""

import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tacore.client import Client
from tacore.errors import TacoreError
from tacore.tui.app import TopApp
from tacore.tui.feed import Wanted
from tacore.watch.watch import Watch

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
BUSY_S = 45.0
SIZE = (100, 28)
SYMBOLS = ("AAPL", "MSFT", "GOOG", "IBM")
SCENES = (
    ("workers", ("1",)),
    ("methods", ("2",)),
    ("requests", ("3", "down", "down")),
    ("details", ("3", "slash", *"method:scan.market", "enter", "enter")),
    ("orders", ("4", "down")),
    ("confirm", ("1", "n", "backspace", "4")),
)
"""The pictures, each with the keys that lead to it."""
FETCHED = re.compile(r"\s*(?:@font-face \{.*?\}|<!--[^\n]*-->)\n", re.DOTALL)
"""Fonts that a browser would fetch from elsewhere; it has one of its own."""


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with service() as (endpoint, database), load(endpoint):
        time.sleep(BUSY_S)
        asyncio.run(draw(endpoint, database))


@contextlib.contextmanager
def service() -> Iterator[tuple[str, Path]]:
    """Run a service in a home of its own; give its endpoint and its journal."""
    with tempfile.TemporaryDirectory() as home:
        ports = {"ZMQ_FRONTEND_PORT": "25555", "ZMQ_BACKEND_PORT": "25556", "API_PORT": "28000"}
        environ = {**os.environ, **ports, "TACORE_HOME": home, "TACORE_WORKER__FEATURE_TABLES": "false"}
        words = [sys.executable, "-m", "tacore", "up", "-n", "3", "-q"]
        with subprocess.Popen(words, env=environ, cwd=home, stdout=subprocess.PIPE, text=True) as up:
            assert up.stdout is not None  # noqa: S101 - for the type checker
            json.loads(up.stdout.readline())  # a line says that all is ready
            try:
                yield "tcp://127.0.0.1:25555", Path(home, "data", "tacore.db")
            finally:
                up.terminate()


@contextlib.contextmanager
def load(endpoint: str) -> Iterator[None]:
    """Keep the service busy."""
    over = threading.Event()
    thread = threading.Thread(target=_keep_busy, args=(endpoint, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _keep_busy(endpoint: str, over: threading.Event) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    with Client(endpoint) as client:
        while not over.is_set():
            with contextlib.suppress(TacoreError):
                client.call(*_request(chance))
            over.wait(chance.random() * 0.05)


def _request(chance: random.Random) -> tuple[str, dict[str, object]]:
    symbol = chance.choice(SYMBOLS)
    kinds: list[tuple[int, str, dict[str, object]]] = [
        (40, "get.market_data", {"symbols": [symbol], "limit": 5}),
        (20, "scan.market", {"market": "US", "criteria": {"min_volume": 1_000_000}}),
        (15, "analyze.stock", {"symbol": symbol}),
        (15, "evaluate.risk", {"portfolio": {symbol: 100, "IBM": 20}}),
        (4, "execute.order", {"symbol": symbol, "action": "buy", "quantity": chance.randint(1, 9)}),
        (2, "execute.order", {"symbol": symbol, "action": "sell", "quantity": 100, "price": 9_000}),
        (2, "scan.market", {"market": "FX"}),
    ]
    _, method, params = chance.choices(kinds, [weight for weight, _, _ in kinds])[0]
    return method, params


async def draw(endpoint: str, database: Path) -> None:
    """Press the keys, and keep what is seen."""
    for name, keys in SCENES:
        app = TopApp(lambda: Watch(endpoint, database), Wanted())
        async with app.run_test(size=SIZE) as pilot:
            await asyncio.sleep(2.5)
            for key in keys:
                await pilot.press(key)
                await asyncio.sleep(0.3)
            await asyncio.sleep(1.5)
            picture = app.export_screenshot(title="tacore top", simplify=True)
            tidy = FETCHED.sub("\n", re.sub(r"terminal-\d+", f"top-{name}", picture))
            (PICTURES / f"top-{name}.svg").write_text(tidy + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
