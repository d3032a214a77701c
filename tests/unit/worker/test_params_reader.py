"""From raw params to a typed struct: renames, warnings, and errors that name every bad field."""

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest

from tacore.errors import InvalidParams, bad_param
from tacore.ports import Method
from tacore.worker.params import ParamsReader


class Band(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    low: float = 0.0
    high: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class OrderParams(msgspec.Struct, kw_only=True):
    symbol: str
    side: Literal["buy", "sell"]
    price: Decimal | None = None
    quantity: Annotated[float, msgspec.Meta(gt=0, le=1_000)] = 1.0
    count: int = 1
    band: Band | None = None
    bands: list[Band] = []


class Result(msgspec.Struct):
    warnings: list[str] = []


RENAMES = {"limit_price": "price", "amount": "quantity", "action": "side", "limitPrice": "price"}


def reader(**changes: Any) -> ParamsReader:
    given: dict[str, Any] = {"params": OrderParams, "renames": RENAMES} | changes
    return ParamsReader(Method("execute.order", lambda params, _: params, result=Result, summary="", **given))


def read(text: str, **changes: Any) -> tuple[Any, list[str]]:
    return reader(**changes).read(msgspec.Raw(text.encode()))


def refused(text: str, **changes: Any) -> InvalidParams:
    with pytest.raises(InvalidParams) as caught:
        read(text, **changes)
    assert caught.value.code == "invalid_params"
    json.dumps(msgspec.to_builtins(caught.value.details))
    return caught.value


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ('{"quantity": 0}', "quantity: more than 0 is needed"),
        ('{"quantity": 1e9}', "quantity: 1000 or less is needed"),
        ('{"count": "three"}', "count: a whole number is needed, not text"),
        ('{"price": [1]}', "price: a number is needed, not a list"),
        ('{"side": "bye"}', "side: there is no such choice; allowed: buy, sell; did you mean buy?"),
        ('{"symbol": 7}', "symbol: text is needed, not a whole number"),
    ],
)
def test_params_when_one_is_wrong_say_it_in_plain_words(params: str, message: str) -> None:
    fields = {"symbol": "A", "side": "buy"} | json.loads(params)
    assert refused(json.dumps(fields)).message == message


def test_params_when_one_inside_is_wrong_show_that_value() -> None:
    error = refused('{"symbol":"A","side":"buy","band":{"high":-1}}')
    assert error.details == {"band.high": {"problem": "more than 0 is needed", "value": -1}}


def test_params_when_exact_are_typed_without_warnings() -> None:
    params, warnings = read('{"symbol":"A","side":"buy","quantity":2.5,"band":{"low":1}}')
    assert isinstance(params, OrderParams)
    assert (params.symbol, params.side, params.quantity, params.band) == ("A", "buy", 2.5, Band(low=1.0))
    assert warnings == []


def test_params_when_in_other_spellings_are_renamed() -> None:
    params, warnings = read('{"symbol":"A","action":"sell","amount":2,"limitPrice":1.5}')
    assert (params.side, params.quantity, params.price, warnings) == ("sell", 2.0, Decimal("1.5"), [])


@pytest.mark.parametrize(
    "twice", ['"amount":2,"quantity":2', '"amount":2,"quantity":2.0', '"amount":2.50,"quantity":2.5']
)
def test_spellings_when_they_agree_are_one_param(twice: str) -> None:
    params, warnings = read(f'{{"symbol":"A","side":"buy",{twice}}}')
    assert params.quantity in {2.0, 2.5}
    assert warnings == []


def test_spellings_when_they_disagree_are_both_named() -> None:
    error = refused('{"symbol":"A","side":"buy","amount":2,"quantity":3}')
    assert {name: each["value"] for name, each in error.details.items()} == {"amount": 2, "quantity": 3}
    assert "disagree" in error.message
    error = refused('{"symbol":"A","side":"buy","limit_price":1,"limitPrice":2}')
    assert set(error.details) == {"limit_price", "limitPrice"}


