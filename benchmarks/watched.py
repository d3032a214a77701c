"""What watching costs the message path: one load with and without a monitor at work and a page open on it.

python benchmarks/watched.py

One service with two workers; a monitor is started beside it for every second turn, and a page's requests are
made as the page makes them: it listens to all events and asks for the series. A row's ratio is the median
over the rounds of the watched rate to the unwatched one of the same round.
"""

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
from rpc import measure, tacore  # type: ignore[import-not-found]

PORT = "18001"
URL = f"http://127.0.0.1:{PORT}"
EVENTS = "/api/events?streams=overview,workers,requests"
SERIES, SERIES_EVERY_S = "/api/series?window_s=3600", 5.0
UP_S = 30.0


@contextmanager
def monitor(home: str) -> Iterator[None]:
    """Run a monitor of the service there, from when it answers to the end of the block."""
    command = [sys.executable, "-m", "tacore", "--home", home, "monitor", "start", "--port", PORT]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        _wait_until_up()
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until_up() -> None:
    deadline = time.monotonic() + UP_S
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{URL}/api/overview", timeout=5.0).is_success:
                return
        time.sleep(0.1)
    raise SystemExit("the monitor did not come up")


class Page:
    """What a page asks while it is open, on threads of this process; ``events`` counts what it was told."""

    def __init__(self) -> None:
        self.events = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=run) for run in (self._listen, self._ask)]

    def __enter__(self) -> "Page":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        with httpx.stream("GET", f"{URL}{EVENTS}", timeout=30.0) as answer:
            for line in answer.iter_lines():
                self.events += line.startswith("data")
                if self._over.is_set():
                    return

    def _ask(self) -> None:
        with httpx.Client(base_url=URL, timeout=30.0) as client:
            while not self._over.wait(SERIES_EVERY_S):
                client.get(SERIES).raise_for_status()


def watched(endpoint: str, home: str, load: str, duration_s: float) -> float:
    """Give the requests a second with a monitor at work and its page open."""
    with monitor(home):
        with Page() as page:
            rate = float(measure(endpoint, load, duration_s)["req_s"])
        if not page.events:
            raise SystemExit("the page was told nothing: this measured no watching")
    return rate


def unwatched(endpoint: str, _: str, load: str, duration_s: float) -> float:
    """Give the requests a second without."""
    return float(measure(endpoint, load, duration_s)["req_s"])


def main() -> None:
    """Measure and print a row for each load."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--loads", nargs="+", default=("dealer:64", "req:8"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--duration", type=float, default=3.0)
    given = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {load: [] for load in given.loads}
    with tacore(2, "--no-monitor") as (endpoint, home):
        for number in range(given.rounds):
            for load in given.loads:
                turns = [watched, unwatched]
                rates = {
                    turn: turn(endpoint, home, load, given.duration)
                    for turn in (turns if number % 2 else turns[::-1])
                }
                found[load].append((rates[watched], rates[unwatched]))
    print("| in flight | unwatched req/s | watched req/s | ratio |")
    print("|---|---:|---:|---:|")
    for load, pairs in found.items():
        with_, without = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"| {load} | {without:,.0f} | {with_:,.0f} | {ratio:.3f} |")


if __name__ == "__main__":
    main()
