"""Several parts as one verdict, with what they disagree on.

    score       sum(weight * score) / sum(weight), over the parts that are there
    agreement   1 - the mean, over all pairs of parts, of 1 for buy against sell, 0.5 for either against hold
    confidence  sum(weight * confidence) / all weights * (0.5 + 0.5 * agreement)

A part that is missing thus counts as no confidence at all in its share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from tacore.analysis.answer import Part, Signal
from tacore.analysis.weighing import Weighed, signal_of

WEIGHTS: Mapping[str, float] = {"technical": 50.0, "fundamental": 35.0, "risk": 15.0}
_PLACE: Mapping[str, float] = {"buy": 1.0, "hold": 0.5, "sell": 0.0}


@dataclass(frozen=True, slots=True)
class Combined:
    """The verdict over all parts."""

    score: float
    signal: Signal
    confidence: float
    disagreements: list[str]


def combine(weighed: Mapping[str, Weighed]) -> Combined:
    """Weigh the parts that are there, at least one, against each other."""
    weights = {name: WEIGHTS[name] for name in weighed}
    score = sum(weights[name] * part.score for name, part in weighed.items()) / sum(weights.values())
    sure = sum(weights[name] * part.confidence for name, part in weighed.items()) / sum(WEIGHTS.values())
    return Combined(
        score=score,
        signal=signal_of(score),
        confidence=sure * (0.5 + 0.5 * agreement(weighed)),
        disagreements=[_said(one, weighed[one], two, weighed[two]) for one, two in _apart(weighed)],
    )


def parts(weighed: Mapping[str, Weighed], missing: Mapping[str, str]) -> dict[str, Part]:
    """Show each part: its verdict, or why there is none."""
    there = {
        name: Part(
            status="ok",
            signal=each.signal,
            score=each.score,
            confidence=each.confidence,
            reasons=each.reasons(),
        )
        for name, each in weighed.items()
    }
    return there | {name: Part(status="unavailable", reason=reason) for name, reason in missing.items()}


def agreement(weighed: Mapping[str, Weighed]) -> float:
    """Tell how far the signals agree, 0 to 1."""
    pairs = list(combinations(weighed.values(), 2))
    gaps = [abs(_PLACE[one.signal] - _PLACE[two.signal]) for one, two in pairs]
    return 1 - sum(gaps) / len(gaps) if gaps else 1.0


def _apart(weighed: Mapping[str, Weighed]) -> list[tuple[str, str]]:
    return [(one, two) for one, two in combinations(weighed, 2) if weighed[one].signal != weighed[two].signal]


def _said(one: str, first: Weighed, two: str, second: Weighed) -> str:
    return f"{one} says {first.signal} ({first.score:+.0f}), {two} says {second.signal} ({second.score:+.0f})"
