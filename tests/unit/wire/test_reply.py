"""Replies in the three dialects, read by the json module."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tacore.errors import BY_CODE, DeadlineExceeded, InvalidParams, TacoreError, UnknownMethod
from tacore.wire.envelope import read_head
from tacore.wire.reply import encode_error, encode_replay, encode_success, encode_value

NATIVE = {"status", "request_id", "data", "error", "processing_time_ms", "timestamp"}


def success(request: dict[str, Any], data: bytes = b'{"price":1.50}') -> dict[str, Any]:
    head = read_head(json.dumps(request).encode(), 1 << 20, 64)
    made: dict[str, Any] = json.loads(
        encode_success(head, head.canonical_id or "b-1", data, 1_700, 1640995200)
    )
    return made


def failure(request: dict[str, Any], error: TacoreError) -> dict[str, Any]:
    head = read_head(json.dumps(request).encode(), 1 << 20, 64)
    made: dict[str, Any] = json.loads(encode_error(head, head.canonical_id or "b-1", error, 0, 1640995200))
    return made


def test_reply_when_native_has_the_contracts_members_and_no_others() -> None:
    reply = success({"request_id": "unique", "method": "m"})
    assert reply == {
        "status": "success",
        "request_id": "unique",
        "data": {"price": 1.5},
        "error": None,
        "processing_time_ms": 1.7,
        "timestamp": 1640995200,
    }


def test_error_when_native_has_code_message_retryable_and_details() -> None:
    error = DeadlineExceeded("too late", details={"dispatched": False})
    reply = failure({"request_id": 5, "method": "m"}, error)
    assert set(reply) == NATIVE
    assert (reply["status"], reply["request_id"], reply["data"]) == ("error", 5, None)
    assert reply["error"] == {
        "code": "deadline_exceeded",
        "message": "too late",
        "retryable": True,
        "details": {"dispatched": False},
    }


def test_reply_when_camel_case_also_has_request_id_and_success() -> None:
    reply = success({"requestId": "r", "method": "m"})
    assert set(reply) == NATIVE | {"requestId", "success"}
    assert (reply["requestId"], reply["request_id"], reply["success"]) == ("r", "r", True)


def test_error_when_camel_case_also_has_an_error_code() -> None:
    reply = failure({"requestId": "r", "method": "m"}, InvalidParams("no"))
    assert (reply["success"], reply["errorCode"], reply["requestId"]) == (False, "invalid_params", "r")
    assert reply["error"]["code"] == "invalid_params"


@pytest.mark.parametrize("rpc", [{"id": 7}, {"id": 7, "jsonrpc": "2.0"}, {"id": "x", "jsonrpc": "2.0"}])
def test_reply_when_json_rpc_has_a_result_and_no_error(rpc: dict[str, Any]) -> None:
    reply = success({"method": "m", **rpc})
    assert (reply["jsonrpc"], reply["id"], reply["result"]) == ("2.0", rpc["id"], {"price": 1.5})
    assert "error" not in reply
    assert (reply["status"], reply["data"]) == ("success", {"price": 1.5})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownMethod("no"), -32601),
        (InvalidParams("no"), -32602),
        (BY_CODE["invalid_request"]("no"), -32600),
        (BY_CODE["internal"]("no"), -32603),
        (DeadlineExceeded("no"), -32000),
    ],
)
def test_error_when_json_rpc_has_an_error_and_no_result(error: TacoreError, code: int) -> None:
    reply = failure({"method": "m", "id": 7}, error)
    assert "result" not in reply
    assert (reply["error"]["code"], reply["error"]["message"]) == (code, "no")
    assert reply["error"]["data"]["code"] == error.code
    assert (reply["status"], reply["id"]) == ("error", 7)


def test_reply_when_both_dialects_are_spoken_has_the_members_of_both() -> None:
    reply = success({"requestId": "a", "id": 3, "method": "m"})
    assert (reply["requestId"], reply["success"], reply["id"], reply["result"]) == (
        "a",
        True,
        3,
        {"price": 1.5},
    )


def test_reply_when_only_jsonrpc_is_said_has_the_requests_own_id() -> None:
    assert success({"request_id": "q", "jsonrpc": "2.0", "method": "m"})["id"] == "q"
    assert success({"id": None, "method": "m"})["id"] is None


def test_error_when_no_head_could_be_read_is_native() -> None:
    assert set(json.loads(encode_error(None, "b-1", TacoreError("no"), 0, 1))) == NATIVE


def test_data_when_raw_is_not_decoded_on_its_way() -> None:
    data = b'{"n":0.1000000000000000000000000001,"big":123456789012345678901234567890}'
    for given in (data, msgspec.Raw(data)):
        assert data in encode_success(None, "1", given, 0, 0)


@pytest.mark.parametrize(
    "digits", ["0.1", "430.47", "50000.12345678", "0.000000000000000001", "1E+30", "-0.00", "1.50"]
)
def test_decimal_when_encoded_keeps_every_digit_as_a_number(digits: str) -> None:
    made = encode_value({"price": Decimal(digits)})
    assert (
        json.loads(made, parse_float=Decimal, parse_int=Decimal)["price"].as_tuple()
        == Decimal(digits).as_tuple()
    )


def test_data_when_text_holds_newlines_has_none_raw() -> None:
    assert b"\n" not in encode_value({"text": "a\nb\r\nc\u2028"})


ORDER = {
    "order_id": "o-1",
    "status": "filled",
    "filled_quantity": "10.5",
    "average_price": "123.4500",
    "fills": [{"market_time": "2013-03-01T21:00:00Z"}, {"market_time": "2013-03-04T21:00:00Z"}],
}


def order_text(**changes: Any) -> bytes:
    text = json.dumps(ORDER | changes)
    return text.replace('"10.5"', "10.5").replace('"123.4500"', "123.4500").encode()


def test_order_when_asked_in_camel_case_says_what_was_executed_beside_success() -> None:
    head = read_head(b'{"requestId":"r","method":"m"}', 1 << 20, 64)
    text = encode_success(head, "r", order_text(), 0, 0)
    reply = json.loads(text)
    assert set(reply) - NATIVE == {
        "requestId",
        "success",
        "orderId",
        "executedPrice",
        "executedQuantity",
        "executionTime",
    }
    assert (reply["success"], reply["orderId"], reply["executedQuantity"]) == (True, "o-1", 10.5)
    assert reply["executionTime"] == "2013-03-04T21:00:00Z"
    assert b'"executedPrice":123.4500' in text


def test_order_when_nothing_is_executed_says_null() -> None:
    reply = success(
        {"requestId": "r", "method": "m"}, order_text(fills=[], average_price=None, filled_quantity=0)
    )
    assert (reply["orderId"], reply["executedPrice"], reply["executedQuantity"]) == ("o-1", None, 0)
    assert reply["executionTime"] is None


@pytest.mark.parametrize(
    "data",
    [
        b'["order_id"]',
        b'{"orders":[{"order_id":"o-1","average_price":1,"filled_quantity":1}]}',
        b'{"order_id":1,"average_price":1,"filled_quantity":1}',
        b'{"order_id":"o-1","average_price":1}',
        b'{"order_id":"o-1","average_price":1,"filled_quantity":1,"fills":"none"}',
    ],
)
def test_data_when_it_is_no_order_gets_no_execution(data: bytes) -> None:
    reply = success({"requestId": "r", "method": "m"}, data)
    assert set(reply) == NATIVE | {"requestId", "success"}


def test_order_when_asked_natively_has_no_execution_beside_its_data() -> None:
    assert set(success({"request_id": "r", "method": "m"}, order_text())) == NATIVE


@pytest.mark.parametrize("request_", [{"request_id": "r"}, {"requestId": "r"}, {"id": 5}])
def test_replay_when_encoded_is_the_same_reply_and_says_so(request_: dict[str, Any]) -> None:
    head = read_head(json.dumps({"method": "m", **request_}).encode(), 1 << 20, 64)
    replay = json.loads(encode_replay(head, head.canonical_id or "", b'{"n":1}', 1_700, 5))
    assert replay.pop("replayed") is True
    assert replay == json.loads(encode_success(head, head.canonical_id or "", b'{"n":1}', 1_700, 5))


@pytest.mark.parametrize("request_", [{"request_id": "r"}, {"requestId": "r"}, {"id": 5}])
def test_replay_when_of_an_error_is_the_same_error_and_says_so(request_: dict[str, Any]) -> None:
    head = read_head(json.dumps({"method": "m", **request_}).encode(), 1 << 20, 64)
    error = InvalidParams("no", details={"n": 1})
    replay = json.loads(encode_replay(head, head.canonical_id or "", error, 0, 5))
    assert replay.pop("replayed") is True
    assert replay == json.loads(encode_error(head, head.canonical_id or "", error, 0, 5))
