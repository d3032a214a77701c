"""The breaker: when a failing neighbour is left alone, on times that the tests make up."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tacore.store.cache.breaker import STEPS, Breaker


def closed(now: float = 0.0) -> Breaker:
    breaker = Breaker(1.0)
    breaker.worked(now)
    return breaker


def test_breaker_when_new_is_open_and_due_at_once() -> None:
    breaker = Breaker(1.0)
    assert breaker.is_open
    assert (breaker.due_in(0.0) or 0) <= 0
    assert breaker.reason


def test_breaker_when_the_first_trial_works_closes_and_says_so_once() -> None:
    breaker = Breaker(1.0)
    assert breaker.worked(5.0)
    assert not breaker.worked(6.0)
    assert not breaker.is_open
    assert (breaker.due_in(6.0), breaker.reason) == (None, "")


def test_breaker_when_the_first_trial_fails_is_news_once() -> None:
    breaker = Breaker(1.0)
    assert breaker.failed(0.0, "refused")
    assert not breaker.failed(1.0, "refused")
    assert breaker.reason == "refused"


def test_breaker_when_it_fails_opens_for_a_pause() -> None:
    breaker = closed()
    assert breaker.failed(100.0, "timed out")
    assert breaker.is_open
    assert breaker.due_in(100.0) == 1.0
    assert breaker.due_in(101.5) == -0.5


def test_breaker_when_trials_keep_failing_doubles_the_pause_up_to_its_bound() -> None:
    breaker, now = closed(), 100.0
    breaker.failed(now, "gone")
    pauses = []
    for _ in range(7):
        pauses.append(breaker.due_in(now))
        now += pauses[-1] or 0
        breaker.failed(now, "gone")
    assert pauses == [1, 2, 4, 8, 16, 16, 16]


def test_breaker_when_requests_under_way_fail_late_keeps_its_pause() -> None:
    breaker = closed()
    breaker.failed(100.0, "gone")
    for late in (100.1, 100.2, 100.9):
        assert not breaker.failed(late, "late")
    assert (breaker.due_in(100.9), breaker.reason) == (100.0 + 1.0 - 100.9, "gone")


def test_breaker_when_the_neighbour_comes_and_goes_waits_longer_each_time() -> None:
    breaker, now, pauses = closed(), 100.0, []
    for _ in range(5):
        breaker.failed(now, "gone")
        pause = breaker.due_in(now) or 0
        pauses.append(pause)
        breaker.worked(now + pause)
        now += pause + 0.5
    assert pauses == [1, 2, 4, 8, 16]


def test_breaker_when_the_neighbour_was_steady_begins_with_the_first_pause_again() -> None:
    breaker = closed()
    breaker.failed(100.0, "gone")
    breaker.failed(101.0, "gone")
    breaker.worked(103.0)
    breaker.failed(103.0 + STEPS, "gone")
    assert breaker.due_in(103.0 + STEPS) == 1.0


EIGHTHS = st.integers(0, 240).map(lambda number: number / 8)  # seconds that add up without an error


@given(st.lists(st.tuples(st.booleans(), EIGHTHS), max_size=60))
def test_breaker_when_anything_happens_is_open_after_a_failure_and_never_waits_past_its_bound(
    events: list[tuple[bool, float]],
) -> None:
    breaker, now, news = Breaker(1.0), 0.0, []
    for works, later in events:
        now += later
        changed = breaker.worked(now) if works else breaker.failed(now, "gone")
        if changed:
            news.append(works)
        assert breaker.is_open is not works
        due_in = breaker.due_in(now)
        assert due_in is None if works else due_in is not None and due_in <= STEPS
    assert all(one != other for one, other in pairwise(news))
