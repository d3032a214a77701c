"""Read portfolios and trades in the dialects that clients speak; InvalidParams names what is wrong.

{"AAPL": 100, "USDT": 10000}                            symbol or currency: quantity
{"AAPL": {"quantity": 100, "value": 43000}}             also amount; side long or short
{"total_value": 50000, "positions": [{"symbol": ...}]}  also cash: an amount, or amounts by currency
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from tacore.errors import InvalidParams, bad_param
from tacore.market.symbols import CASH
from tacore.model.portfolio import Holding, Portfolio, Trade

MOST_POSITIONS = 5000
_MOST = 1e15
_FOREIGN = frozenset({"EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "SGD", "USDC"})
_WHOLE = ("total_value", "positions", "cash")
_QUANTITY = ("quantity", "amount")
_SIDES = {"long": 1, "buy": 1, "short": -1, "sell": -1}
_SHAPES = (
    '{"AAPL": 100, "USDT": 10000}, {"AAPL": {"quantity": 100}}, a list of {symbol, quantity}, '
    'or {"positions": [...], "cash": ..., "total_value": ...}'
)


def is_cash(word: str, currencies: Collection[str] = ()) -> bool:
    """Tell whether a word is a currency and no instrument."""
    name = word.strip().upper()
    return name in CASH or name in currencies or name in _FOREIGN


def read_portfolio(raw: object, base_currency: str, currencies: Collection[str]) -> Portfolio:
    """Read a portfolio; ``currencies`` have a rate, ``base_currency`` is that of plain cash."""
    if isinstance(raw, list):
        raw = {"positions": raw}
    if not isinstance(raw, Mapping):
        raise bad_param("portfolio", "a portfolio is an object", value=raw, allowed=_SHAPES)
    reader = _Reader(base_currency, currencies)
    if isinstance(raw.get("positions"), list | Mapping) or "total_value" in raw:
        reader.read_whole(raw)
    else:
        reader.read_mapping("portfolio", raw)
    if len(reader.holdings) > MOST_POSITIONS:
        allowed = f"up to {MOST_POSITIONS}"
        raise bad_param("portfolio", "too many positions", value=len(reader.holdings), allowed=allowed)
    return Portfolio(tuple(reader.holdings), reader.cash, reader.total_value, tuple(reader.warnings))


def read_trade(raw: object) -> Trade | None:
    """Read a proposed trade; None where there is none."""
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise bad_param(
            "proposed_trade", "a trade is an object", value=raw, allowed="{symbol, action, quantity}"
        )
    field = "proposed_trade"
    side = _agreed(field, raw, ("action", "side"))
    word = side.strip().lower() if isinstance(side, str) else ""
    if word not in ("buy", "sell"):
        raise bad_param(
            f"{field}.action", "buy or sell is needed", value=side, allowed=("buy", "sell"), near=word
        )
    quantity, price, value = (
        _positive(field, raw, names)
        for names in (_QUANTITY, ("price", "limit_price"), ("estimated_value", "value"))
    )
    if quantity is None and value is None:
        raise bad_param(f"{field}.quantity", "a quantity or an estimated_value is needed")
    known = {"symbol", "action", "side", *_QUANTITY, "price", "limit_price", "estimated_value", "value"}
    warnings = tuple(f"{field}.{name}: ignored" for name in raw if name not in known)
    return Trade(_symbol(field, raw), word, quantity, price, value, warnings)


class _Reader:
    """Collects what a portfolio states."""

    def __init__(self, base_currency: str, currencies: Collection[str]) -> None:
        self._base = base_currency
        self._currencies = currencies
        self.holdings: list[Holding] = []
        self.cash: dict[str, float] = {}
        self.total_value: float | None = None
        self.warnings: list[str] = []

    def read_whole(self, raw: Mapping[str, Any]) -> None:
        """Read positions beside cash and total_value."""
        positions = raw.get("positions")
        if positions is None:
            positions = {name: each for name, each in raw.items() if name not in _WHOLE}
        else:
            self._ignore("portfolio", raw, _WHOLE)
        if raw.get("total_value") is not None:
            self.total_value = _number("portfolio.total_value", raw["total_value"])
        self._read_cash(raw.get("cash"))
        if isinstance(positions, Mapping):
            self.read_mapping("portfolio.positions", positions)
        elif isinstance(positions, list):
            for number, each in enumerate(positions):
                self._read_lot(f"portfolio.positions[{number}]", each)
        else:
            raise bad_param("portfolio.positions", "a list is needed", value=positions, allowed=_SHAPES)

    def read_mapping(self, field: str, raw: Mapping[str, Any]) -> None:
        """Read symbols and currencies with what is held of each."""
        for name, stated in raw.items():
            where = f"{field}.{name}"
            if name == "cash":
                self._read_cash(stated)
            elif isinstance(stated, Mapping):
                self._take(where, name, stated)
            else:
                self._add(name, _number(where, stated), None)
            if is_cash(name, self._currencies):
                self._refuse_twice(where, name.strip().upper(), raw)

    def _refuse_twice(self, field: str, currency: str, raw: Mapping[str, Any]) -> None:
        spelled = [name for name in raw if name.strip().upper() == currency]
        if len(spelled) > 1:
            raise bad_param(field, f"{' and '.join(spelled)} are one currency: state it once", value=spelled)

    def _read_lot(self, field: str, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise bad_param(field, "a position is an object", value=raw, allowed="{symbol, quantity, value}")
        self._take(field, _symbol(field, raw), raw, lot=True)

    def _take(self, field: str, symbol: str, raw: Mapping[str, Any], *, lot: bool = False) -> None:
        self._ignore(field, raw, ("symbol", *_QUANTITY, "value", "market_value", "side"))
        quantity = _agreed(field, raw, _QUANTITY)
        value = _agreed(field, raw, ("value", "market_value"))
        if quantity is None and value is None:
            raise bad_param(f"{field}.quantity", "a quantity or a value is needed", allowed=_SHAPES)
        held = None if quantity is None else _number(f"{field}.quantity", quantity)
        worth = None if value is None else _number(f"{field}.value", value)
        self._add(symbol, *_signed(field, raw.get("side"), held, worth), lot=lot)

    def _add(self, symbol: str, quantity: float | None, value: float | None, *, lot: bool = False) -> None:
        if is_cash(symbol, self._currencies):
            currency = symbol.strip().upper()
            amount = quantity if quantity is not None else value or 0.0
            self.cash[currency] = self.cash.get(currency, 0.0) + amount
        else:
            self.holdings.append(Holding(symbol, quantity, value, lot))

    def _read_cash(self, raw: object) -> None:
        if raw is None:
            return
        for currency, amount in (raw if isinstance(raw, Mapping) else {self._base: raw}).items():
            if not is_cash(currency, self._currencies):
                raise bad_param(
                    "portfolio.cash",
                    "there is no such currency",
                    value=currency,
                    allowed=sorted(CASH),
                    near=currency,
                )
            self._add(currency, _number(f"portfolio.cash.{currency}", amount), None)

    def _ignore(self, field: str, raw: Mapping[str, Any], known: Collection[str]) -> None:
        self.warnings += [f"{field}.{name}: ignored" for name in raw if name not in known]


def _signed(
    field: str, side: object, quantity: float | None, value: float | None
) -> tuple[float | None, float | None]:
    """Bring the signs of quantity and value to one, and to the side where that is stated."""
    if side is not None:
        word = side.strip().lower() if isinstance(side, str) else ""
        if word not in _SIDES:
            raise bad_param(f"{field}.side", "there is no such side", value=side, allowed=_SIDES, near=word)
        stated = quantity if quantity is not None else value
        if stated is not None and stated < 0 < _SIDES[word]:
            raise bad_param(f"{field}.side", "disagrees with the negative quantity", value=side)
        sign = _SIDES[word]
    else:
        stated = quantity if quantity is not None else value
        sign = -1 if stated is not None and stated < 0 else 1
    return tuple(None if each is None else sign * abs(each) for each in (quantity, value))  # type: ignore[return-value]


def _agreed(field: str, raw: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    """Give what some spellings of one thing say; InvalidParams where they disagree."""
    said = {name: raw[name] for name in names if raw.get(name) is not None}
    values = list(said.values())
    if any(each != values[0] for each in values[1:]):
        told = " and ".join(said)
        raise InvalidParams(
            f"{field}: {told} mean the same and disagree",
            details={
                f"{field}.{name}": {"value": value, "problem": "disagrees"} for name, value in said.items()
            },
        )
    return values[0] if values else None


def _positive(field: str, raw: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    stated = _agreed(field, raw, names)
    if stated is None:
        return None
    number = _number(f"{field}.{names[0]}", stated)
    if number <= 0:
        raise bad_param(f"{field}.{names[0]}", "a number above 0 is needed", value=stated)
    return number


def _number(field: str, stated: object) -> float:
    number: Any = stated
    usable = isinstance(stated, int | float | Decimal) and not isinstance(stated, bool)
    if usable and abs(number) <= _MOST:
        return float(number)
    allowed = "a number up to 1e15, negative for a short"
    raise bad_param(field, "a number is needed", value=stated, allowed=allowed)


def _symbol(field: str, raw: Mapping[str, Any]) -> str:
    symbol = raw.get("symbol")
    if not isinstance(symbol, str) or not symbol.strip():
        raise bad_param(f"{field}.symbol", "a symbol is needed", value=symbol)
    return symbol
