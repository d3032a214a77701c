"""reconcile.orders: ask the venues for what is unknown, and check the ledger against its fills."""

from typing import Any

import msgspec

from tacore.execution import asking
from tacore.ports import Context, Later, Method
from tacore.ports.orders import Reconciled


class Params(msgspec.Struct, kw_only=True):
    """Nothing to say."""


class Result(msgspec.Struct, kw_only=True):
    """What was found; ``problems`` are of the ledger itself."""

    looked_at: int
    adopted: list[str]
    unknown: list[str]
    needs_a_person: list[dict[str, Any]]
    ledger_ok: bool
    problems: list[str]
    warnings: list[str] = []


def reconcile_orders(params: Params, context: Context) -> Later[Result]:
    """Look now."""
    return asking.desk_of(context).reconcile(asking.asker_of(context)).map(_shown)


def _shown(found: Reconciled) -> Result:
    return Result(
        looked_at=found.looked_at,
        adopted=list(found.adopted),
        unknown=list(found.unknown),
        needs_a_person=[dict(each) for each in found.needs_a_person],
        ledger_ok=found.ledger_ok,
        problems=list(found.problems),
    )


METHOD = Method(
    name="reconcile.orders",
    handler=reconcile_orders,
    params=Params,
    result=Result,
    summary="Ask the venues for unknown orders, and check the ledger",
    pool="orders",
    max_s=120.0,
    examples=({},),
)
