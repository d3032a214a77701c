"""From what a venue reports to what the ledger books."""

from typing import Any

from tacore.execution.ledger import Transaction
from tacore.model.orders import FINAL, Order, Report


def apply(tx: Transaction, order: Order, report: Report) -> Order:
    """Book a report: notes, fills and the end; what the ledger knows already changes nothing."""
    order = _noted(tx, order, report)
    if order.status in ("submitting", "unknown"):
        if report.status == "rejected":
            return _ended(tx, order, report)
        order = tx.advance(order, "accepted", "accepted", details=_details(report))
    for fill in report.fills:
        order = tx.book(order, fill)
    if report.status in ("cancelled", "expired", "rejected") and order.status not in FINAL:
        order = _ended(tx, order, report)
    return order


def _noted(tx: Transaction, order: Order, report: Report) -> Order:
    changes: dict[str, Any] = {}
    if report.venue_order_id and report.venue_order_id != order.venue_order_id:
        changes["venue_order_id"] = report.venue_order_id
    if report.triggered and not order.triggered:
        changes["triggered"] = True
    what = "triggered" if "triggered" in changes else ""
    if report.matched_until is not None and report.matched_until != order.matched_until:
        changes["matched_until"] = report.matched_until
    return tx.amend(order, what, **changes) if changes else order


def _ended(tx: Transaction, order: Order, report: Report) -> Order:
    return tx.advance(order, report.status, report.status, details=_details(report), reason=report.reason)


def _details(report: Report) -> dict[str, Any]:
    said = {"reason": report.reason, "venue_order_id": report.venue_order_id}
    return {name: value for name, value in said.items() if value}
