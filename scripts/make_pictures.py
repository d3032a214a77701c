"""Make docs/pictures/*.png: the web page of a real service, with a small load, in the system's Chromium.

    .venv/bin/python scripts/make_pictures.py

It starts `tacore up` on free ports in a temporary home and ends it again; it takes about a minute.
"""

import base64
import contextlib
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Browser, Page, sync_playwright

from tacore.client import Client
from tacore.errors import TacoreError

TARGET = Path(__file__).parent.parent / "docs" / "pictures"
MOST_BYTES = 150_000
LOAD_S = 40
START_S = 60
COLOURS = 256
DESKTOP, PHONE = (1280, 800), (390, 780)
ORDERS = (
    {"symbol": "AAPL", "action": "buy", "quantity": 100},
    {"symbol": "MSFT", "action": "buy", "quantity": 50, "price": 27.5, "time_in_force": "GTC"},
    {"symbol": "GOOG", "action": "buy", "quantity": 20},
    {"symbol": "AAPL", "action": "buy", "quantity": 1000},
    {"symbol": "AAPL", "action": "sell", "quantity": 40},
)
CALLS = (
    ("get.market_data", {"symbols": ["AAPL", "MSFT"]}),
    ("get.market_data", {"symbols": ["GOOG"], "limit": 5}),
    ("analyze.stock", {"symbol": "IBM"}),
    ("evaluate.risk", {"portfolio": {"AAPL": 100, "MSFT": 200}}),
    ("debug.echo", {"text": "hello"}),
)


PIXELS = """async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) {
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  }
  return btoa(text);
}"""
"""Has the browser itself read a picture: four bytes a pixel, as base64."""


class Picture(NamedTuple):
    """What to show: an address of the page, a size, a theme, and keys to press before."""

    name: str
    route: str
    size: tuple[int, int]
    theme: str
    keys: tuple[str, ...] = ()


PICTURES = (
    Picture("overview", "overview", DESKTOP, "light"),
    Picture("requests", "requests?q=method:get.market_data", DESKTOP, "dark", ("j", "j", "Enter")),
    Picture("orders", "orders", DESKTOP, "light"),
    Picture("chart", "chart/AAPL?indicators=sma20,bollinger,rsi14&limit=120", DESKTOP, "dark"),
    Picture("phone", "overview", PHONE, "dark"),
)


def main() -> None:
    """Start everything, load it, and write the pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("there is no chromium on PATH: install Debian's package of that name")
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        frontend, backend, api = free_ports(3)
        ports = {"ZMQ_FRONTEND_PORT": frontend, "ZMQ_BACKEND_PORT": backend, "API_PORT": api}
        with running(Path(folder) / "tacore", ports, f"http://127.0.0.1:{api}/health"):
            load(f"tcp://127.0.0.1:{frontend}")
            with sync_playwright() as playwright:
                options = ["--no-sandbox"] if os.geteuid() == 0 else []
                browser = playwright.chromium.launch(executable_path=chromium, args=options)
                for each in PICTURES:
                    take(browser, f"http://127.0.0.1:{api}", each)
                browser.close()


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running(home: Path, ports: dict[str, int], health: str) -> Iterator[None]:
    """Run `tacore up` until the block ends."""
    home.mkdir()
    settings = {name: str(each) for name, each in ports.items()}
    settings |= {
        "TACORE_HOME": str(home),
        "TACORE_DEBUG_METHODS": "1",
        "TACORE_WORKER__FEATURE_TABLES": "false",
    }
    words = [sys.executable, "-m", "tacore", "up", "-n", "2"]
    service = subprocess.Popen(
        words, cwd=home, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(health, service)
        yield
    finally:
        service.send_signal(signal.SIGINT)
        service.wait(START_S)


def wait_for(url: str, service: "subprocess.Popen[bytes]") -> None:
    """Wait until the monitor says that the service is well."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and service.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            if b'"paper":true' in answer.read().replace(b" ", b""):
                return
        time.sleep(0.2)
    raise SystemExit("tacore up did not get ready")


def load(endpoint: str) -> None:
    """Place some orders, and ask this and that at a pace that goes up and down."""
    chance = random.Random(7)  # noqa: S311 - no secret
    with Client(endpoint) as client:
        for number, order in enumerate(ORDERS):
            ask(client, "execute.order", order | {"idempotency_key": f"picture-{number}"})
        began = time.monotonic()
        while (past := time.monotonic() - began) < LOAD_S:
            ask(client, *chance.choice(CALLS))
            if chance.random() < 0.02:  # noqa: PLR2004 - now and then a mistake
                ask(client, "get.market_data", {"symbols": ["AAPL"], "timeframe": "2d"})
            time.sleep(0.02 if past % 20 < 12 else 0.006)  # noqa: PLR2004 - a wave


def ask(client: Client, method: str, params: dict[str, object]) -> None:
    """Ask; errors belong to the picture."""
    with contextlib.suppress(TacoreError):
        client.call(method, params)


def take(browser: Browser, url: str, picture: Picture) -> None:
    """Take a picture, and say how large it is."""
    width, height = picture.size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.theme == "dark" else "light",
        locale="en-GB",
    )
    page.goto(f"{url}/#/{picture.route}")
    page.wait_for_selector("#health.healthy")
    page.wait_for_timeout(2500)
    for key in picture.keys:
        page.keyboard.press(key)
        page.wait_for_timeout(500)
    path = TARGET / f"{picture.name}.png"
    path.write_bytes(with_palette(page, page.screenshot(), picture.size))
    page.close()
    size = path.stat().st_size
    print(f"{path.name}: {size / 1000:.0f} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes; allowed: at most {MOST_BYTES}")


def with_palette(page: Page, png: bytes, size: tuple[int, int]) -> bytes:
    """Write a picture with its 256 commonest colours, others as the nearest of them: a third of the bytes."""
    raw = base64.b64decode(page.evaluate(PIXELS, base64.b64encode(png).decode()))
    pixels = np.frombuffer(raw, np.uint8).reshape(-1, 4)[:, :3]
    colours, which, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    palette = colours[np.argsort(-counts)[:COLOURS]].astype(np.int32)
    nearest = [np.argmin(((palette - each) ** 2).sum(axis=1)) for each in colours.astype(np.int32)]
    return indexed(np.array(nearest, np.uint8)[which.reshape(-1)].reshape(size[1], size[0]), palette)


def indexed(picture: npt.NDArray[np.uint8], palette: npt.NDArray[np.int32]) -> bytes:
    """Write a PNG of palette indices: https://www.w3.org/TR/png-3/."""
    height, width = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    written = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


if __name__ == "__main__":
    main()
