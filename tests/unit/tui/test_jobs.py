"""Agent jobs on the screen: what rows and details say, and that they follow a job as it goes on."""

import asyncio
import re
from typing import Any

import pytest
from textual.pilot import Pilot

from tacore.tui import actions, markdown, plain
from tacore.tui.app import TopApp
from tacore.tui.feed import Feed, Wanted
from tacore.tui.job_rows import JOBS, bar, money
from tacore.tui.job_sheet import of_job
from tacore.tui.lines import plain as text
from tacore.tui.overview import overview
from tacore.tui.snapshot import Snapshot
from tests.support.made_jobs import MARKUP, REPORT, job
from tests.support.stage import NOW_S, Staged, text_of, until
from tests.unit.tui.conftest import Play

DEGRADED = 2
"""The number of the job whose decision is degraded."""


def once(watch: Staged, wanted: Wanted) -> Snapshot:
    return asyncio.run(Feed(watch, wanted, clock=lambda: NOW_S).once())


def cell(made: dict[str, Any], column: str) -> tuple[str, str]:
    (row,) = JOBS.rows(Snapshot(0.0, "e", jobs=(made,)))
    found = row.cells[JOBS.position(column)]
    return found.text, found.tone


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (job(1), ("BUY", "good")),
        (job(DEGRADED), ("BUY DEGRADED", "bad")),
        (job(3), ("model_unauthorized", "bad")),
        (job(4), ("-", "")),
        (job(1, recommendation="sell"), ("SELL", "warn")),
    ],
)
def test_decision_when_shown_is_in_words_and_colour(made: dict[str, Any], shown: tuple[str, str]) -> None:
    assert cell(made, "decision") == shown


def test_cost_when_a_price_is_unknown_is_a_lower_bound_or_none() -> None:
    assert money({"amount": None, "complete": False}) == "-"
    assert money({"amount": 0.5, "complete": False}) == "0.5000+"
    assert money({"amount": 12.345, "complete": True}) == "12.35"
    assert cell(job(1, cost={"amount": None, "currency": "USD", "complete": False}), "cost")[0] == "-"


@pytest.mark.parametrize(("progress", "full"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.99, 4), (1.0, 5)])
def test_bar_when_drawn_is_full_only_at_the_end(progress: float, full: int) -> None:
    assert bar(progress).count("█") == full


def test_details_when_degraded_say_why_before_the_decision() -> None:
    told = text(of_job(job(DEGRADED), 80).lines)
    assert told.index("DEGRADED: do not trust") < told.index("empty_report") < told.index("target")
    assert "SIMULATED, sample as of 2013-02-28" in told
    assert "prices Market Analyst  sample as of 2013-02-28" in told
    assert "no news is there" in told
    assert "small-1  3 calls  20.0k read  2600 written  0.0617" in told


def test_details_when_a_job_runs_have_the_newest_event_first() -> None:
    told = text(of_job(job(6), 80).lines)
    assert told.index("what happens") < told.index("Market Analyst <img") < told.index("asked by local")
    assert "tacore jobs cancel j-0006" in told
    assert "retry" not in told


def test_details_when_only_the_list_is_known_leave_out_the_rest() -> None:
    short = {name: each for name, each in job(1).items() if name not in ("reports", "events", "usage")}
    assert "report:" not in text(of_job(short, 80).lines)


def test_markdown_when_written_keeps_words_and_drops_marks() -> None:
    told = text(markdown.lines(REPORT)).splitlines()
    assert told[:3] == [
        "  Market report",
        "",
        "  The trend is up, RSI 61. See the chart (javascript:window.hacked=1).",
    ]
    assert told[4:6] == ["  • first point", f"  • second point {MARKUP}"]
    assert "  plain **code**" in told


