"""Holds an order against all rules, and makes the cleared order that a venue takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any

import msgspec

from tacore.execution.gate.reserve import reserve_price
from tacore.execution.gate.sight import Case, Remark, Sight, open_quantity
from tacore.execution.gate.table import RULES
from tacore.model.orders import Order
from tacore.ports.venue import Cleared

if TYPE_CHECKING:
    from tacore.model.trading import LimitSettings, MarketRules  # pydantic, which requests do without

EXACT = Context(prec=100)
"""Enough digits that no product or sum of money is rounded."""
TERMS = (
    "account",
    "principal",
    "key",
    "venue",
    "market",
    "symbol",
    "currency",
    "side",
    "quantity",
    "filled_quantity",
    "order_type",
    "limit_price",
    "stop_price",
    "time_in_force",
)
"""What makes an order the one that was judged; its ids come with its reservation."""


@dataclass(frozen=True, slots=True)
class Denial:
    """A rule that an order breaks; ``limit`` is what is allowed, ``value`` what it came to.

    ``halting`` tells that it counts towards the automatic halt.
    """

    rule: str
    message: str
    limit: Any
    value: Any
    code: str = "denied"
    halting: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate says of an order, with all of its denials in the order of the rules.

    ``notional`` is quantity times reserve_price, in the order's currency. Both are 0 where no price is known,
    which is always denied.
    """

    denials: tuple[Denial, ...]
    warnings: tuple[str, ...]
    reserve_price: Decimal
    notional: Decimal
    terms: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def passes(self) -> bool:
        """Tell whether the order may trade."""
        return not self.denials


def judge(
    draft: Order,
    live: bool,
    sight: Sight,
    limits: "LimitSettings",
    rules: "MarketRules | None",
    *,
    change_of: Order | None = None,
) -> Judgement:
    """Hold an order against every rule.

    With ``change_of``, ``draft`` is that order as it shall be, its filled quantity included, and takes its
    place in all sums.
    """
    with localcontext(EXACT):
        case = _case(draft, live, sight, limits, rules, change_of)
        denials: list[Denial] = []
        warnings: list[str] = []
        for name, rule in RULES.items():
            if rule.exits and case.reduces:
                continue
            for found in rule.find(case):
                if isinstance(found, Remark):
                    warnings.append(f"{name}: {found.message}")
                else:
                    denials.append(
                        Denial(name, found.message, found.limit, found.value, rule.code, rule.halting)
                    )
        price = case.order.reserve_price
        return Judgement(tuple(denials), tuple(warnings), price, draft.quantity * price, _terms(draft))


def clear(order: Order, judgement: Judgement) -> Cleared:
    """Make the order that a venue takes, out of a reserved one and the judgement that it passed.

    ValueError where it did not pass, where the judgement is of another order, where the order does not
    reserve what was judged, or where it has been sent before.
    """
    if not isinstance(judgement, Judgement):
        raise TypeError(f"judgement: {type(judgement).__name__}; allowed: Judgement")
    if judgement.denials:
        names = ", ".join(each.rule for each in judgement.denials)
        raise ValueError(f"order {order.order_id} did not pass the gate: {names}")
    if _terms(order) != judgement.terms:
        raise ValueError(f"order {order.order_id}: the judgement is of another order")
    if order.reserve_price != judgement.reserve_price:
        raise ValueError(
            f"order {order.order_id}: reserve_price {order.reserve_price}; allowed: {judgement.reserve_price}"
        )
    if order.status not in ("reserved", "submitting"):
        raise ValueError(f"order {order.order_id}: status {order.status}; allowed: reserved, submitting")
    return Cleared(order)


def _case(
    draft: Order,
    live: bool,
    sight: Sight,
    limits: "LimitSettings",
    rules: "MarketRules | None",
    change_of: Order | None,
) -> Case:
    price = reserve_price(draft, sight.last)
    order = msgspec.structs.replace(draft, reserve_price=Decimal(0) if price is None else price)
    changed = None if change_of is None else change_of.order_id
    others = tuple(each for each in sight.open_orders if changed is None or each.order_id != changed)
    return Case(
        order=order,
        live=live,
        sight=sight,
        limits=limits,
        rules=rules,
        change_of=change_of,
        others=others,
        priced=price is not None,
        reduces=_closes(order, sight.position, others) or _takes_away(order, change_of),
    )


def _closes(order: Order, position: Decimal, others: Sequence[Order]) -> bool:
    """Tell whether a position can only become smaller by it, even if all on its side fills; never flips."""
    same_side = order.left + open_quantity(others, order, order.side)
    return same_side <= -order.sign * position


def _takes_away(order: Order, change_of: Order | None) -> bool:
    """Tell whether a change only lowers the quantity, which is cancelling in part."""
    return (
        change_of is not None
        and 0 < order.left < change_of.left
        and (order.limit_price, order.stop_price) == (change_of.limit_price, change_of.stop_price)
    )


def _terms(order: Order) -> tuple[Any, ...]:
    return tuple(getattr(order, name) for name in TERMS)
