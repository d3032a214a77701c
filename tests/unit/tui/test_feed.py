"""The feed, on a staged service: what it sees, when it looks, and that nothing holds it up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tacore.store.rows import Filters, GaugeValue
from tacore.tui.feed import FIRST, KEPT, Feed, Wanted
from tacore.tui.snapshot import Snapshot, trend
from tests.support.stage import NOW_S, Staged, point, request

Act = Callable[[Feed, list[Snapshot]], Awaitable[None]]


def feed_of(watch: Staged, wanted: Wanted | None = None) -> Feed:
    return Feed(watch, wanted, clock=lambda: NOW_S)


def once(watch: Staged, wanted: Wanted | None = None) -> Snapshot:
    return asyncio.run(feed_of(watch, wanted).once())


def running(watch: Staged, act: Act, wanted: Wanted | None = None) -> Snapshot:
    """Let a feed run while something is done; give its last snapshot."""

    async def whole() -> Snapshot:
        feed = feed_of(watch, wanted)
        seen: list[Snapshot] = []
        task = asyncio.create_task(feed.run(seen.append))
        await within(lambda: seen and seen[-1].health and seen[-1].requests)
        await act(feed, seen)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen[-1]

    return asyncio.run(whole())


async def within(true: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def test_feed_when_it_looks_once_sees_every_part() -> None:
    seen = once(Staged(), Wanted(orders=True))
    assert seen.health is not None and seen.health.status == "healthy"
    assert [each.worker_id for each in seen.workers] == ["fast-1", "fast-2", "orders-1"]
    assert [each.method for each in seen.rates] == ["get.market_data", "scan.market", "debug.echo"]
    assert [each.id for each in seen.requests] == list(range(30, 0, -1))
    assert len(seen.orders) == 12
    assert (seen.at_s, seen.past, seen.more) == (NOW_S, False, False)


def test_feed_when_nobody_looks_at_orders_does_not_ask_for_them() -> None:
    watch = Staged()
    once(watch)
    assert "list.orders" not in watch.looks


def test_feed_when_requests_come_puts_them_on_top() -> None:
    watch = Staged()

    async def act(_feed: Feed, seen: list[Snapshot]) -> None:
        watch.add(request(31), request(32))
        await within(lambda: len(seen[-1].requests) == 32)

    last = running(watch, act)
    assert [each.id for each in last.requests[:3]] == [32, 31, 30]


def test_feed_when_more_come_than_are_kept_lets_the_oldest_go() -> None:
    watch = Staged()

    async def act(_feed: Feed, seen: list[Snapshot]) -> None:
        for first in range(31, 31 + KEPT, 400):
            watch.add(*(request(number) for number in range(first, first + 400)))
            await within(lambda first=first: seen[-1].requests[0].id == first + 399)  # type: ignore[misc]

    last = running(watch, act)
    assert len(last.requests) == KEPT
    assert last.more


def test_feed_when_another_filter_is_wanted_looks_at_once() -> None:
    watch = Staged()

    async def act(feed: Feed, seen: list[Snapshot]) -> None:
        feed.want(filters=Filters(status="error"))
        await within(lambda: all(each.status == "error" for each in seen[-1].requests))

    assert [each.id for each in running(watch, act).requests] == [30, 25, 20, 15, 10, 5]


def test_feed_when_a_filter_finds_little_looks_further_back_by_itself() -> None:
    watch = Staged()
    watch.rows = [request(1, method="rare"), *(request(number) for number in range(2, 120_000, 1000))]
    watch.rows.append(request(120_000))

    async def act(feed: Feed, seen: list[Snapshot]) -> None:
        feed.want(filters=Filters(method="rare"))
        await within(lambda: not seen[-1].more and [each.id for each in seen[-1].requests] == [1])

    running(watch, act)


def test_feed_when_older_requests_are_wanted_appends_a_page() -> None:
    watch = Staged()
    watch.rows = [request(number) for number in range(1, 2 * FIRST + 51)]

    async def whole() -> list[int]:
        feed = feed_of(watch)
        await feed.once()
        sizes = [len(feed.snapshot.requests)]
        while feed.snapshot.more:
            await feed.older()
            sizes.append(len(feed.snapshot.requests))
        assert [each.id for each in feed.snapshot.requests] == list(range(2 * FIRST + 50, 0, -1))
        return sizes

    assert asyncio.run(whole()) == [FIRST, 2 * FIRST, 2 * FIRST + 50]


def test_feed_when_the_broker_is_down_still_shows_the_journal() -> None:
    watch = Staged()
    watch.up = False
    seen = once(watch, Wanted(orders=True))
    assert seen.health is not None and not seen.health.up
    assert seen.requests and seen.rates
    assert "no broker" in seen.orders_error


def test_feed_when_the_journal_is_gone_says_so_and_recovers() -> None:
    watch = Staged()

    async def act(feed: Feed, seen: list[Snapshot]) -> None:
        watch.journal = False
        feed.look()
        await within(lambda: seen[-1].rates_error and seen[-1].requests_error)
        assert seen[-1].requests, "what was seen stays in sight"
        watch.journal = True
        feed.look()
        await within(lambda: not seen[-1].rates_error and not seen[-1].requests_error)

    running(watch, act)


def test_feed_when_the_journal_hangs_goes_on_with_the_rest() -> None:
    watch = Staged()

    async def whole() -> None:
        watch.gate = asyncio.Event()
        feed = feed_of(watch)
        seen: list[Snapshot] = []
        task = asyncio.create_task(feed.run(seen.append))
        await within(lambda: watch.looks.count("health") >= 2)
        assert seen[-1].health is not None and not seen[-1].requests
        watch.gate.set()
        await within(lambda: seen[-1].requests)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


def test_feed_when_a_filter_changes_during_a_look_shows_no_row_of_the_old_one() -> None:
    watch = Staged()

    async def whole() -> None:
        watch.gate = asyncio.Event()
        feed = feed_of(watch)
        seen: list[Snapshot] = []
        task = asyncio.create_task(feed.run(seen.append))
        await asyncio.sleep(0)
        feed.want(filters=Filters(method="scan.market"))
        watch.gate.set()
        await within(lambda: seen and seen[-1].requests)
        assert {row.method for each in seen for row in each.requests} == {"scan.market"}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


def test_feed_when_a_moment_is_wanted_shows_nothing_later_and_no_live_state() -> None:
    watch = Staged()
    at_s = NOW_S - 25
    watch.measured = [
        GaugeValue(0, "cpu_s", "fast-1", int((at_s - 12) * 1e6), 10.0, 10.0),
        GaugeValue(0, "rss_bytes", "fast-1", int((at_s - 12) * 1e6), 70e6, 70e6),
        GaugeValue(10, "cpu_s", "fast-1", int((at_s - 2) * 1e6), 15.0, 15.0),
        GaugeValue(10, "rss_bytes", "fast-1", int((at_s - 2) * 1e6), 71e6, 71e6),
        GaugeValue(10, "rss_bytes", "fast-2", int((at_s + 5) * 1e6), 71e6, 71e6),
    ]
    seen = once(watch, Wanted(at_s=at_s, orders=True))
    assert (seen.past, seen.at_s, seen.health) == (True, at_s, None)
    assert max(each.id for each in seen.requests) == 14  # request n is answered 0.25 s after NOW - 40 + n
    assert [(each.worker_id, each.state, each.rss_mb) for each in seen.workers] == [
        ("fast-1", "unknown", 71.0)
    ]
    assert seen.workers[0].cpu == pytest.approx(0.5)
    assert f"rates 300 {at_s}" in watch.looks
    assert "as-of" in seen.orders_error
    assert "list.orders" not in watch.looks


def test_trend_when_points_are_missing_counts_them_as_nothing() -> None:
    seen = Snapshot(1000.0 + 9, "e", points=(point(990, 50), point(1000, 90)))
    made = trend(seen)
    assert len(made.rate) == 30
    assert made.rate[-2:] == (5.0, 10.0)  # 50 in ten seconds, 90 in nine
    assert set(made.rate[:-2]) == {0.0}
    assert made.errors[-1] == pytest.approx(4 / 90)


def test_trend_when_the_present_ten_seconds_are_young_ends_before_them() -> None:
    seen = Snapshot(1000.0 + 1, "e", points=(point(990, 50), point(1000, 90)))
    assert trend(seen).rate[-1] == 5.0
    assert len(trend(replace(seen, window_s=3600)).rate) == 360


def test_feed_when_whole_pages_come_at_once_does_not_fall_behind() -> None:
    watch = Staged()

    async def act(_feed: Feed, seen: list[Snapshot]) -> None:
        before = watch.looks.count("health")
        watch.add(*(request(number) for number in range(31, 1431)))  # less than is left out, more than a page
        await within(lambda: seen[-1].requests[0].id == 1430)
        assert watch.looks.count("health") <= before + 3, "not a page each look"

    assert running(watch, act).skipped == 0