def test_markdown_when_it_moves_cursors_or_is_endless_does_neither() -> None:
    assert all(part.text.isprintable() for each in markdown.lines("a\x1b[2J\x07 **b\x9b**") for part in each)
    for hostile in ("[" * 20_000, "[a](" * 5_000, "**" * 20_000, "* " * 20_000, "- " * 20_000 + "x"):
        assert list(markdown.lines(hostile))


def test_feed_when_nobody_looks_at_jobs_does_not_ask_for_them() -> None:
    watch = Staged()
    assert once(watch, Wanted()).job_counts is None
    assert "list.jobs" not in watch.looks


def test_plain_when_jobs_are_wanted_lists_them_and_data_has_them() -> None:
    seen = once(Staged(), Wanted(jobs=True))
    assert "BUY DEGRADED" in plain.text(seen)
    assert "1 running" in plain.text(seen)
    assert re.search(r" 45% +Bear", plain.text(seen))
    assert "█" not in plain.text(seen)
    assert [each["quality"] for each in overview(seen)["jobs"]] == [None, None, None, None, "degraded", "ok"]
    assert [each["job_id"] for each in overview(seen)["jobs"]][:2] == ["j-0006", "j-0005"]
    assert "jobs" not in overview(once(Staged(), Wanted()))


def test_jobs_when_the_past_is_shown_are_not_asked_for() -> None:
    watch = Staged()
    assert "does not tell" in once(watch, Wanted(jobs=True, at_s=NOW_S - 60)).jobs_error
    assert "list.jobs" not in watch.looks


def test_details_when_a_job_goes_on_follow_it(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await until(pilot, lambda: app.main.board.grid.rows, "there are jobs")
        await pilot.press("enter")
        await until(pilot, lambda: "what happens" in text_of(app), "its events are shown")
        news = {"id": 4, "at": "2026-01-01T00:02:00Z", "kind": "stage", "text": "Trader begins", "data": {}}
        first = watch.agents[0]
        watch.agents[0] = first | {"last_event_id": 4, "events": [*first["events"], news], "progress": 0.8}
        await until(pilot, lambda: "Trader begins" in text_of(app), "the new event is shown")
        assert " 80%" in text_of(app)
        asked = watch.looks.count("get.job")
        looked = watch.looks.count("list.jobs")
        await until(pilot, lambda: watch.looks.count("list.jobs") > looked + 1, "it looks on")
        assert watch.looks.count("get.job") == asked, "what stands still is not asked for again"

    play(test, size=(100, 40))


def test_job_when_cancelled_after_a_yes_is(play: Play, watch: Staged) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await until(pilot, lambda: app.main.board.grid.rows, "there are jobs")
        await pilot.press("c")
        await until(pilot, lambda: "tacore jobs cancel j-0006" in text_of(app), "it asks")
        await pilot.press("y")
        await until(pilot, lambda: watch.acted == [("cancel.job", {"job_id": "j-0006"})], "it is done")

    play(test)


@pytest.mark.parametrize(("key", "moves", "told"), [("c", 1, "it has ended"), ("R", 0, "taken up again")])
def test_job_when_it_is_not_in_that_state_says_so_and_asks_nothing(
    key: str, moves: int, told: str, play: Play, watch: Staged
) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await until(pilot, lambda: app.main.board.grid.rows, "there are jobs")
        await pilot.press(*["down"] * moves, key)
        await until(pilot, lambda: told in text_of(app), "it says so")
        assert watch.acted == []

    play(test)


def test_commands_of_jobs_when_copied_name_the_job(play: Play) -> None:
    async def test(app: TopApp, pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await until(pilot, lambda: app.main.board.grid.rows, "there are jobs")
        await pilot.press("Y")
        await until(pilot, lambda: app.clipboard == "tacore jobs show j-0006", "it is copied")

    play(test)


def test_retry_when_asked_says_where_it_goes_on() -> None:
    action = actions.retry_job(job(3))
    assert (action.method, action.params) == ("retry.job", {"job_id": "j-0003"})
    assert "after its last finished node" in action.effect
    assert action.command == "tacore jobs retry j-0003"
