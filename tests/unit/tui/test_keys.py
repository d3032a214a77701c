"""Every key that the help lists does what it says. A new binding needs a line here."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from tacore.tui.app import TopApp
from tacore.tui.lines import plain
from tacore.tui.screens import help as help_
from tacore.tui.screens.confirm import ConfirmScreen
from tacore.tui.screens.detail import DetailScreen
from tacore.tui.screens.help import HelpScreen
from tacore.tui.widgets.grid import Grid
from tests.support.stage import NOW_S, Staged, text_of, until
from tests.unit.tui.conftest import Play

Check = Callable[[TopApp, Pilot[Any], Staged], Awaitable[None]]
"""Looks, once the key was pressed, whether it did what it says."""
Case = tuple[tuple[str, ...], Check]
"""The keys that lead to where the binding works, and what must be so after it."""


def sees(*, true: Callable[[TopApp], Any]) -> Check:
    async def check(app: TopApp, pilot: Pilot[Any], _watch: Staged) -> None:
        await until(pilot, lambda: true(app), "the key has done what it says")

    return check


def cursor(place: int) -> Check:
    return sees(true=lambda app: app.main.board.grid.cursor == place)


def tab(name: str) -> Check:
    return sees(true=lambda app: app.main.board.table.name == name and app.main.board.grid.has_focus)


def asks(title: str) -> Check:
    return sees(true=lambda app: isinstance(app.screen, ConfirmScreen) and title in text_of(app))


def copied(text: str) -> Check:
    return sees(true=lambda app: text in app.clipboard)


def acted(method: str | None) -> Check:
    async def check(app: TopApp, pilot: Pilot[Any], watch: Staged) -> None:
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen), "the question is gone")
        await until(pilot, lambda: method is None or watch.acted, "it is done")
        assert [each for each, _ in watch.acted] == ([] if method is None else [method])

    return check


def at(seconds: float) -> Check:
    return sees(true=lambda app: app.main.snapshot.at_s == NOW_S + seconds)


def on_main(app: TopApp) -> bool:
    return app.screen is app.main


def scrolled(app: TopApp) -> float:
    return float(app.screen.query_one("#sheet").scroll_offset.y)


LONG = ("3", "e", "enter")
CASES: dict[tuple[str, str], Case] = {
    ("Everywhere", "keys"): ((), sees(true=lambda app: isinstance(app.screen, HelpScreen))),
    ("Everywhere", "quit"): ((), sees(true=lambda app: app._exit)),
    ("Everywhere", "next_theme"): ((), sees(true=lambda app: app.theme == "textual-light")),
    ("Everywhere", "command_palette"): (
        (),
        sees(
            true=lambda app: (
                type(app.screen).__name__ == "CommandPalette" and "Resume trading" in text_of(app)
            )
        ),
    ),
    ("Tables", "filter"): ((), sees(true=lambda app: app.main._line.has_focus and app.main._line.display)),
    ("Tables", "sort"): ((), sees(true=lambda app: app.main.board.grid.order == ("worker", False))),
    ("Tables", "turn"): (
        ("s", "s"),
        sees(
            true=lambda app: (
                [row.cells[1].text for row in app.main.board.grid.rows] == ["orders", "fast", "fast"]
            )
        ),
    ),
    ("Tables", "window"): ((), sees(true=lambda app: app.main.snapshot.window_s == 3600)),
    ("Tables", "pause"): ((), sees(true=lambda app: "PAUSED" in text_of(app))),
    ("Tables", "follow"): (
        ("3", "down"),
        sees(true=lambda app: "following" in text_of(app) and app.main.board.grid.cursor == 0),
    ),
    ("Tables", "only_errors"): (
        ("3",),
        sees(true=lambda app: {row.cells[2].text for row in app.main.board.grid.rows} == {"invalid_params"}),
    ),
    ("Tables", "requests_of"): (
        ("down",),
        sees(true=lambda app: {row.cells[4].text for row in app.main.board.grid.rows} == {"fast-2"}),
    ),
    ("Tables", "restart"): ((), asks("Restart fast-1")),
    ("Tables", "drain"): ((), asks("Drain fast-1")),
    ("Tables", "scale"): ((), asks("Scale pool fast")),
    ("Tables", "cancel"): (("4",), asks("Cancel o-000000000012")),
    ("Tables", "retry"): (("5", "down", "down", "down"), asks("Retry j-0003")),
    ("Tables", "halt"): ((), asks("Halt trading")),
    ("Tables", "copy_row"): ((), copied("fast-1\tfast\tready\t0")),
    ("Tables", "copy_command"): (("2",), copied("tacore stats --method get.market_data")),
    ("Tables", "tab('workers')"): (("2",), tab("workers")),
    ("Tables", "tab('methods')"): ((), tab("methods")),
    ("Tables", "tab('requests')"): ((), tab("requests")),
    ("Tables", "tab('orders')"): ((), tab("orders")),
    ("Tables", "tab('jobs')"): ((), tab("jobs")),
    ("Tables", "next_tab(1)"): ((), tab("methods")),
    ("Tables", "next_tab(-1)"): ((), tab("jobs")),
    ("Tables", "move(-1)"): ((), at(-300)),
    ("Tables", "move(1)"): (("2", "left_square_bracket", "left_square_bracket"), at(-300)),
    ("Tables", "now"): (("2", "left_square_bracket"), sees(true=lambda app: not app.main.snapshot.past)),
    ("Tables", "back"): (
        ("slash", *"fast-2", "enter"),
        sees(true=lambda app: len(app.main.board.grid.rows) == 3 and not app.main._line.display),
    ),
    ("Grid", "move(-1)"): (("down", "down"), cursor(1)),
    ("Grid", "move(1)"): ((), cursor(1)),
    ("Grid", "page(-1)"): (("3", "end"), sees(true=lambda app: 0 < app.main.board.grid.cursor < 29)),
    ("Grid", "page(1)"): (("3",), sees(true=lambda app: 10 < app.main.board.grid.cursor < 29)),
    ("Grid", "first"): (
        ("3", "down", "down"),
        sees(true=lambda app: app.main.board.grid.cursor == 0 and app.main.board.grid.following),
    ),
    ("Grid", "last"): (("3",), cursor(29)),
    ("Grid", "choose"): ((), sees(true=lambda app: isinstance(app.screen, DetailScreen))),
    ("While a filter is typed", "leave"): (
        ("slash", *"fast-2"),
        sees(true=lambda app: len(app.main.board.grid.rows) == 3 and app.main.board.grid.has_focus),
    ),
    ("While a filter is typed", "submit"): (
        ("slash", *"fast-2"),
        sees(true=lambda app: len(app.main.board.grid.rows) == 1 and app.main.board.grid.has_focus),
    ),
    ("Details", "leave"): (("enter",), sees(true=on_main)),
    ("Details", "copy_sheet"): (("3", "enter"), copied("message       n: is odd")),
    ("Details", "copy_command"): (
        ("3", "enter"),
        copied("tacore call get.market_data --params '{\"n\":30}'"),
    ),
    ("Details", "neighbour(1)"): (("3", "enter"), sees(true=lambda app: "request-029" in text_of(app))),
    ("Details", "neighbour(-1)"): (
        ("3", "down", "down", "enter"),
        sees(true=lambda app: "request-029" in text_of(app)),
    ),
    ("Details", "scroll(1)"): (LONG, sees(true=lambda app: scrolled(app) == 1)),
    ("Details", "scroll(-1)"): ((*LONG, "j", "j"), sees(true=lambda app: scrolled(app) == 1)),
    ("Details", "cancel"): (("5", "enter"), asks("Cancel j-0006")),
    ("Details", "retry"): (("5", "down", "enter"), asks("Retry j-0005")),
    ("Details", "ends(-1)"): ((*LONG, "G"), sees(true=lambda app: scrolled(app) == 0)),
    ("Details", "ends(1)"): (LONG, sees(true=lambda app: scrolled(app) > 1)),
    ("Before something is done", "yes"): (("r",), acted("admin.restart")),
    ("Before something is done", "no"): (("r",), acted(None)),
    ("Before something is done", "other"): (
        ("r",),
        sees(true=lambda app: app.screen.query_one("#no").has_focus),
    ),
    ("Help", "leave"): (("question_mark",), sees(true=on_main)),
}
BY_PROCESS = {("Everywhere", "suspend_process")}
"""Needs a process of its own: see tests/integration/test_cli_top.py."""


def listed() -> Iterator[tuple[str, Binding]]:
    """Give all bindings with the name of their place."""
    for title, bindings in help_.sections(TopApp.BINDINGS):
        grid = {id(each) for each in Grid.BINDINGS}
        for each in bindings:
            yield ("Grid" if id(each) in grid else title), each
    for other in HelpScreen.BINDINGS:
        assert isinstance(other, Binding)
        yield "Help", other


KEYS = [(place, each, key) for place, each in listed() for key in each.key.split(",")]


@pytest.mark.parametrize(
    ("place", "binding", "key"),
    [each for each in KEYS if (each[0], each[1].action) not in BY_PROCESS],
    ids=lambda each: each.action if isinstance(each, Binding) else each,
)
def test_key_when_pressed_does_what_the_help_says(
    place: str, binding: Binding, key: str, play: Play, watch: Staged
) -> None:
    before, check = CASES[place, binding.action]

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        for each in before:
            await pilot.press(each)
            if each in ("4", "5", "left_square_bracket", "e"):
                await pilot.pause(0.1)
        await until(pilot, lambda: app.main.board.grid.rows, "there are rows")
        await pilot.press(key)
        await check(app, pilot, watch)

    play(test, size=(80, 20))


def test_cases_when_compared_with_the_bindings_are_about_each_of_them() -> None:
    actions = {(place, each.action) for place, each in listed()}
    assert actions == set(CASES) | BY_PROCESS


def test_help_when_read_lists_every_key() -> None:
    text = plain(help_.lines(TopApp.BINDINGS))
    for place, binding, key in KEYS:
        if place != "Help":
            assert help_.NAMES.get(key, key) in text
            assert (binding.tooltip or binding.description) in text
