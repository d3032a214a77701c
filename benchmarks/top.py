"""Runs `tacore top` without a terminal beside a running service; prints how long drawing and a row take.

python benchmarks/top.py --endpoint tcp://127.0.0.1:5555 --database data/tacore.db

A row's time is from the answer at the client to its row in the table. How late the loop is, is what a key
waits for.
"""

import argparse
import asyncio
import time
import uuid
from pathlib import Path

import psutil

from tacore.client.aio import AsyncClient
from tacore.tui.app import TopApp
from tacore.tui.feed import Wanted
from tacore.tui.screens.boards import Board
from tacore.tui.snapshot import Snapshot
from tacore.watch.watch import Watch

SIZE = (200, 50)
TICK_S = 0.005
PAUSE_S = 0.3
GIVEN_UP_S = 2.0
"""A row that is not there by then was skipped, or has come and gone."""


def p95(times: list[float]) -> str:
    """Write the median, the 95th percentile and the largest of times in seconds."""
    times.sort()
    half, most = times[len(times) // 2], times[max(0, -(-95 * len(times) // 100) - 1)]
    return f"p50 {half * 1e3:7.1f} ms   p95 {most * 1e3:7.1f} ms   most {times[-1] * 1e3:7.1f} ms"


def timing_draws() -> list[float]:
    """Have each drawing of a table timed."""
    took: list[float] = []
    draw = Board.draw

    def timed(board: Board, snapshot: Snapshot) -> None:
        began = time.perf_counter()
        draw(board, snapshot)
        took.append(time.perf_counter() - began)

    Board.draw = timed  # type: ignore[method-assign, assignment]
    return took


async def stalls(found: list[float]) -> None:
    """Note how late the loop wakes up, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK_S)
        found.append(time.perf_counter() - began - TICK_S)


async def rows(app: TopApp, endpoint: str, seconds: float) -> list[float]:
    """Ask again and again; give how long each answer's row took to be in the table."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    async with AsyncClient(endpoint) as client:
        while time.perf_counter() < until:
            name = uuid.uuid4().hex
            await client.call("debug.echo", {}, request_id=name)
            began = time.perf_counter()
            while not _there(app, name) and time.perf_counter() - began < GIVEN_UP_S:
                await asyncio.sleep(TICK_S)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE_S)
    return took


def _there(app: TopApp, name: str) -> bool:
    return any(row.source.request_id == name for row in app.main.board.grid.rows)


async def measure(endpoint: str, database: Path, seconds: float) -> None:
    """Run the screen with the requests in sight."""
    draws, late = timing_draws(), list[float]()
    process = psutil.Process()
    app = TopApp(lambda: Watch(endpoint, database), Wanted(), tab="requests")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(1.0)
        before = process.cpu_times().user
        watching = asyncio.create_task(stalls(late))
        took = await rows(app, endpoint, seconds)
        watching.cancel()
        cpu = (process.cpu_times().user - before) / seconds
    print(f"a table is drawn  {p95(draws)}")
    print(f"the loop is late  {p95(late)}")
    print(f"a row is there    {p95(took)}")
    print(f"processor {cpu:.0%} of a core, memory {process.memory_info().rss / 1e6:.0f} MB")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--endpoint", default="tcp://127.0.0.1:5555")
    parser.add_argument("--database", type=Path, default=Path("data/tacore.db"))
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    asyncio.run(measure(given.endpoint, given.database, given.seconds))


if __name__ == "__main__":
    main()
