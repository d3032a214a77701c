"""Changes in percent."""

from decimal import Decimal

_PLACES = Decimal("0.0001")


def change_pct(price: Decimal, before: Decimal | None) -> Decimal | None:
    """Give the change from ``before`` in percent, to four places; None where there was no price before."""
    if not before:
        return None
    return ((price / before - 1) * 100).quantize(_PLACES)
