"""What lies in Redis: readable, with its version and age; anything else is no entry."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.clock import ManualClock
from tacore.store.cache import entry

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.floats(0, 59))
def test_entry_when_read_back_is_the_value_with_its_age(value: dict[str, Any], age_s: float) -> None:
    clock = ManualClock()
    body = msgspec.json.encode(value)
    stored = entry.write(body, clock)
    clock.advance(age_s)
    found = entry.read(stored, 60.0, clock)
    assert found is not None
    assert found[0] == body
    assert found[1] == pytest.approx(age_s, abs=2e-6)


def test_entry_when_looked_at_by_a_person_says_version_time_and_value() -> None:
    stored = json.loads(entry.write(b'{"var":1.5}', ManualClock(wall_us=1_700_000_000_000_000)))
    assert stored == {"v": 1, "written_at": "2023-11-14T22:13:20Z", "data": {"var": 1.5}}


@given(st.binary(max_size=80))
def test_entry_when_it_is_any_bytes_is_none_or_an_object(stored: bytes) -> None:
    assert entry.read(stored, 60.0, ManualClock()) is None


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"hello",
        b"{}",
        b"[1]",
        b'{"v":2,"written_at":"2023-11-14T22:13:20Z","data":{}}',
        b'{"v":1,"written_at":"2023-11-14T22:13:20","data":{}}',
        b'{"v":1,"written_at":"yesterday","data":{}}',
        b'{"v":1,"written_at":"2023-11-14T22:13:20Z","data":[]}',
        b'{"v":1,"written_at":"2023-11-14T22:13:20Z","data":"{"}',
        b'{"v":1,"written_at":"2023-11-14T22:13:20Z","data":{',
        b'{"v":1,"written_at":"2023-11-14T22:12:20Z","data":{}}',
    ],
)
def test_entry_when_of_another_version_form_or_age_is_none(stored: bytes) -> None:
    assert entry.read(stored, 60.0, ManualClock(wall_us=1_700_000_000_000_000)) is None


def test_entry_when_another_hosts_clock_is_ahead_has_no_negative_age() -> None:
    clock = ManualClock()
    ahead = ManualClock(wall_us=clock.wall_us() + 5_000_000)
    assert entry.read(entry.write(b"{}", ahead), 60.0, clock) == (b"{}", 0.0)
