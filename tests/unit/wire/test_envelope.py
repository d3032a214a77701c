"""Reading a client's frame: what is refused, with which words, and how deep is too deep."""

import json
import time

import pytest

from tacore.errors import RequestInvalid
from tacore.wire.envelope import is_deeper, read_head, salvage_head, with_request_id

MAX_BYTES, MAX_DEPTH = 1 << 20, 64


def refused(body: bytes) -> RequestInvalid:
    with pytest.raises(RequestInvalid) as caught:
        read_head(body, MAX_BYTES, MAX_DEPTH)
    assert caught.value.code == "invalid_request"
    return caught.value


def salvaged_id(body: bytes) -> object:
    head = salvage_head(body)
    return None if head is None else head.canonical_id


def with_params(params: bytes) -> bytes:
    return b'{"request_id":"r1","method":"m","params":' + params + b"}"


NOT_JSON = [
    b"",
    b" ",
    b"{",
    b"nonsense",
    b"{}x",
    b"\x00",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf" + with_params(b"{}"),
    b"{'request_id':'r1','method':'m'}",
    b'{"request_id":"r1","method":"m",}',
    b'{"request_id":"r1" "method":"m"}',
    with_params(b"NaN"),
    with_params(b'{"a":Infinity}'),
    with_params(b'{"a":-Infinity}'),
    with_params(b'{"a":nan}'),
    with_params(b'{"a":01}'),
    with_params(b'{"a":.5}'),
    with_params(b'{"a":1.}'),
    with_params(b'{"a":+1}'),
    with_params(b'{"a":0x1}'),
    with_params(b'{"a":"\\q"}'),
    with_params(b'{"a":"\x01"}'),
    with_params(b'{"a":"x\ny"}'),
    with_params(b'{"a":undefined}'),
    with_params(b"{,}"),
    with_params(b"{} // comment"),
    with_params(b'{"a":"\\ud800"}'),
    with_params(b"{}") + b"\x00",
    with_params(b"{}") * 2,
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b'{"a":"' + b"\\" * 100_000,
]


@pytest.mark.parametrize("body", NOT_JSON)
def test_body_when_not_json_is_refused(body: bytes) -> None:
    assert refused(body).message.startswith("the request")


@pytest.mark.parametrize("body", [b"null", b"true", b"5", b'"m"', b"[]", b'[{"method":"m"}]', b"1e5"])
def test_body_when_json_but_no_object_is_refused_as_such(body: bytes) -> None:
    assert "must be a JSON object" in refused(body).message
    assert salvage_head(body) is None


@pytest.mark.parametrize(
    "body",
    [
        with_params(b'"\xff"'),
        with_params(b'"\xc3"'),
        with_params(b'"\xed\xa0\x80"'),
        with_params(b'"\xc0\xaf"'),
    ],
)
def test_body_when_not_utf8_is_refused_with_its_id(body: bytes) -> None:
    error = refused(body)
    assert error.message == "the request is not UTF-8"
    assert error.details["byte"] == body.index(b'"params":') + 10
    assert salvaged_id(body) == "r1"


@pytest.mark.parametrize("method", [None, "", 5, True, [], {}, 1.5])
def test_method_when_missing_or_no_text_is_refused_with_the_id(method: object) -> None:
    body = json.dumps({"request_id": 77, "method": method}).encode()
    assert list(refused(body).details) == ["method"]
    assert salvaged_id(body) == 77
    assert refused(b'{"request_id":77}').details["method"]


@pytest.mark.parametrize("key", ["request_id", "requestId", "id"])
@pytest.mark.parametrize("value", [1.5, 1.0, True, False, [], {}, ["r1"], 1e300])
def test_id_when_neither_text_nor_integer_is_refused_and_named(key: str, value: object) -> None:
    body = json.dumps({key: value, "method": "m"}).encode()
    assert list(refused(body).details) == [key]
    assert salvaged_id(body) is None


def test_id_when_one_of_several_is_wrong_is_found_among_the_others() -> None:
    assert salvaged_id(b'{"request_id":[],"requestId":"x","method":"m"}') == "x"
    assert salvaged_id(b'{"request_id":1.5,"id":9,"method":"m"}') == 9


def test_id_when_of_thousands_of_digits_is_refused() -> None:
    body = b'{"request_id":' + b"9" * 5_000 + b',"method":"m"}'
    assert list(refused(body).details) == ["request_id"]
    assert salvaged_id(body) is None


@pytest.mark.parametrize("field", ["timeout_ms", "attempt"])
@pytest.mark.parametrize("value", [b'"5"', b"[]", b"true", b"1e999", b"9" * 5_000])
def test_envelope_number_when_wrong_is_refused_and_named(field: str, value: bytes) -> None:
    body = b'{"request_id":"r1","method":"m","%s":%s}' % (field.encode(), value)
    assert list(refused(body).details) == [field]
    assert salvaged_id(body) == "r1"


def test_body_when_larger_than_allowed_is_refused_with_both_sizes() -> None:
    body = with_params(b'"' + b"x" * MAX_BYTES + b'"')
    assert refused(body).details == {"size": len(body), "allowed": MAX_BYTES}


