from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.cli.coercion import coerce, guess
from tacore.cli.exits import Usage
from tacore.cli.params import Method, Typed, build, is_param, read_words
from tests.support.catalogue import ECHO, SCAN

METHOD = Method("scan.market", SCAN["params_schema"], SCAN["renames"])
OPEN = Method("debug.echo", ECHO["params_schema"], {})


def typed(
    line: str, method: Method | None = METHOD, given_params: dict[str, Any] | None = None
) -> dict[str, Any]:
    return build(read_words(line.split()), given_params or {}, method)


def test_words_when_spelled_every_way_are_read() -> None:
    assert read_words(["--a", "1", "--b=2", "c=3", "d:=4", "--e", "--f-g", "-5", "--h"]) == [
        Typed("a", "option", "1"),
        Typed("b", "option", "2"),
        Typed("c", "text", "3"),
        Typed("d", "json", "4"),
        Typed("e", "flag", ""),
        Typed("f_g", "option", "-5"),
        Typed("h", "flag", ""),
    ]


def test_words_when_a_value_has_signs_keep_it() -> None:
    assert read_words(["--text", "a=b", "url=http://x?y=1", "--sym.BTC-USD", "2"]) == [
        Typed("text", "option", "a=b"),
        Typed("url", "text", "http://x?y=1"),
        Typed("sym.BTC-USD", "option", "2"),
    ]


@pytest.mark.parametrize("word", ["stray", "-x", "--"])
def test_words_when_one_is_no_param_is_refused(word: str) -> None:
    with pytest.raises(Usage, match="no param"):
        read_words([word])


@pytest.mark.parametrize(
    ("word", "expected"), [("--a", True), ("a=1", True), ("a:=1", True), ("-", False), ("f.x", False)]
)
def test_word_when_a_file_may_stand_there_is_told_from_it(word: str, expected: bool) -> None:
    assert is_param(word) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--symbols AAPL,MSFT", {"symbols": ["AAPL", "MSFT"]}),
        ("--symbols 600519", {"symbols": ["600519"]}),
        ("--symbol 0700", {"symbols": ["0700"]}),
        ("--symbols A --symbols B,C", {"symbols": ["A", "B", "C"]}),
        ('--symbols ["A,B"]', {"symbols": ["A,B"]}),
        ("--limit 5", {"limit": 5}),
        ("--limit 1e3", {"limit": 1000}),
        ("--limit null", {"limit": None}),
        ("--price 430.47", {"price": 430.47}),
        ("--price 430.4700000000000000001", {"price": Decimal("430.4700000000000000001")}),
        ("--market us", {"market": "US"}),
        ("--market_type CN", {"market_type": "CN"}),
        ("--market-type CN", {"market_type": "CN"}),
        ("--descending", {"descending": True}),
        ("--descending no", {"descending": False}),
        ("--descending --limit 1", {"descending": True, "limit": 1}),
        ("--note 600519", {"note": "600519"}),
        ("--note null", {"note": "null"}),
        ("note:=null", {"note": None}),
        ("--criteria.min_volume 1000000", {"criteria": {"min_volume": 1000000}}),
        (
            "--criteria.price_range 1,2.5 --criteria.min_volume 3",
            {"criteria": {"price_range": [1, 2.5], "min_volume": 3}},
        ),
        ('--criteria {"min_volume":5}', {"criteria": {"min_volume": 5}}),
        ("--portfolio.BTC-USD 0.5", {"portfolio": {"BTC-USD": 0.5}}),
    ],
)
def test_params_when_typed_follow_the_schema(line: str, expected: dict[str, Any]) -> None:
    made = typed(line)
    assert made == expected
    assert repr(made) == repr(expected)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--symbls AAPL", "no param symbls: did you mean symbols?"),
        ("--markettype CN", "did you mean market_type?"),
        ("--zzz 1", "it has criteria, descending"),
        ("--criteria.min_volum 1", "did you mean criteria.min_volume?"),
        ("--limit.x 1", "limit has no fields"),
        ("--limit 1.5", "'1.5' is not a whole number"),
        ("--limit", "--limit needs a value"),
        ("--price x", "'x' is not a number"),
        ("--descending maybe", "true or false"),
        ("--criteria 5", "a JSON object"),
        ("--limit 1 --limit 2", "given twice"),
        ("note:={", "wants JSON"),
    ],
)
def test_params_when_wrong_are_usage_errors_that_name_what_is_right(line: str, says: str) -> None:
    with pytest.raises(Usage) as caught:
        typed(line)
    assert says in str(caught.value)


