"""From what an engine told to an outcome: its decision, and whether that is to be trusted."""

from collections.abc import Sequence

from tacore.analysis.agents.data import Seen
from tacore.analysis.agents.quality import of_currency, of_evidence, of_reports, of_target
from tacore.analysis.agents.signal import Unreadable, read_cn, read_tauric
from tacore.analysis.agents.told import Told
from tacore.model.jobs import Ask, Decision, Flaw, Outcome, Quality, ToolCall

__all__ = ["FLAWS", "Told", "Unreadable", "conclude"]

FLAWS = (
    "default_decision",
    "unparseable_signal",
    "analyst_failed",
    "cut_off",
    "empty_report",
    "no_evidence",
    "no_data",
    "stale_data",
    "simulated_data",
    "late_data",
    "target_currency",
    "target_out_of_range",
    "target_contradicts",
)
"""The codes of what may be wrong with a decision, in the order in which they are told."""


def conclude(ask: Ask, told: Told, tool_calls: Sequence[ToolCall], seen: Seen) -> Outcome:
    """Make the outcome of a finished run; Unreadable where no action can be read from it."""
    signal = (read_cn if ask.engine == "tradingagents_cn" else read_tauric)(told)
    in_another_currency = list(of_currency(signal.currencies, seen))
    target = None if in_another_currency else signal.target
    flaws = [
        *signal.flaws,
        *of_reports(ask, told),
        *of_evidence(ask, tool_calls, seen),
        *in_another_currency,
        *of_target(signal.action, target, seen),
    ]
    decision = Decision(
        action=signal.action,
        confidence=signal.confidence,
        target_price=target,
        risk_score=signal.risk_score,
        horizon=signal.horizon,
        reasoning=signal.reasoning,
        text=told.final_text,
    )
    return Outcome(
        decision=decision,
        quality=_quality(flaws),
        reports=tuple(told.reports),
        debates=tuple(told.debates),
        tool_calls=tuple(tool_calls),
        price=seen.price,
        currency=seen.currency,
        source=seen.source,
        simulated=seen.simulated,
        as_of=seen.as_of,
        engine_version=told.engine_version,
    )


def _quality(flaws: Sequence[Flaw]) -> Quality:
    ordered = sorted(flaws, key=lambda flaw: FLAWS.index(flaw.code))
    return Quality(verdict="degraded" if ordered else "ok", flaws=tuple(ordered))