def test_body_when_exactly_as_large_as_allowed_is_read() -> None:
    body = with_params(b'"' + b"x" * (MAX_BYTES - len(with_params(b'""'))) + b'"')
    assert len(body) == MAX_BYTES
    assert read_head(body, MAX_BYTES, MAX_DEPTH).request_id == "r1"


def test_keys_when_duplicate_let_the_last_one_count_as_the_json_module_does() -> None:
    body = b'{"request_id":"a","method":"x","method":"m","request_id":"b","params":1,"params":{"k":1,"k":2}}'
    head, known = read_head(body, MAX_BYTES, MAX_DEPTH), json.loads(body)
    assert (head.request_id, head.method) == (known["request_id"], known["method"]) == ("b", "m")
    assert json.loads(bytes(head.params)) == known["params"] == {"k": 2}


def test_keys_when_unknown_are_ignored_whatever_they_hold() -> None:
    body = b'{"x":[1,{"y":null}],"request_id":"r1","method":"m","":0,"data":1e400}'
    assert read_head(body, MAX_BYTES, MAX_DEPTH).request_id == "r1"


# -- depth -----------------------------------------------------------------------------------------

NESTINGS = {
    "lists": (b"[", b"]"),
    "objects": (b'{"a":', b"}"),
    "both": (b'[{"a":', b"}]"),
    "brackets in strings": (b'["]]}}[[{{\\"]",', b"]"),
}


def nested(kind: str, levels: int) -> bytes:
    """Nest params so that the whole request has that many levels, brackets in strings not counting."""
    opening, closing = NESTINGS[kind]
    each = 2 if kind == "both" else 1
    assert (levels - 1) % each == 0
    count = (levels - 1) // each
    return with_params(opening * count + b'"[[[{{{"' + closing * count)


@pytest.mark.parametrize("kind", NESTINGS)
@pytest.mark.parametrize("limit", [3, 9, 65])
def test_depth_when_at_the_limit_is_read(kind: str, limit: int) -> None:
    body = nested(kind, limit)
    json.loads(body)
    assert read_head(body, MAX_BYTES, limit).request_id == "r1"


@pytest.mark.parametrize("kind", NESTINGS)
@pytest.mark.parametrize("limit", [2, 8, 64])
def test_depth_when_a_level_over_the_limit_is_refused_with_its_id(kind: str, limit: int) -> None:
    body = nested(kind, limit + 1)
    json.loads(body)
    with pytest.raises(RequestInvalid, match=f"nested too deep: at most {limit} levels"):
        read_head(body, MAX_BYTES, limit)
    assert salvaged_id(body) == "r1"


@pytest.mark.parametrize("kind", ["lists", "objects"])
@pytest.mark.parametrize("levels", [5_000, 100_000])
def test_depth_when_enormous_is_refused_in_words(kind: str, levels: int) -> None:
    body = nested(kind, levels)
    assert "nested too deep" in refused(body).message
    head = salvage_head(body)  # How deep the decoder can go differs between Python versions.
    assert head is None or head.canonical_id == "r1"


def test_depth_when_only_strings_hold_brackets_is_shallow() -> None:
    body = json.dumps(
        {"request_id": "r1", "method": "m", "params": ["[{" * 1_000, '\\"[[', "]"] * 50}
    ).encode()
    assert read_head(body, MAX_BYTES, 3).request_id == "r1"
    assert is_deeper(body, 1)


@pytest.mark.parametrize(
    "body",
    [
        b'["' * 500_000,
        b"[{" * 500_000,
        b'"' + b"\\" * 1_000_000,
        b'"\\"' * 300_000,
        b'{"a":' * 200_000,
        with_params(b"[" + (b"[" * 60 + b"]" * 60 + b",") * 8_000 + b"1]"),
        with_params(b"[" + (b"[" * 900 + b"]" * 900 + b",") * 500 + b"1]"),
    ],
)
def test_body_when_made_to_be_slow_takes_a_moment_only(body: bytes) -> None:
    started = time.process_time()
    try:
        read_head(body, MAX_BYTES, MAX_DEPTH)
    except RequestInvalid:
        salvage_head(body)
    assert time.process_time() - started < 2.0


# -- ids that the broker assigns -------------------------------------------------------------------


def test_assigned_id_when_put_in_leaves_the_rest_as_it_was() -> None:
    body = (
        b'{ "method" : "m",\n"params": {"p": 0.10000000000000000000001, "a": [1 , 2]}, "request_id": null }'
    )
    made = with_request_id(body, "b-1")
    assert b"0.10000000000000000000001" in made
    known = json.loads(body) | {"request_id": "b-1", "id_assigned": True}
    assert json.loads(made) == known


def test_canonical_id_when_several_are_given_is_the_native_then_camel_then_rpc_one() -> None:
    def canonical(**keys: object) -> object:
        body = json.dumps({"method": "m", **keys}).encode()
        return read_head(body, MAX_BYTES, MAX_DEPTH).canonical_id

    assert canonical(request_id="a", requestId="b", id="c") == "a"
    assert canonical(requestId="b", id="c") == "b"
    assert canonical(id="c") == "c"
    assert canonical(id=None) is None
    assert canonical(request_id=0, requestId="b") == 0
    assert canonical(request_id="", requestId="b") == ""
    assert canonical() is None
