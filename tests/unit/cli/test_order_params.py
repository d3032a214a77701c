"""What `tacore call execute.order` makes of its words, by the schema that describe.methods gives."""

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta

from tacore.cli.catalogue import as_method, param_rows
from tacore.cli.exits import Usage
from tacore.cli.params import build, read_words
from tacore.client.envelope import encode_params
from tacore.methods import describe
from tacore.ports import Method


class Params(msgspec.Struct, kw_only=True):
    """Has each kind of param that order methods have."""

    symbol: Annotated[str, Meta(description="AAPL, 600519, 0700")]
    action: Annotated[Literal["buy", "sell"], Meta(description="Which side")]
    quantity: Annotated[Decimal, Meta(description="Units")]
    price: Annotated[Decimal | None, Meta(description="Limit")] = None
    time_in_force: Annotated[Literal["DAY", "GTC"] | None, Meta(description="DAY unless said")] = None
    idempotency_key: Annotated[str | None, Meta(description="What makes a retry the same")] = None
    live: Annotated[bool, Meta(description="Needed where money is real")] = False
    metadata: Annotated[Any, Meta(description="A tag")] = UNSET


METHOD = Method(
    name="execute.order",
    handler=lambda params, _context: params,
    params=Params,
    result=Params,
    summary="Place an order",
    renames={"side": "action", "amount": "quantity", "limit_price": "price"},
)
DESCRIBED = msgspec.to_builtins(describe(METHOD))


def typed(line: str) -> dict[str, Any]:
    return build(read_words(line.split()), {}, as_method("execute.order", DESCRIBED))


def received(line: str) -> Params:
    """Read what goes over the wire as a worker does."""
    sent = json.loads(encode_params(typed(line)), parse_float=str)
    renamed = {METHOD.renames.get(name, name): value for name, value in sent.items()}
    return msgspec.convert(renamed, Params, strict=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", "0.1"),
        ("10", "10"),
        ("430.10", "430.10"),
        ("0.00000001", "0.00000001"),
        ("123456789012345678.25", "123456789012345678.25"),
        ("0.123456789012345678901", "0.123456789012345678901"),
        ("1e3", "1000"),
    ],
)
def test_number_when_typed_arrives_as_the_same_decimal(text: str, value: str) -> None:
    params = received(f"--symbol AAPL --action buy --quantity {text} --price {text}")
    assert (params.quantity, params.price) == (Decimal(value), Decimal(value))


@given(st.decimals(min_value="0.000000000001", max_value="1e15", allow_nan=False, allow_infinity=False))
def test_number_when_typed_in_any_digits_arrives_as_the_same_decimal(value: Decimal) -> None:
    assert received(f"--symbol AAPL --action buy --quantity {value:f}").quantity == value


def test_params_when_typed_in_every_spelling_are_those_of_an_order() -> None:
    line = "--symbol 0700 --side SELL --amount 100 --limit-price 0.5 --time-in-force gtc --live"
    assert typed(f"{line} --idempotency_key 7 --metadata.desk 3") == {
        "symbol": "0700",
        "side": "sell",
        "amount": 100,
        "limit_price": 0.5,
        "time_in_force": "GTC",
        "live": True,
        "idempotency_key": "7",
        "metadata": {"desk": 3},
    }


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--quantity ten", "quantity: 'ten' is not a number"),
        ("--quantity 1_000", "quantity: '1_000' is not a number"),
        ("--quantity nan", "quantity: 'nan' is not a number"),
        ("--quantty 1", "did you mean quantity?"),
    ],
)
def test_params_when_wrong_are_usage_errors(line: str, says: str) -> None:
    with pytest.raises(Usage) as caught:
        typed(line)
    assert says in str(caught.value)


def test_description_when_shown_calls_a_decimal_a_number() -> None:
    rows = {row["param"]: row for row in param_rows(DESCRIBED)}
    assert (rows["quantity"]["type"], rows["quantity"]["default"]) == ("number", "required")
    assert (rows["price"]["type"], rows["price"]["aliases"]) == ("number", "limit_price")
