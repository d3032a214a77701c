"""Denials as they are kept, told and told again."""

from collections.abc import Sequence
from typing import Any

from tacore.errors import Denied, TradingHalted, Unavailable
from tacore.execution.desk.prices import Prices, is_passing
from tacore.execution.gate import Denial
from tacore.model.orders import Order
from tacore.ports.orders import Story


def as_details(denial: Denial) -> dict[str, Any]:
    """Turn a denial into what is kept and shown."""
    return {
        "rule": denial.rule,
        "message": denial.message,
        "limit": denial.limit,
        "value": denial.value,
        "code": denial.code,
        "halting": denial.halting,
    }


def denied(order: Order, denials: Sequence[Denial]) -> Denied:
    """Make the error of an order that the gate denied."""
    return _denied_by(order, [as_details(each) for each in denials])


def denied_again(story: Story) -> Denied:
    """Make the same error from what the ledger kept."""
    kept = next(each.details for each in story.events if each.after == "denied")
    error = _denied_by(story.order, list(kept["denials"]))
    error.details["replayed"] = True
    return error


def _denied_by(order: Order, denials: list[dict[str, Any]]) -> Denied:
    first = denials[0]
    kind = TradingHalted if first["code"] == TradingHalted.code else Denied
    told = "; ".join(each["message"] for each in denials)
    details = {
        "order_id": order.order_id,
        "rule": first["rule"],
        "limit": first["limit"],
        "value": first["value"],
        "denials": denials,
    }
    return kind(told, details=details)


def must_be_asked(prices: Prices) -> None:
    """Refuse to deny for want of a price that may be there in a moment: that binds no key."""
    for priced in prices.values():
        problem = priced.problem
        if problem is not None and is_passing(problem):
            raise Unavailable(f"no price to judge by: {problem.message}", details=problem.details)
