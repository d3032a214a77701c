"""A journal row as the spans of a waterfall."""

from typing import Any

from tacore.store.rows import LogRow
from tacore.store.spans import Span, spans_of

ROW = LogRow(
    id=7,
    request_id="r",
    method="scan.market",
    worker_id="w1",
    client_id="c",
    request_data="{}",
    response_data="{}",
    processing_time_ms=6.0,
    status="success",
    error=None,
    created_at="2026-01-02T23:59:59.995000Z",
    answered_at="2026-01-03T00:00:00.005000Z",
    code=None,
    principal="local",
    attempts=1,
    queue_ms=3.0,
    request_truncated=0,
    response_truncated=0,
)


def told(row: LogRow) -> list[tuple[Any, ...]]:
    """Give kind, parent, start and length of each span."""
    return [(each.kind, each.parent, each.start_ms, each.ms) for each in spans_of(row)]


def error(row: LogRow, code: str, **changes: Any) -> LogRow:
    return row._replace(status="error", code=code, error="{}", response_data=None, **changes)


def test_spans_when_one_worker_answered_are_wait_attempt_and_processing_at_its_end() -> None:
    assert told(ROW) == [
        ("request", None, 0.0, 10.0),
        ("queue", 0, 0.0, 3.0),
        ("attempt", 0, 3.0, 7.0),
        ("processing", 2, 4.0, 6.0),
    ]
    assert [each.id for each in spans_of(ROW)] == [0, 1, 2, 3]


def test_spans_when_it_never_waited_have_no_queue() -> None:
    assert [each.kind for each in spans_of(ROW._replace(queue_ms=0.0))] == [
        "request",
        "attempt",
        "processing",
    ]


def test_spans_when_there_are_steps_nest_them_as_they_ran() -> None:
    steps = (
        '[{"name":"cache","at_us":100,"us":5000,"note":"miss"},'
        '{"name":"quotes","at_us":200,"us":1000,"depth":1},'
        '{"name":"yahoo quotes","at_us":250,"us":900,"depth":2,"failed":"unavailable"},'
        '{"name":"bars","at_us":1300,"us":3000,"depth":1},'
        '{"name":"after","at_us":5200,"us":10}]'
    )
    cache, quotes, vendor, bars, after = spans_of(ROW._replace(steps=steps))[4:]
    assert cache == Span(4, 3, 3, "step", "cache", 4.1, 5.0, "w1", None, "miss")
    assert (quotes.parent, quotes.depth, quotes.start_ms, quotes.ms) == (4, 4, 4.2, 1.0)
    assert (vendor.parent, vendor.depth, vendor.outcome) == (5, 5, "unavailable")
    assert (bars.parent, bars.depth, bars.start_ms) == (4, 4, 5.3)
    assert (after.parent, after.depth, after.start_ms) == (3, 3, 9.2)


def test_spans_when_a_worker_was_lost_tell_both_and_the_wait_between() -> None:
    tries = (
        '[{"at_us":1000,"worker_id":"w9","until_us":2500,"lost":"killed by signal 9"},'
        '{"at_us":2000},{"at_us":3000,"worker_id":"w1","until_us":10000}]'
    )
    row = ROW._replace(tries=tries, attempts=2)
    assert told(row) == [
        ("request", None, 0.0, 10.0),
        ("queue", 0, 0.0, 1.0),
        ("attempt", 0, 1.0, 1.5),
        ("retry", 0, 2.0, 0.0),
        ("queue", 0, 2.5, 0.5),
        ("attempt", 0, 3.0, 7.0),
        ("processing", 5, 4.0, 6.0),
    ]
    lost, answered = spans_of(row)[2], spans_of(row)[5]
    assert (lost.span, lost.worker_id, lost.outcome, lost.note) == (
        "attempt 1",
        "w9",
        "worker_lost",
        "killed by signal 9",
    )
    assert (answered.span, answered.worker_id, answered.outcome) == ("attempt 2", "w1", "success")


def test_spans_when_every_worker_was_lost_end_with_the_last_of_them() -> None:
    tries = '[{"at_us":0,"worker_id":"w9","until_us":9900,"lost":"exited with status 70"}]'
    row = error(ROW, "worker_lost", worker_id="broker", queue_ms=10.0, processing_time_ms=10.0, tries=tries)
    assert told(row) == [("request", None, 0.0, 10.0), ("attempt", 0, 0.0, 9.9)]
    assert spans_of(row)[0].outcome == "worker_lost"


def test_spans_when_it_waited_for_another_worker_in_vain_end_with_that_wait() -> None:
    tries = '[{"at_us":0,"worker_id":"w9","until_us":4000,"lost":"killed"}]'
    row = error(
        ROW, "deadline_exceeded", worker_id="broker", queue_ms=10.0, processing_time_ms=10.0, tries=tries
    )
    assert told(row)[1:] == [("attempt", 0, 0.0, 4.0), ("queue", 0, 4.0, 6.0)]


def test_spans_when_no_worker_ever_had_it_are_one_wait() -> None:
    row = error(ROW, "deadline_exceeded", worker_id="broker", queue_ms=10.0, processing_time_ms=10.0)
    assert told(row) == [("request", None, 0.0, 10.0), ("queue", 0, 0.0, 10.0)]


def test_spans_when_the_broker_served_it_are_its_processing() -> None:
    row = ROW._replace(worker_id="broker", queue_ms=0.0, processing_time_ms=10.0)
    assert told(row) == [("request", None, 0.0, 10.0), ("processing", 0, 0.0, 10.0)]


def test_spans_when_it_was_refused_at_once_are_the_request_alone() -> None:
    row = error(ROW, "unknown_method", worker_id="broker", queue_ms=0.0, processing_time_ms=0.0)
    row = row._replace(answered_at=row.created_at, method=None)
    assert spans_of(row) == [Span(0, None, 0, "request", "request", 0.0, 0.0, "broker", "unknown_method")]


def test_spans_when_processing_is_said_to_be_longer_than_the_attempt_stay_inside_it() -> None:
    attempt, processing = spans_of(ROW._replace(processing_time_ms=50.0))[2:]
    assert (processing.start_ms, processing.ms) == (attempt.start_ms, attempt.ms)
