"""`tacore top`: the service on one screen, once, or as plain text again and again."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tacore.cli import texts
from tacore.cli.endpoint import resolve
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import Globals
from tacore.cli.logs import find_database
from tacore.cli.moments import moment_us
from tacore.cli.words import none_left, quantity, split
from tacore.errors import NoBroker

if TYPE_CHECKING:
    from pathlib import Path

    from tacore.tui.feed import Wanted
    from tacore.tui.snapshot import Snapshot
    from tacore.watch.watch import Watch

VALUED = frozenset({"--at", "--window", "--tab", "--filter", "--every"})
FLAGS = frozenset({"--once", "--plain"})
WINDOWS = {"10s": 10, "5m": 300, "1h": 3600}
TABS = ("workers", "methods", "requests", "orders", "jobs")
EVERY_S = 5.0
DUMB = frozenset({"", "dumb", "unknown"})


class Asked(NamedTuple):
    """What the command line asked for."""

    at_s: float | None
    window_s: int
    tab: str
    text: str
    every_s: float


def run(argv: Sequence[str], options: Globals) -> int:
    """Show the service as it is now, or was."""
    if options.help:
        return texts.usage(texts.TOP)
    words = split(argv, VALUED, FLAGS)
    none_left("top", words.rest)
    asked = _asked(words.options)
    if "--once" in words.options:
        return asyncio.run(_once(asked, options))
    if "--plain" in words.options or options.output or not _can_draw():
        return asyncio.run(_again(asked, options))
    return _full_screen(asked, options)


def _asked(given: dict[str, str]) -> Asked:
    at_us = moment_us("--at", given.get("--at"), time.time())
    return Asked(
        at_s=None if at_us is None else at_us / 1e6,
        window_s=WINDOWS[_one_of("--window", given.get("--window", "5m"), tuple(WINDOWS))],
        tab=_one_of("--tab", given.get("--tab", TABS[0]), TABS),
        text=given.get("--filter", ""),
        every_s=quantity(given, "--every", least=0.2) or EVERY_S,
    )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Usage(f"{name} is one of {', '.join(allowed)}, not {value!r}")
    return value


def _can_draw() -> bool:
    """Tell whether there is a person at a terminal that can be drawn on."""
    on_terminal = all(each.isatty() for each in (sys.stdin, sys.stdout, sys.stderr))  # drawn on the last one
    return on_terminal and os.environ.get("TERM", "") not in DUMB


def _full_screen(asked: Asked, options: Globals) -> int:
    from tacore.tui.app import TopApp  # noqa: PLC0415  0.4 s, and only for a screen

    if options.no_color:
        os.environ["NO_COLOR"] = "1"  # Textual asks nothing else
    endpoint, database = _where(options)
    app = TopApp(lambda: _watch(endpoint, database), _wanted(asked), tab=asked.tab, text=asked.text)
    app.run()
    return app.return_code or OK


async def _once(asked: Asked, options: Globals) -> int:
    snapshot = await _look(asked, options)
    _show(snapshot, options)
    return OK


async def _look(asked: Asked, options: Globals) -> "Snapshot":
    """Look once; NoBroker where there is neither broker nor journal."""
    from tacore.tui.feed import Feed  # noqa: PLC0415  what watches, and only here

    async with _watch(*_where(options)) as watch:
        snapshot = await Feed(watch, _wanted(asked)).once()
    _need_something(snapshot)
    return snapshot


def _need_something(snapshot: "Snapshot") -> None:
    health = snapshot.health
    if snapshot.rates_error and (health is None or not health.up):
        reason = (
            health.reasons[0]
            if health is not None and health.reasons
            else f"no broker at {snapshot.endpoint}"
        )
        raise NoBroker(f"{reason}, and {snapshot.rates_error}")


async def _again(asked: Asked, options: Globals) -> int:
    """Write a block of text, or a line of data, every while, until interrupted."""
    from tacore.tui.feed import Feed  # noqa: PLC0415

    async with _watch(*_where(options)) as watch:
        feed = Feed(watch, _wanted(asked))
        while True:
            began = time.monotonic()
            _write(await feed.once(), options)
            if asked.at_s is not None:
                return OK
            await asyncio.sleep(max(0.0, asked.every_s - (time.monotonic() - began)))


def _write(snapshot: "Snapshot", options: Globals) -> None:
    from tacore.cli import render  # noqa: PLC0415
    from tacore.tui import plain  # noqa: PLC0415

    if (options.output or "table") == "table" and (options.output or sys.stdout.isatty()):
        render.write(f"{plain.text(snapshot, min(render.width(), plain.WIDTH))}\n")
    else:
        _show(snapshot, options)


def _show(snapshot: "Snapshot", options: Globals) -> None:
    from tacore.cli import render  # noqa: PLC0415
    from tacore.tui.overview import overview  # noqa: PLC0415

    render.show(overview(snapshot), options)


def _wanted(asked: Asked) -> "Wanted":
    from tacore.tui.feed import Wanted  # noqa: PLC0415

    tab = asked.tab
    return Wanted(window_s=asked.window_s, orders=tab == "orders", jobs=tab == "jobs", at_s=asked.at_s)


def _where(options: Globals) -> "tuple[str, Path]":
    return resolve(options, os.environ)[0], find_database(options)


def _watch(endpoint: str, database: "Path") -> "Watch":
    from tacore.watch.watch import Watch  # noqa: PLC0415

    return Watch(endpoint, database)
