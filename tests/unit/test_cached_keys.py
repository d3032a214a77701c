"""Keys of the cache: readable, and different wherever the answers may differ."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tacore.model.cached import digest, readable


class Params(msgspec.Struct):
    symbols: list[str]
    limit: int | None = None
    price: Decimal = Decimal(1)


def test_digest_when_the_names_come_in_another_order_is_the_same() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1, "b": [1, 2]}) != digest({"a": 1, "b": [2, 1]})
    assert len(digest({})) == 32


@given(
    st.lists(st.tuples(st.lists(st.text(max_size=5), max_size=3), st.none() | st.integers(0, 5)), max_size=9)
)
def test_digest_when_params_differ_differs(asked: list[tuple[list[str], int | None]]) -> None:
    found = {digest(Params(symbols, limit)) for symbols, limit in asked}
    assert len(found) == len({(tuple(symbols), limit) for symbols, limit in asked})


def test_digest_when_a_price_has_more_digits_than_a_float_differs() -> None:
    long = "0.1234567890123456789"
    assert digest(Params([], price=Decimal(long + "1"))) != digest(Params([], price=Decimal(long + "2")))


def test_key_when_read_shows_its_parts_and_nothing_that_a_glob_or_a_separator_is() -> None:
    assert readable("US", "AAPL,BRK.B", "1d") == "US:AAPL,BRK.B:1d"
    assert readable("CRYPTO", "BTC/USDT", "open@20240313T020000Z") == "CRYPTO:BTC/USDT:open@20240313T020000Z"
    assert readable("a:b*[c]?\\ \n", "é") == "a_b__c_____:_"
    assert len(readable("x" * 500)) == 48
