"""What the screens look like, at 80 by 24 and 200 by 50, against texts that were looked at and kept.

``SCREENS=write`` in the environment keeps what they look like now: look at it before you commit it.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tacore.tui.app import TopApp
from tacore.tui.feed import Wanted
from tests.support.stage import NOW_S, Staged, kept, text_of, until
from tests.unit.tui.conftest import Play

FOLDER = Path(__file__).with_name("screens")
WRITE = os.environ.get("SCREENS") == "write"
SMALL, LARGE = (80, 24), (200, 50)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")


def shows(play: Play, name: str, size: tuple[int, int], *keys: str, **given: Any) -> None:
    """Press keys, and compare what is seen then."""

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        path = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
        if WRITE or not path.exists():
            await pilot.pause(1.0)
            kept(path, text_of(app), write=WRITE)
        wanted = kept(path, "", write=False)
        await until(pilot, lambda: text_of(app) == wanted, f"it looks like {path.name}:\n{wanted}\nbut so:")

    play(test, size=size, **given)


@SIZES
@pytest.mark.parametrize(
    ("name", "key"),
    [("workers", "1"), ("methods", "2"), ("requests", "3"), ("orders", "4"), ("jobs", "5")],
)
def test_tab_when_all_is_well_looks_as_kept(name: str, key: str, size: tuple[int, int], play: Play) -> None:
    shows(play, name, size, key)


@SIZES
def test_details_of_a_request_when_opened_look_as_kept(size: tuple[int, int], play: Play) -> None:
    shows(play, "details-request", size, "3", "down", "enter")


@SIZES
def test_details_of_a_degraded_job_when_opened_look_as_kept(size: tuple[int, int], play: Play) -> None:
    shows(play, "details-job", size, "5", "down", "down", "down", "down", "enter")


@SIZES
def test_jobs_when_there_are_none_say_how_to_start_one(
    size: tuple[int, int], play: Play, watch: Staged
) -> None:
    watch.agents = []
    shows(play, "no-jobs", size, "5")


def test_jobs_when_nobody_serves_them_say_what_starts_a_manager(play: Play, watch: Staged) -> None:
    watch.agents_served = False
    shows(play, "unserved-jobs", SMALL, "5")


@SIZES
def test_help_when_opened_looks_as_kept(size: tuple[int, int], play: Play) -> None:
    shows(play, "help", size, "question_mark")


@SIZES
def test_screen_when_money_is_real_looks_as_kept(size: tuple[int, int], play: Play, watch: Staged) -> None:
    watch.paper = False
    shows(play, "live-halt", size, "H")


@SIZES
def test_screen_when_the_broker_is_down_looks_as_kept(
    size: tuple[int, int], play: Play, watch: Staged
) -> None:
    watch.up = watch.journal = False
    shows(play, "down", size, "3")


@SIZES
def test_screen_when_degraded_and_halted_looks_as_kept(
    size: tuple[int, int], play: Play, watch: Staged
) -> None:
    watch.reasons = ["journal: the disk is full", "workers: fast-2 was killed"]
    watch.trading = "halted"
    shows(play, "degraded", size)


@SIZES
def test_screen_when_it_shows_the_past_looks_as_kept(size: tuple[int, int], play: Play) -> None:
    shows(play, "past", size, "3", wanted=Wanted(at_s=NOW_S - 25))


def test_screen_when_too_small_says_so_and_comes_back(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: "40 columns by 10 lines are too few" in text_of(app), "it says so")
        assert "WORKER" not in text_of(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "fast-1" in text_of(app), "the table is back")

    play(test)


@pytest.mark.parametrize("size", [(60, 14), (70, 20), (81, 25), (132, 43), (300, 80)])
def test_screen_when_resized_fills_the_width_and_keeps_the_cursor(size: tuple[int, int], play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", *["down"] * 25)
        under = app.main.board.grid.row
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert app.main.board.grid.row == under
        assert under is not None and under.cells[0].text[:8] in text_of(app)
        assert all(len(line) <= size[0] for line in text_of(app).splitlines())

    play(test)
