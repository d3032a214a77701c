import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.cli import render, rows, table
from tacore.cli.globals import Globals
from tacore.cli.numbers import Exact, dump, dump_indented

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_json_when_written_reads_back_the_same(value: Any) -> None:
    assert json.loads(dump(value)) == value
    assert json.loads(dump_indented(value)) == value
    assert "\n" not in dump(value)


@pytest.mark.parametrize("number", ["430.4700", "1e-7", "-0.0", "0.12345678901234567890123", "1E+2"])
def test_json_when_a_number_came_so_is_written_so(number: str) -> None:
    assert dump(json.loads(f"[{number}]", parse_float=Exact)) == f"[{number}]"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([{"a": 1}, 2], [{"a": 1}, {"value": 2}]),
        (5, [{"value": 5}]),
        ({"market": "US", "opportunities": [{"symbol": "A"}]}, [{"symbol": "A"}]),
        ({"market": "US", "opportunities": []}, []),
        ({"orders": [], "warnings": []}, []),
        ({"things": [{"a": 1}], "count": 1}, [{"a": 1}]),
        ({"things": [{"a": 1}], "others": [{"b": 1}]}, [{"things": [{"a": 1}], "others": [{"b": 1}]}]),
        ({"order_id": "o", "fills": [{"p": 1}]}, [{"order_id": "o", "fills": [{"p": 1}]}]),
        ({"status": "healthy", "workers": [{"w": 1}]}, [{"status": "healthy", "workers": [{"w": 1}]}]),
        ({"a": 1, "reasons": []}, [{"a": 1, "reasons": []}]),
        (
            {
                "symbols": {"AAPL": {"name": "Apple", "quote": {"price": 1}, "bars": [{"o": 1}]}},
                "missing": {"X": "?"},
            },
            [{"symbol": "AAPL", "name": "Apple", "price": 1, "bars": [{"o": 1}]}],
        ),
        ({"symbols": {"A": {"symbol": "A", "q": {"symbol": "B"}}}}, [{"symbol": "A", "q": {"symbol": "B"}}]),
        ({"pools": {"fast": {"n": 1}}}, [{"pool": "fast", "n": 1}]),
        ({"mesh": {"x": {"n": 1}}}, [{"key": "x", "n": 1}]),
    ],
)
def test_rows_when_an_answer_has_a_main_part_are_that(data: object, expected: list[dict[str, Any]]) -> None:
    found = rows.find(data).rows
    assert found == expected
    assert [list(row) for row in found] == [list(row) for row in expected]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", 1),
        ("b.c", 2),
        ("b.d.1", 4),
        ("b.d.9", None),
        ("x.y", 5),
        ("b.e.f", None),
        ("l.0.k", 6),
        ("none", None),
    ],
)
def test_reach_when_a_path_has_dots_follows_them(path: str, expected: object) -> None:
    value = {"a": 1, "b": {"c": 2, "d": [3, 4]}, "x.y": 5, "l": [{"k": 6}]}
    assert rows.reach(value, path) == expected


def test_table_when_letters_are_wide_aligns_by_cells() -> None:
    lines, hidden = table.table([{"n": "贵州", "p": 1}, {"n": "ab", "p": 22}], ["n", "p"], 80, color=False)
    assert (lines, hidden) == (["n      p", "贵州   1", "ab    22"], [])


def test_table_when_columns_find_no_room_names_them() -> None:
    made = [{f"column{n}": "x" * 20 for n in range(9)}]
    lines, hidden = table.table(made, list(made[0]), 40, color=False)
    assert all(table.measure(line) <= 40 for line in lines)
    assert hidden == [f"column{n}" for n in range(5, 9)]


@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON), min_size=1, max_size=5), st.integers(30, 120))
def test_table_when_given_any_rows_stays_within_its_width(made: list[dict[str, Any]], width: int) -> None:
    lines, _ = table.table(made, ["a", "b", "c"], width, color=False)
    assert len(lines) == len(made) + 1
    assert all(table.measure(line) <= width for line in lines)


def test_cell_when_text_holds_control_letters_shows_none() -> None:
    assert table.cell("a\x1b[31mb\n") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}"


def test_table_when_colours_are_allowed_marks_the_header() -> None:
    lines, _ = table.table([{"a": 1}], ["a"], 80, color=True)
    assert lines[0] == "\x1b[1ma\x1b[0m"
    assert table.sheet({"a": 1}, 80, color=True) == ["\x1b[2ma\x1b[0m  1"]


def test_table_when_empty_says_so_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    render.show({"market": "US", "opportunities": []}, Globals(output="table"))
    assert capsys.readouterr() == ("", "no rows  market=US\n")


def test_csv_when_rows_differ_has_every_column() -> None:
    text = render.render([{"a": 1, "b": None}, {"c": True, "a": Exact("1.50")}], Globals(output="csv"))
    assert text == "a,b,c\n1,,\n1.50,,true\n"


def test_yaml_when_a_number_came_so_is_written_so() -> None:
    assert render.render({"p": Exact("430.470")}, Globals(output="yaml")) == "p: 430.470\n"


def test_notices_when_missing_is_a_list_names_each() -> None:
    assert render.notices({"missing": ["A", {"b": 1}]}) == ["missing: A", 'missing: {"b": 1}']
    assert render.notices([1]) == []
