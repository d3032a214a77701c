"""The filter line: what it reads, and what it says of what it can't read."""

import pytest

from tacore.errors import InvalidParams
from tacore.store.rows import Filters
from tacore.watch.filters import parse, spell

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Filters(watchers=False)),
        ("   ", Filters(watchers=False)),
        ("method:scan.market", Filters(method="scan.market", watchers=False)),
        (
            "method:scan.market status:error worker:w1 text",
            Filters(method="scan.market", status="error", worker="w1", text="text", watchers=False),
        ),
        ("status:e", Filters(status="error", watchers=False)),
        ("AAPL MSFT", Filters(text="AAPL MSFT", watchers=False)),
        ("'two  words'", Filters(text="two  words", watchers=False)),
        ("don't", Filters(text="don't", watchers=False)),
        ("id:42", Filters(request_id="42", watchers=False)),
        ("request_id:a:b", Filters(request_id="a:b", watchers=False)),
        ("tcp://x:1", Filters(text="tcp://x:1", watchers=False)),
        ("since:5m", Filters(since_us=1_699_999_700_000_000, watchers=False)),
        ("until:2023-11-14T22:13:20Z", Filters(until_us=1_700_000_000_000_000, watchers=False)),
        ("watchers:yes", Filters(watchers=True)),
    ],
)
def test_line_when_read_is_these_filters(line: str, expected: Filters) -> None:
    assert parse(line, NOW_S) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("status:fine", "status: is no status; allowed: success, error"),
        ("method:", "method: needs a value; allowed: method:VALUE"),
        ("since:tomorrow", "since is a moment like 2024-01-31T09:30 or an age"),
        ("watchers:maybe", "watchers: is neither; allowed: yes, no"),
    ],
)
def test_line_when_wrong_names_the_part_and_what_is_allowed(line: str, said: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        parse(line, NOW_S)
    assert raised.value.message.startswith(said)


@pytest.mark.parametrize(
    "line",
    ["", "method:scan.market status:error worker:w1 AAPL MSFT", "id:42 watchers:yes", "'method:a b'"],
)
def test_filters_when_spelled_are_read_the_same(line: str) -> None:
    filters = parse(line, NOW_S)
    assert parse(spell(filters), NOW_S) == filters
