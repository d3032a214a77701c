"""What ccxt's exceptions, orders and trades mean."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from tacore.execution.venues.outcomes import Said, Verdict, exact, is_duplicate, plain, told
from tacore.execution.venues.session import Lost
from tacore.model.orders import Report, VenueFill

_STATUSES = MappingProxyType(
    {
        "open": "accepted",
        "canceling": "accepted",
        "closed": "filled",
        "canceled": "cancelled",
        "expired": "expired",
        "rejected": "rejected",
    }
)
_MEANS: tuple[tuple[str, Verdict, str], ...] = (
    ("DuplicateOrderId", "refused", "duplicate"),
    ("OrderNotFound", "refused", "not_found"),
    ("AuthenticationError", "away", "unauthorized"),
    ("RateLimitExceeded", "away", "rate_limited"),
    ("DDoSProtection", "away", "rate_limited"),
    ("InvalidNonce", "away", "server_error"),
    ("OnMaintenance", "away", "server_error"),
)


class Judge:
    """Tells what an exception of ccxt means.

    ccxt gives one class to a refusal and to a page that a proxy sent, and OperationFailed to what an exchange
    itself calls "execution status unknown": those are unknown. A plain ExchangeError is a refusal that ccxt
    has no name for, or an answer it did not understand; only its text, the exchange's code, tells.
    """

    def __init__(self, errors: Any, secrets: Iterable[str]) -> None:  # noqa: ANN401 - a library without types
        self._errors = errors
        self._secrets = tuple(secrets)

    def __call__(self, error: Exception) -> Said:
        """Judge one; the first class that fits counts."""
        words = plain(_words(error), self._secrets)
        if is_duplicate(words):
            return Said(verdict="refused", reason="duplicate", words=words)
        for name, verdict, reason in _MEANS:
            if isinstance(error, getattr(self._errors, name)):
                return Said(verdict=verdict, reason=reason, words=words)
        if isinstance(error, self._errors.ExchangeError) and self._says_no(error):
            return Said(verdict="refused", reason="refused", words=words)
        reason = "server_error" if isinstance(error, self._errors.OperationFailed) else "malformed"
        return Said(verdict="unknown", reason=reason, words=type(error).__name__)

    def _says_no(self, error: Exception) -> bool:
        return type(error) is not self._errors.ExchangeError or '"code"' in str(error)


def report_of(found: Mapping[str, Any], fills: Sequence[VenueFill]) -> Report:
    """Report an order of ccxt with these fills."""
    filled = exact(found["filled"])
    said = str(found["status"])
    status = _STATUSES.get(said, said)
    if status == "filled" and filled < exact(found["amount"]):
        status = "cancelled"  # some exchanges call all closed that is not open
    return told(status, str(found["id"]), filled, fills)


def fills_of(
    trades: Iterable[Mapping[str, Any]], symbol: str, ordered_ms: int | None = None
) -> Sequence[VenueFill]:
    """Read trades; those without an id of the exchange are left for later, when it shows them with one.

    Exchanges number trades by pair, so the pair is part of the id. ``ordered_ms`` is when those traded that
    came with the order's acceptance and have no time of their own.
    """
    return [_fill(each, symbol, each.get("timestamp") or ordered_ms) for each in trades if each.get("id")]


def _fill(trade: Mapping[str, Any], symbol: str, at_ms: int | None) -> VenueFill:
    if at_ms is None:
        raise Lost("malformed", maybe=True, what="a trade has no time")
    fee, currency = _fee(trade)
    return VenueFill(
        trade_id=f"{symbol}:{trade['id']}",
        quantity=exact(trade["amount"]),
        price=exact(trade["price"]),
        at=datetime.fromtimestamp(at_ms / 1000, UTC),
        fee=fee,
        fee_currency=currency,
    )


def _fee(trade: Mapping[str, Any]) -> tuple[Decimal, str]:
    fees = [each for each in (trade.get("fee"), *(trade.get("fees") or ())) if each and each.get("cost")]
    if not fees:
        return Decimal(0), ""
    if any(each != fees[0] for each in fees[1:]):
        raise Lost("malformed", maybe=True, what="a trade has two fees")
    return exact(fees[0]["cost"]), str(fees[0].get("currency") or "")


def _words(error: Exception) -> str:
    """Give the exchange's message, where ccxt wraps the JSON that has it."""
    text = str(error)
    _, brace, rest = text.partition("{")
    try:
        said = json.loads(brace + rest)
    except ValueError:
        return text
    return str(next((said[key] for key in ("msg", "message", "error") if said.get(key)), text))
