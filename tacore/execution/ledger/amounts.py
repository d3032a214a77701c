"""Exact arithmetic: sums and products never round, and what must be divided is rounded at a stated place."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

_DIGITS = 200  # a product of the longest quantity and price that any venue sends has half of that
EXACT = Context(
    prec=_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact]
)
"""Raises Inexact rather than lose a digit."""
_ROUNDING = Context(
    prec=_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)

ZERO = Decimal(0)
_ONE = Decimal(1)
_SHOWN = Decimal("1e-12")
_KEPT = Decimal("1e-18")

add, subtract, multiply = EXACT.add, EXACT.subtract, EXACT.multiply


def trimmed(amount: Decimal) -> Decimal:
    """Leave off zeros at the end, so that sums of many amounts stay short."""
    short = EXACT.normalize(amount)
    return EXACT.quantize(short, _ONE) if "E+" in str(short) else short


def average(cost: Decimal, quantity: Decimal) -> Decimal:
    """Give cost per unit as it is shown: 12 decimal places, half to even."""
    return trimmed(_ROUNDING.quantize(_ROUNDING.divide(cost, quantity), _SHOWN))


def share(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    """Give the part of the whole, to 18 decimal places; all of it where the part is all."""
    if part == of:
        return whole
    return _ROUNDING.quantize(_ROUNDING.divide(EXACT.multiply(whole, part), of), _KEPT)
