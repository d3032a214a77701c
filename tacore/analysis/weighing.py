"""How evidence becomes a signal: rules with weights vote, and the votes are weighed.

vote        -1 to 1, read off the rule's curve at its measured value
score       100 * sum(weight * vote) / sum(weight), over the rules whose numbers there are
signal      buy from +BUY on, sell from -BUY down, else hold
distance    |score| beyond the threshold over what lies beyond it; for hold, how far within it
conflict    min(for, against) / (for + against), of the points on each side: 0 to 0.5
confidence  coverage * (0.5 + 0.5 * distance) * (1 - conflict), coverage = sum(weight) / all weights
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tacore.analysis.answer import Evidence, Signal

BUY = 20.0
_FAINT = 0.05  # a vote below it is silence
_MOST_REASONS = 5

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one measure says.

    ``inputs`` name the values that ``measure`` takes, in order; it gives None where it has nothing to go by.
    ``curve`` is (value, vote) pairs, joined by lines and level beyond the ends. ``up`` and ``down`` say it in
    words for a vote of either sign, with {value} and any value by its name.
    """

    name: str
    group: str
    weight: float
    inputs: tuple[str, ...]
    measure: Callable[..., float | None]
    curve: tuple[tuple[float, float], ...]
    up: str
    down: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a set of rules came to; evidence is sorted by the size of its points."""

    score: float
    signal: Signal
    confidence: float
    coverage: float
    evidence: list[Evidence]
    groups: dict[str, float | None]

    def reasons(self) -> list[str]:
        """Say what counted most, those on the signal's side first."""
        side = {"buy": "for", "sell": "against"}.get(self.signal)
        ordered = sorted(self.evidence, key=lambda each: each.side != side) if side else self.evidence
        return [f"{each.what} ({each.points:+.1f} of {each.weight:g})" for each in ordered[:_MOST_REASONS]]

    def words(self, group: str, side: str) -> list[str]:
        """Give a group's evidence on one side in words."""
        return [each.what for each in self.evidence if (each.group, each.side) == (group, side)]


def vote(curve: Sequence[tuple[float, float]], value: float) -> float:
    """Read a curve at a value."""
    if value <= curve[0][0]:
        return curve[0][1]
    for (left, low), (right, high) in pairwise(curve):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return curve[-1][1]


def signal_of(score: float) -> Signal:
    """Give the signal that a score means."""
    if abs(score) < BUY:
        return "hold"
    return "buy" if score > 0 else "sell"


def distance(score: float) -> float:
    """Tell how clear a score is, 0 at the threshold between two signals, 1 at the far end of its own."""
    size = abs(score)
    return (size - BUY) / (100 - BUY) if size >= BUY else (BUY - size) / BUY


def weigh(rules: Sequence[Rule], values: Values, bar: str) -> Weighed:
    """Let the rules vote; a rule that lacks a value does not."""
    votes = [(rule, found) for rule in rules if (found := _measure(rule, values)) is not None]
    points = {rule.name: rule.weight * vote(rule.curve, value) for rule, value in votes}
    evidence = [
        _evidence(rule, value, points[rule.name], values, bar)
        for rule, value in votes
        if abs(points[rule.name]) >= _FAINT * rule.weight
    ]
    score = _score([rule for rule, _ in votes], points) or 0.0
    coverage = sum(rule.weight for rule, _ in votes) / sum(rule.weight for rule in rules)
    confidence = coverage * (0.5 + 0.5 * distance(score)) * (1 - _conflict(list(points.values())))
    groups = {
        name: _score([rule for rule, _ in votes if rule.group == name], points)
        for name in dict.fromkeys(rule.group for rule in rules)
    }
    evidence.sort(key=lambda each: (-abs(each.points), each.rule))
    return Weighed(score, signal_of(score), confidence, coverage, evidence, groups)


def _measure(rule: Rule, values: Values) -> float | None:
    given = [values.get(name) for name in rule.inputs]
    return None if any(each is None for each in given) else rule.measure(*given)


def _score(rules: Sequence[Rule], points: Mapping[str, float]) -> float | None:
    weights = sum(rule.weight for rule in rules)
    return 100 * sum(points[rule.name] for rule in rules) / weights if weights else None


def _conflict(points: Sequence[float]) -> float:
    above = sum(each for each in points if each > 0)
    below = -sum(each for each in points if each < 0)
    return min(above, below) / (above + below) if above + below else 0.0


def _evidence(rule: Rule, value: float, points: float, values: Values, bar: str) -> Evidence:
    text = rule.up if points > 0 else rule.down
    named = {name: values[name] for name in rule.inputs}
    return Evidence(
        side="for" if points > 0 else "against",
        what=text.format(value=value, size=abs(value), **named),
        rule=rule.name,
        group=rule.group,
        value=value,
        bar=bar,
        weight=rule.weight,
        points=points,
    )