def test_params_when_given_whole_are_checked_and_give_way_to_single_ones() -> None:
    whole = {"limit": 1, "criteria": {"min_volume": 1, "price_range": [1, 2]}}
    assert typed("--limit 2 --criteria.min_volume 3", given_params=whole) == {
        "limit": 2,
        "criteria": {"min_volume": 3, "price_range": [1, 2]},
    }
    with pytest.raises(Usage, match="symbls"):
        typed("", given_params={"symbls": 1})


def test_params_when_nothing_is_known_are_guessed() -> None:
    line = "--a 5 --b 0700 --c true --d x --e [1] --f.g 1.5 --h"
    expected = {"a": 5, "b": "0700", "c": True, "d": "x", "e": [1], "f": {"g": 1.5}, "h": True}
    assert typed(line, None) == typed(line, OPEN) == expected


@given(st.text(min_size=1))
def test_coercion_when_text_is_wanted_keeps_it(text: str) -> None:
    assert coerce("x", text, {"type": "string"}, {}) == text
    assert (
        coerce("x", text, {"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "integer"}]}, {}) == text
    )


@given(st.integers())
def test_coercion_when_a_whole_number_is_wanted_gives_it(value: int) -> None:
    assert coerce("x", str(value), {"type": "integer"}, {}) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_coercion_when_a_decimal_is_wanted_loses_no_digit(value: Decimal) -> None:
    made = coerce("x", str(value), {"type": "string", "format": "decimal"}, {})
    assert Decimal(str(made)) == value


@given(st.lists(st.from_regex(r"[A-Z0-9./]{1,8}", fullmatch=True), min_size=2))
def test_coercion_when_a_list_of_symbols_is_wanted_splits_it(symbols: list[str]) -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    assert coerce("x", ",".join(symbols), schema, {}) == symbols


@given(st.text())
def test_guess_when_given_any_text_never_fails(text: str) -> None:
    guess(text)


def test_coercion_when_a_union_offers_list_or_object_takes_what_it_looks_like() -> None:
    schema = {
        "anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "object"}, {"type": "string"}]
    }
    assert coerce("x", "1,2", schema, {}) == [1, 2]
    assert coerce("x", '{"min": 1}', schema, {}) == {"min": 1}
    assert coerce("x", "1", schema, {}) == "1"


def test_coercion_when_a_constant_or_choice_is_matched_gives_its_own_value() -> None:
    assert coerce("x", "5", {"enum": [1, 5]}, {}) == 5
    assert coerce("x", "DAY", {"const": "day"}, {}) == "day"
    assert coerce("x", "other", {"enum": ["a"]}, {}) == "other"


def test_params_when_a_value_is_also_reached_into_is_a_usage_error() -> None:
    with pytest.raises(Usage, match="given as a value and"):
        typed("--a 5 --a.b 1", OPEN)


def test_coercion_when_text_begins_like_json_and_is_none_says_where() -> None:
    schema = {"anyOf": [{"type": "object"}, {"type": "array", "items": {}}]}
    with pytest.raises(Usage, match=r"begins like JSON and is none.*column 11"):
        coerce("portfolio", '{"AAPL": 1', schema, {})
    assert coerce("portfolio", '{"AAPL": 1}', schema, {}) == {"AAPL": 1}
    assert (
        coerce("note", '{"AAPL": 1', {"anyOf": [{"type": "object"}, {"type": "string"}]}, {}) == '{"AAPL": 1'
    )


def test_params_when_the_method_has_none_say_so() -> None:
    none = Method("get.trading_state", {"type": "object", "properties": {}}, {})
    with pytest.raises(Usage, match=r"get\.trading_state has no params: x means nothing to it"):
        build(read_words(["--x", "1"]), {}, none)
