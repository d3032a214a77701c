"""What a job costs, and whether it has used up what it may use."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from tacore.model.jobs import Fault, Job, Limits, Spent

_PER = 1_000_000
MOST = 2**53
"""Tokens of a call have to be fewer, so that sums stay exact everywhere."""


class Price(Protocol):
    """What a million tokens cost, read and written."""

    @property
    def input(self) -> Decimal:
        """Of what the model reads."""
        ...

    @property
    def output(self) -> Decimal:
        """Of what it writes."""
        ...


def priced(spent: Spent, prices: Mapping[str, Price]) -> Spent:
    """Say what calls cost; None where their model has no price, or its server counts no tokens.

    What estimated tokens may cost is told apart. ValueError for counts that no server can mean.
    """
    for name in ("calls", "input_tokens", "output_tokens"):
        if not 0 <= getattr(spent, name) < MOST:
            raise ValueError(f"{name} is {getattr(spent, name)}; allowed: from 0 to {MOST - 1}")
    price = prices.get(spent.model)
    cost = None
    if price is not None and spent.input_tokens + spent.output_tokens:
        cost = (spent.input_tokens * price.input + spent.output_tokens * price.output) / _PER
    if spent.estimated:
        return msgspec.structs.replace(spent, cost=None, complete=False, estimated_cost=cost)
    return msgspec.structs.replace(spent, cost=cost, complete=cost is not None, estimated_cost=None)


def sum_of(one: Spent, other: Spent) -> Spent:
    """Add up what calls of one model in one node used; what is known stays known beside what is not."""
    return Spent(
        node=one.node,
        model=one.model,
        calls=one.calls + other.calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost=_known(one.cost, other.cost),
        complete=one.complete and other.complete,
        estimated=one.estimated or other.estimated,
        estimated_cost=_known(one.estimated_cost, other.estimated_cost),
    )


def _known(*costs: Decimal | None) -> Decimal | None:
    known = [each for each in costs if each is not None]
    return sum(known, Decimal(0)) if known else None


def tokens_of(spent: Sequence[Spent]) -> int:
    """Count tokens, read and written."""
    return sum(each.input_tokens + each.output_tokens for each in spent)


def cost_of(spent: Sequence[Spent]) -> Decimal:
    """Add up what has a price, and what may have cost as much by an estimate."""
    costs = [cost for each in spent for cost in (each.cost, each.estimated_cost)]
    return _known(*costs) or Decimal(0)


def used_up(job: Job) -> Fault | None:
    """Say which limit a job has passed by what its models used, with figures; None where it may go on."""
    tokens, cost, limits = tokens_of(job.spent), cost_of(job.spent), job.limits
    about = " by an estimate, for its model's server does not count" * any(e.estimated for e in job.spent)
    if tokens > limits.max_tokens:
        message = f"it has used {tokens:,} tokens{about}; allowed: {limits.max_tokens:,}"
        return Fault(code="token_limit", message=message)
    if limits.max_cost is not None and cost > limits.max_cost:
        currency = job.cost_currency
        message = f"it has cost {cost:f} {currency}{about}; allowed: {limits.max_cost:f} {currency}"
        return Fault(code="cost_limit", message=message)
    return None


def too_long(ran_s: float, max_s: float) -> Fault:
    """Say that a job has run for too long, in all of its attempts."""
    return Fault(code="time_limit", message=f"it has run {ran_s:,.1f} s; allowed: {max_s:,g} s")


def covers(limits: Limits, wanted: Limits) -> bool:
    """Tell whether a job with these limits may use at least as much as is wanted."""
    money = limits.max_cost is None or (wanted.max_cost is not None and limits.max_cost >= wanted.max_cost)
    return money and limits.max_s >= wanted.max_s and limits.max_tokens >= wanted.max_tokens


def extended(job: Job, allotment: Limits) -> Limits:
    """Give what a job may use that an operator has go on: what it has used, and as much again as at first."""
    more = None if allotment.max_cost is None else cost_of(job.spent) + allotment.max_cost
    return Limits(
        max_s=job.ran_s + allotment.max_s,
        max_tokens=tokens_of(job.spent) + allotment.max_tokens,
        max_cost=more,
    )
