"""How a request's spans are drawn."""

import pytest

from tacore.cli.text_width import measure
from tacore.cli.waterfall import Look, bars, page
from tacore.store.rows import LogRow
from tacore.store.spans import Span, spans_of

LOOK = Look(80, color=False, payload=False)
ROW = LogRow(
    id=7,
    request_id="r-1",
    method="scan.market",
    worker_id="fast-ab12-1",
    client_id="bot",
    request_data='{"market":"US","price":1.10}',
    response_data='{"matched":3}',
    processing_time_ms=8.0,
    status="success",
    error=None,
    created_at="2026-01-02T03:04:05.000000Z",
    answered_at="2026-01-02T03:04:05.010000Z",
    code=None,
    principal="local",
    attempts=1,
    queue_ms=1.0,
    request_truncated=0,
    response_truncated=0,
)


def spans(*parts: tuple[str, float, float]) -> list[Span]:
    """Make spans of a request of 100 ms."""
    made = [Span(0, None, 0, "request", "m", 0.0, 100.0, "w", "success")]
    made += [Span(at, 0, 1, kind, kind, start, ms) for at, (kind, start, ms) in enumerate(parts, 1)]
    return made


def drawn(line: str, letter: str) -> tuple[int, int]:
    """Give where a bar begins and how long it is."""
    return line.index(letter), line.count(letter)


def test_bars_when_drawn_begin_and_last_in_proportion() -> None:
    head, whole, queue, attempt, step = bars(
        spans(("queue", 0, 25), ("attempt", 25, 75), ("step", 50, 10)), LOOK
    )
    assert head.split() == ["at", "ms", "ms"]
    start, length = drawn(whole, "━")
    assert length >= 20
    for line, letter, at, part in ((queue, "░", 0, 0.25), (attempt, "▒", 0.25, 0.75), (step, "█", 0.5, 0.1)):
        begin, long = drawn(line, letter)
        assert abs(begin - start - at * length) <= 1
        assert abs(long - part * length) <= 1.5
    assert step.split()[:2] == ["50.000", "10.000"]


@pytest.mark.parametrize(("start", "ms"), [(0, 0), (100, 0), (99.999, 0.001), (0, 100), (0, 0.001)])
def test_bar_when_at_an_edge_is_seen_and_stays_inside(start: float, ms: float) -> None:
    _, whole, line = bars(spans(("step", start, ms)), LOOK)
    begin, length = drawn(line, "█")
    left, room = drawn(whole, "━")
    assert length >= 1
    assert left <= begin
    assert begin + length <= left + room


def test_bars_when_the_request_took_no_time_are_drawn_all_the_same() -> None:
    _, line = bars([Span(0, None, 0, "request", "m", 0.0, 0.0, "broker", "unknown_method")], LOOK)
    assert line.split() == ["0.000", "0.000", "━", "m:", "unknown_method"]


def test_bars_when_a_request_took_an_hour_keep_their_numbers_whole() -> None:
    _, line = bars([Span(0, None, 0, "request", "m", 0.0, 3_600_000.125, "w", "success")], LOOK)
    assert line.split()[:2] == ["0.000", "3600000.125"]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_page_when_a_label_is_long_fits_the_width(width: int) -> None:
    why = "no sign of life for 3.0 s, its supervisor says that it was killed by signal 9"
    tries = (
        f'[{{"at_us":1000,"worker_id":"fast-ab12-2","until_us":1500,"lost":"{why}"}},'
        '{"at_us":2000,"worker_id":"fast-ab12-1","until_us":10000}]'
    )
    row = ROW._replace(tries=tries)
    lines = page(row, spans_of(row), Look(width, color=False, payload=False))
    assert max(map(measure, lines)) <= max(width, 54)
    assert (
        why.split() == [word for word in " ".join(lines).split() if word in why.split()][-len(why.split()) :]
    )


def test_page_when_two_workers_had_it_names_both() -> None:
    tries = (
        '[{"at_us":1000,"worker_id":"w9","until_us":1500,"lost":"killed by signal 9"},{"at_us":1700},'
        '{"at_us":2000,"worker_id":"w1","until_us":10000}]'
    )
    row = ROW._replace(tries=tries, attempts=2)
    text = "\n".join(page(row, spans_of(row), Look(120, color=False, payload=False)))
    assert "attempt 1 on w9: lost: killed by signal 9" in text
    assert "attempt 2 on w1" in text
    assert "retry joined" in text
    assert "2 attempts of the client's" in text


def test_page_when_one_worker_had_it_counts_no_attempts() -> None:
    text = "\n".join(page(ROW, spans_of(ROW), LOOK))
    assert "on fast-ab12-1" in text
    assert "attempt" not in text
    assert "received 2026-01-02T03:04:05.000000Z" in text


def test_page_when_it_failed_says_the_error() -> None:
    row = ROW._replace(status="error", code="denied", error='{"code":"denied","message":"too large"}')
    assert "denied: too large" in page(row, spans_of(row), LOOK)


def test_page_when_the_error_was_cut_or_not_kept_says_its_code() -> None:
    for error in ('{"code":"denied","mess', '{"code":"denied"}'):
        row = ROW._replace(status="error", code="denied", error=error)
        assert "denied" in page(row, spans_of(row), LOOK)


def test_page_when_payload_is_asked_for_ends_with_params_and_answer_as_they_were() -> None:
    lines = page(ROW, spans_of(ROW), LOOK._replace(payload=True))
    assert lines[lines.index("params") :] == [
        "params",
        "{",
        '  "market": "US",',
        '  "price": 1.10',
        "}",
        "answer",
        "{",
        '  "matched": 3',
        "}",
    ]


def test_page_when_a_payload_was_cut_or_not_kept_says_so() -> None:
    row = ROW._replace(request_data='{"market":"U', request_truncated=1, response_data=None)
    lines = page(row, spans_of(row), LOOK._replace(payload=True))
    assert lines[lines.index("params (cut: journal.field_cap_bytes)") + 1 :] == [
        '{"market":"U',
        "answer: not kept (journal.payloads)",
    ]


def test_page_when_texts_would_steer_the_terminal_shows_them_harmless() -> None:
    row = ROW._replace(request_id="a\x1b[2J", client_id="\x07", response_data='{"x":"\\u001b[2J"}')
    steps = '[{"name":"bars \\u001b[2J","at_us":0,"us":5}]'
    row = row._replace(steps=steps)
    assert "\x1b" not in "\n".join(page(row, spans_of(row), LOOK._replace(payload=True)))


def test_page_when_colored_paints_what_failed() -> None:
    row = ROW._replace(steps='[{"name":"quotes","at_us":0,"us":5,"failed":"unavailable"}]')
    look = Look(80, color=True, payload=False)
    (line,) = [each for each in page(row, spans_of(row), look) if "quotes" in each]
    assert "\x1b[31m" in line