def test_params_when_unknown_are_ignored_and_named_with_the_nearest() -> None:
    params, warnings = read('{"symbol":"A","side":"buy","market_conditions":{"x":[1]},"quantitty":5}')
    assert params.quantity == 1.0
    assert len(warnings) == 2
    assert "market_conditions" in warnings[0]
    assert "quantitty" in warnings[1]
    assert "quantity" in warnings[1].partition("nearest")[2]


def test_params_when_several_are_bad_are_all_named_with_their_values() -> None:
    error = refused('{"quantity":"x","count":1.5,"side":"hold","band":{"high":-1},"price":[]}')
    assert set(error.details) == {"quantity", "count", "side", "band.high", "price", "symbol"}
    assert [error.details[name]["value"] for name in ("quantity", "count", "side", "price")] == [
        "x",
        1.5,
        "hold",
        [],
    ]
    assert "missing" in error.details["symbol"]["problem"]
    assert all(name in error.message for name in error.details)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ('"quantity":0', "quantity"),
        ('"quantity":1000.1', "quantity"),
        ('"quantity":true', "quantity"),
        ('"quantity":null', "quantity"),
        ('"quantity":"1"', "quantity"),
        ('"quantity":1e400', "quantity"),
        ('"amount":1e400', "amount"),
        ('"count":1e2', "count"),
        ('"count":' + "9" * 5_000, "count"),
        ('"symbol":600519', "symbol"),
        ('"band":{"hihg":1}', "band"),
        ('"band":{"low":"x"}', "band.low"),
        ('"bands":[{},{"low":"x"}]', "bands[1].low"),
        ('"bands":{}', "bands"),
    ],
)
def test_param_when_of_a_wrong_type_or_value_is_the_one_named(given: str, field: str) -> None:
    rest = '"side":"buy"' if '"symbol"' in given else '"symbol":"A","side":"buy"'
    assert list(refused("{" + rest + "," + given + "}").details) == [field]


def test_param_when_unknown_and_out_of_range_is_only_a_warning() -> None:
    _, warnings = read('{"symbol":"A","side":"buy","extra":1e400}')
    assert len(warnings) == 1


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "5", "true", "[{}]"])
def test_params_when_no_object_are_refused(text: str) -> None:
    error = refused(text)
    assert "object" in error.message
    assert list(error.details) == ["params"]


@pytest.mark.parametrize("name", ["price", "limit_price", "limitPrice"])
@pytest.mark.parametrize("digits", ["0.1", "0.12345678901234567890", "50000.000000000000001", "1e-18", "100"])
@pytest.mark.parametrize("extra", ["", ',"unknown":1'])
def test_decimal_param_when_it_has_many_digits_keeps_them_all(name: str, digits: str, extra: str) -> None:
    params, _ = read(f'{{"symbol":"A","side":"buy","{name}":{digits}{extra}}}')
    assert params.price == Decimal(digits)


def test_normalise_when_there_is_one_sees_renamed_params_and_may_refuse() -> None:
    def normalise(params: dict[str, Any]) -> dict[str, Any]:
        if params.get("quantity") == 13:
            raise bad_param("quantity", "unlucky", value=13)
        return params | {"symbol": params["symbol"].upper()}

    params, warnings = read('{"symbol":"aapl","action":"buy","amount":2,"x":0}', normalise=normalise)
    assert (params.symbol, params.quantity, len(warnings)) == ("AAPL", 2.0, 1)
    assert list(refused('{"symbol":"a","side":"buy","amount":13}', normalise=normalise).details) == [
        "quantity"
    ]


def test_params_when_the_method_takes_anything_pass_as_they_are() -> None:
    raw = msgspec.Raw(b'[1, 2,  {"a": 1e400}]')
    params, warnings = reader(params=msgspec.Raw).read(raw)
    assert (bytes(params), warnings) == (b'[1, 2,  {"a": 1e400}]', [])


def test_params_when_lists_default_are_not_shared_between_requests() -> None:
    one = reader()
    first, _ = one.read(msgspec.Raw(b'{"symbol":"A","side":"buy"}'))
    first.bands.append(Band())
    second, _ = one.read(msgspec.Raw(b'{"symbol":"A","side":"buy"}'))
    assert second.bands == []
