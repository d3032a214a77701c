"""Apps on a staged service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tacore.tui.app import TopApp
from tacore.tui.feed import Wanted
from tests.support.stage import NOW_S, Staged, until

Test = Callable[[TopApp, Pilot[Any]], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def watch() -> Staged:
    """Give a staged service."""
    return Staged()


@pytest.fixture
def play(watch: Staged) -> Play:
    """Give what runs a test inside the app, once it has seen everything."""

    def run(
        test: Test, *, size: tuple[int, int] = (100, 30), wanted: Wanted | None = None, **given: Any
    ) -> None:
        async def whole() -> None:
            app = TopApp(lambda: watch, wanted or Wanted(), clock=lambda: NOW_S, **given)
            app.animation_level = "none"
            async with app.run_test(size=size, notifications=True) as pilot:
                await until(pilot, lambda: app.feed.snapshot.rates or app.feed.snapshot.rates_error, "a look")
                await until(pilot, lambda: app.main.snapshot is app.feed.snapshot, "it is shown")
                await test(app, pilot)

        asyncio.run(whole())

    return run
