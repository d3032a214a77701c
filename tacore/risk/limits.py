"""What a proposed trade would exceed."""

from tacore.model.risk import LimitSettings
from tacore.risk.measure import Holdings
from tacore.risk.report import Exceeded, Measures


def exceeded(
    limits: LimitSettings, before: Measures, after: Measures, held: Holdings, then: Holdings
) -> list[Exceeded]:
    """Name the limits that the portfolio after the trade is over, whether or not it was before."""
    pairs = (
        ("max_weight", limits.max_weight, before.largest_weight, after.largest_weight),
        ("max_var_pct", limits.max_var_pct, before.var_pct, after.var_pct),
        ("max_leverage", limits.max_leverage, before.leverage, after.leverage),
        (
            "max_days_to_liquidate",
            limits.max_days_to_liquidate,
            before.days_to_liquidate,
            after.days_to_liquidate,
        ),
        ("max_stress_loss_pct", limits.max_stress_loss_pct, before.worst_stress_pct, after.worst_stress_pct),
        ("max_risk_score", limits.max_risk_score, before.risk_score, after.risk_score),
    )
    found = [
        Exceeded(limit=name, allowed=allowed, before=was, after=will)
        for name, allowed, was, will in pairs
        if allowed is not None and will is not None and will > allowed
    ]
    if limits.max_leverage is not None and after.leverage is None:
        found.append(
            Exceeded(limit="max_leverage", allowed=limits.max_leverage, before=before.leverage, after=None)
        )
    if then.cash < min(0.0, held.cash):
        found.append(Exceeded(limit="cash", allowed=0.0, before=held.cash, after=then.cash))
    return found
