import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.cli import render, rows, sheet, table
from tacore.cli.globals import Globals
from tacore.cli.numbers import dump, dump_indented, shortened
from tacore.cli.text_width import measure
from tacore.wire.numbers import Exact

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
    assert all(measure(line) <= 40 for line in lines)
    assert lines == ["column0               column1", f"{'x' * 20}  {'x' * 17}…"]
    assert hidden == [f"column{n}" for n in range(2, 9)]


def test_table_when_numbers_have_little_room_cuts_text_and_breaks_headers_but_no_number() -> None:
    made = [
        {"symbol": "IBM", "name": "International Business Machines", "change_pct": 1.0357, "volume": 33083000}
    ]
    lines, hidden = table.table(made, list(made[0]), 39, color=False)
    assert (lines, hidden) == (
        [
            "                      change_",
            "symbol  name              pct    volume",
            "IBM     Internation…   1.0357  33083000",
        ],
        [],
    )


def test_table_when_a_sentence_has_no_room_goes_on_below() -> None:
    made = [{"name": "up", "summary": "one two three four five six seven eight nine ten eleven"}]
    lines, _ = table.table(made, ["name", "summary"], 34, color=False)
    assert lines[1:] == ["up    one two three four five six", "      seven eight nine ten eleven"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1291.5603049850693", "1291.5603"),
        ("48637.123456", "48637.12"),
        ("0.00002829288111501113", "2.829e-05"),
        ("-41.876339338444325", "-41.8763"),
        ("430.4700", "430.4700"),
        ("49124.71", "49124.71"),
        ("-324514000.0", "-324514000.0"),
        ("0.00001234", "0.00001234"),
        ("1e-7", "1e-7"),
        ("19730300", "19730300"),
    ],
)
def test_number_when_it_is_long_is_shortened_in_a_table_alone(number: str, expected: str) -> None:
    value = json.loads(number, parse_float=Exact)
    assert shortened(number) == table.cell(value) == expected
    assert dump(value) == number


REPORT = {
    "symbol": "AAPL",
    "score": Exact("-41.876339338444325"),
    "reasons": ["the close is far below its average", "the trend is down"],
    "window": {"from": "2011-03-01", "to": "2013-03-01"},
    "before": {"value": 1, "var": 2, "beta": 3, "level": "low"},
    "after": {"value": 4, "var": 5, "beta": 6, "level": "high"},
    "indicators": {
        "sma_20": {"value": 454.9, "bar": "2013-03-01"},
        "rsi": {"value": 33.3, "bar": "2013-03-01"},
    },
    "levels": {
        "price": 430.47,
        "support": [],
        "resistance": [{"price": 482.8, "touches": 2, "why": {"a": 1}}],
    },
    "note": None,
}


def test_sheet_when_an_answer_is_nested_shows_sections_and_tables() -> None:
    lines, hidden = sheet.sheet(REPORT, 60, color=False)
    assert hidden == []
    assert (
        "\n".join(lines)
        == """\
symbol   AAPL
score    -41.8763
reasons  the close is far below its average
         the trend is down
window   from 2011-03-01  to 2013-03-01
nothing in note

before, after
         before  after
  value       1      4
  var         2      5
  beta        3      6
  level     low   high

indicators
  indicator  value  bar
  sma_20     454.9  2013-03-01
  rsi         33.3  2013-03-01

levels
  price  430.47
  nothing in support

  resistance
    price  touches  why
    482.8        2  a 1"""
    )


def test_sheet_when_a_table_of_few_rows_is_too_wide_turns_it() -> None:
    made = {
        "symbol": "A",
        "contributions": [{"symbol": name, **dict.fromkeys("abcdefghijk", 1)} for name in "XY"],
    }
    lines, hidden = sheet.sheet(made, 30, color=False)
    assert hidden == []
    assert lines[3:5] == ["  symbol  X  Y", "  a       1  1"]


def test_sheet_when_a_table_has_no_room_names_the_columns_with_their_part() -> None:
    row = {f"field_{n}": 123456 for n in range(9)}
    _, hidden = sheet.sheet({"symbol": "A", "parts": [row] * 9}, 40, color=False)
    assert hidden == [f"parts.field_{n}" for n in range(5, 9)]


@given(st.dictionaries(st.text(st.characters(categories=["L"]), max_size=8), JSON), st.integers(60, 120))
def test_sheet_when_given_any_answer_loses_no_field(made: dict[str, Any], width: int) -> None:
    lines, _ = sheet.sheet(made, width, color=False)
    assert all(key in "\n".join(lines) for key in made)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON), min_size=1, max_size=5), st.integers(30, 120))
def test_table_when_given_any_rows_stays_within_its_width(made: list[dict[str, Any]], width: int) -> None:
    lines, _ = table.table(made, ["a", "b", "c"], width, color=False)
    assert len(lines) > len(made)
    assert all(measure(line) <= width for line in lines)


def test_cell_when_text_holds_control_letters_shows_none() -> None:
    assert table.cell("a\x1b[31mb\n") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}"


def test_table_when_colours_are_allowed_marks_the_header() -> None:
    lines, _ = table.table([{"a": 1}], ["a"], 80, color=True)
    assert lines[0] == "\x1b[1ma\x1b[0m"
    assert sheet.sheet({"a": 1}, 80, color=True) == (["\x1b[2ma\x1b[0m  1"], [])


def test_table_when_empty_says_so_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    render.show({"market": "US", "opportunities": []}, Globals(output="table"))
    assert capsys.readouterr() == ("", "no rows  market=US\n")


def test_table_when_a_column_says_what_stands_beside_leaves_it_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = {
        "source": "sample",
        "snapshot": {"age_s": 1},
        "opportunities": [{"symbol": "A", "source": "sample"}],
    }
    render.show(data, Globals(output="table"))
    assert capsys.readouterr() == ("symbol\nA\n", "source=sample  snapshot.age_s=1\n")
    render.show(data, Globals(output="table", quiet=True))
    assert capsys.readouterr() == ("symbol  source\nA       sample\n", "")


def test_csv_when_rows_differ_has_every_column() -> None:
    text = render.render([{"a": 1, "b": None}, {"c": True, "a": Exact("1.50")}], Globals(output="csv"))
    assert text == "a,b,c\n1,,\n1.50,,true\n"


def test_yaml_when_a_number_came_so_is_written_so() -> None:
    assert render.render({"p": Exact("430.470")}, Globals(output="yaml")) == "p: 430.470\n"


def test_notices_when_missing_is_a_list_names_each() -> None:
    assert render.notices({"missing": ["A", {"b": 1}]}) == ["missing: A", 'missing: {"b": 1}']
    assert render.notices([1]) == []
