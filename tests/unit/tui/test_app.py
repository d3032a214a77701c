"""How the screen behaves while the service goes on: cursor, pause, filters, actions, the way back."""

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tacore.errors import Unavailable
from tacore.tui.app import TopApp
from tacore.tui.feed import FIRST, Wanted
from tacore.tui.screens.confirm import ConfirmScreen
from tacore.tui.screens.detail import DetailScreen
from tests.support.stage import NOW_S, Staged, request, text_of, until, worker
from tests.unit.tui.conftest import Play


def ids(app: TopApp) -> list[int]:
    return [int(row.key) for row in app.main.board.grid.rows]


def rows(app: TopApp) -> list[str]:
    return [line[:60] for line in text_of(app).splitlines() if ".250 " in line]


async def come(app: TopApp, pilot: Pilot[Any], watch: Staged, count: int) -> None:
    """Let requests come, and wait until the app has them."""
    first = watch.rows[-1].id + 1
    watch.add(*(request(number) for number in range(first, first + count)))
    await until(
        pilot,
        lambda: (
            app.feed.snapshot.requests[0].id == first + count - 1 and app.main._snapshot is app.feed.snapshot
        ),
        "they are seen",
    )


def test_cursor_when_followed_stays_on_the_newest(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        await come(app, pilot, watch, 3)
        assert app.main.board.grid.row is not None and app.main.board.grid.row.key == "33"
        await until(pilot, lambda: "23:59:58.250" in text_of(app), "it is seen")

    play(test)


def test_cursor_when_moved_stays_on_its_row_and_its_line(play: Play, watch: Staged) -> None:
    watch.rows = [request(number) for number in range(1, 101)]

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", *["down"] * 40)
        await until(pilot, lambda: len(rows(app)) > 10, "they are painted")
        shown = rows(app)
        await come(app, pilot, watch, 7)
        assert app.main.board.grid.row is not None and app.main.board.grid.row.key == "60"
        await until(pilot, lambda: "107 rows" in text_of(app), "it is painted")
        assert rows(app) == shown
        assert "f follows" in text_of(app)

    play(test)


def test_cursor_when_its_row_goes_stays_where_it_was(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("down")
        watch.staff = [worker("fast-1"), worker("orders-1", "orders"), worker("orders-2", "orders")]
        app.feed.look()
        await until(pilot, lambda: "fast-2" not in text_of(app), "it is gone")
        assert app.main.board.grid.cursor == 1

    play(test)


def test_cursor_when_rows_change_places_goes_along(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("down")
        watch.staff = [worker("extra-1"), worker("fast-0"), worker("fast-1"), worker("fast-2")]
        app.feed.look()
        await until(pilot, lambda: "extra-1" in text_of(app), "they are seen")
        assert app.main.board.grid.row is not None and app.main.board.grid.row.key == "fast-2"

    play(test)


def test_pause_when_on_keeps_rows_and_lets_the_headline_go_on(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", "space")
        rows = app.main.board.grid.rows
        watch.reasons = ["the disk is full"]
        await come(app, pilot, watch, 5)
        await until(pilot, lambda: "the disk is full" in text_of(app), "the headline goes on")
        assert app.main.board.grid.rows is rows
        await pilot.press("space")
        await until(pilot, lambda: ids(app)[0] == 35, "the rows go on")

    play(test)


def test_table_when_nothing_changed_is_not_built_again(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        rows = app.main.board.grid.rows
        looked = watch.looks.count("health")
        app.feed.look()
        await until(pilot, lambda: watch.looks.count("health") > looked, "it was looked at again")
        await until(pilot, lambda: app.main.snapshot is app.feed.snapshot, "it is shown")
        assert app.main.board.grid.rows is rows

    play(test)


def test_table_when_the_end_is_near_gets_older_requests(play: Play, watch: Staged) -> None:
    watch.rows = [request(number) for number in range(1, FIRST + 51)]

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", "end")
        await until(pilot, lambda: len(ids(app)) == FIRST + 50, "the rest has come")
        assert app.main.board.grid.row is not None and app.main.board.grid.row.key == "51"

    play(test)


def test_filter_when_typed_applies_with_each_key(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"fast")
        assert len(app.main.board.grid.rows) == 2
        await pilot.press("minus", "2")
        assert [row.key for row in app.main.board.grid.rows] == ["fast-2"]
        await pilot.press("enter", "2")
        assert len(app.main.board.grid.rows) == 3, "each tab has a filter of its own"
        await pilot.press("1")
        assert [row.key for row in app.main.board.grid.rows] == ["fast-2"]

    play(test)


def test_filter_when_it_is_for_requests_is_asked_of_the_journal(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", "slash", *"method:scan.market status:error")
        await until(pilot, lambda: ids(app) == [25, 10], "only these are seen")
        watch.add(*(request(number) for number in range(31, 41)))
        await until(pilot, lambda: ids(app) == [40, 25, 10], "and those that come and pass")

    play(test)


def test_filter_when_wrong_says_so_and_keeps_the_rows(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        await until(pilot, lambda: len(ids(app)) == 30, "the requests are there")
        await pilot.press("slash")
        app.screen.query_one(Input).value = "status:x"  # at once: what is typed half is a filter, too
        await until(
            pilot, lambda: "status: is no status; allowed: success, error" in text_of(app), "it says so"
        )
        assert len(ids(app)) == 30

    play(test)


def test_filter_when_begun_is_completed_from_what_is_seen(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", "slash", *"status:error method:sc")
        await until(pilot, lambda: "method:scan.market" in text_of(app), "it is suggested")
        await pilot.press("right", "enter")
        await until(pilot, lambda: app.main.board.text == "status:error method:scan.market", "it is taken")

    play(test)


def test_filter_when_given_on_the_command_line_is_there_from_the_start(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: ids(app) == [30, 25, 20, 15, 10, 5], "only what failed")

    play(test, tab="requests", text="status:error")


def test_back_when_requests_were_opened_from_a_method_returns_there(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", "slash", *"word", "enter", "2", "down", "l")
        assert app.main.board.text == "method:scan.market"
        await pilot.press("escape")
        assert app.main.board.table.name == "methods"
        assert app.main.board.grid.cursor == 1
        await pilot.press("3")
        assert app.main.board.text == "word"

    play(test)


def test_details_when_the_worker_changes_change_too(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("enter")
        watch.staff[0] = worker("fast-1", state="draining", processed=77)
        app.feed.look()
        await until(pilot, lambda: "draining" in text_of(app) and "77" in text_of(app), "it is seen")

    play(test)


def test_details_when_an_id_has_several_rows_list_the_others(play: Play, watch: Staged) -> None:
    watch.rows[3] = request(4, request_id="request-030", code="worker_lost", status="error")

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("3", "enter", "G")
        await until(pilot, lambda: "also under this id (1)" in text_of(app), "they are listed")

    play(test, size=(100, 50))


def test_details_of_an_order_when_opened_show_its_fills(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("4")
        await until(pilot, lambda: app.main.board.grid.rows, "there are orders")
        await pilot.press("enter")
        await until(pilot, lambda: "quantity 5  price 430.5" in text_of(app), "the fill is shown")

    play(test, size=(100, 40))


def test_action_when_refused_says_why(play: Play, watch: Staged) -> None:
    watch.refusal = Unavailable("the supervisor of fast-1 is not connected")

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("r", "y")
        await until(pilot, lambda: "is not connected" in text_of(app), "it says so")

    play(test)


def test_action_when_typed_into_shows_and_does_what_was_typed(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("n", "backspace", "5")
        await until(pilot, lambda: "tacore worker scale 5" in text_of(app), "the command is shown")
        assert "3 workers more" in text_of(app)
        await pilot.press("backspace", "x", "enter")
        assert isinstance(app.screen, ConfirmScreen), "what is no number is not done"
        await pilot.press("backspace", "4", "enter")
        await until(pilot, lambda: watch.acted, "it is done")
        assert watch.acted == [("admin.scale", {"workers": 4, "pool": "fast"})]

    play(test)


def test_action_when_grave_begins_on_no(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("end", "r", "enter")
        await until(pilot, lambda: app.screen is app.main, "the question is gone")
        assert watch.acted == []

    play(test)


def test_action_when_a_halt_has_a_reason_sends_it(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("H", *"why", "enter")
        await until(pilot, lambda: watch.acted, "it is done")
        assert watch.acted == [("set.trading_state", {"state": "halted", "reason": "why"})]

    play(test)


def test_action_when_halted_resumes(play: Play, watch: Staged) -> None:
    watch.trading = "halted"

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("H", "enter")
        await until(pilot, lambda: watch.acted, "it is done")
        assert watch.acted == [("set.trading_state", {"state": "active"})]

    play(test)


@pytest.mark.parametrize("key", ["r", "d", "n", "H"])
def test_action_when_the_broker_is_down_is_not_offered(key: str, play: Play, watch: Staged) -> None:
    watch.up = False

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press(key)
        await until(pilot, lambda: "there is no broker at" in text_of(app), "it says so")
        assert app.screen is app.main

    play(test)


def test_action_when_the_past_is_shown_is_not_offered(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("H")
        await until(pilot, lambda: "this is the past" in text_of(app), "it says so")
        assert app.screen is app.main

    play(test, wanted=Wanted(at_s=NOW_S - 25))


def test_screen_when_the_broker_comes_back_recovers(play: Play, watch: Staged) -> None:
    watch.up = False

    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "start one with `tacore up`" in text_of(app), "it is down")
        watch.up = True
        await until(pilot, lambda: "healthy" in text_of(app) and "tacore up" not in text_of(app), "it is up")

    play(test)


def test_journal_when_it_hangs_holds_no_key_up(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        import asyncio  # noqa: PLC0415  only to hold the stage

        watch.gate = asyncio.Event()
        await pilot.press("3", "slash", *"method:x", "enter", "2", "down", "enter")
        assert isinstance(app.screen, DetailScreen)
        watch.gate.set()

    play(test)


def test_mouse_when_clicked_on_a_title_sorts_and_on_a_row_opens_it(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        grid = app.main.board.grid
        await pilot.click(grid, offset=(2, 0))
        await until(pilot, lambda: grid.order.column == "worker", "it is sorted")
        await pilot.click(grid, offset=(2, 2))
        assert grid.cursor == 1
        await pilot.click(grid, offset=(2, 2))
        await until(pilot, lambda: isinstance(app.screen, DetailScreen), "it is open")

    play(test)


def test_mouse_when_clicked_on_a_tab_shows_it(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.click("#tabs", offset=(14, 0))
        await until(pilot, lambda: app.main.board.table.name == "methods", "it is there")

    play(test)
