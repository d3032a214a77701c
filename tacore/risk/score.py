"""risk_score and risk_level: a rule whose every number is configuration."""

from collections.abc import Mapping

from tacore.model.risk import Scale, ScoreSettings

_WHOLE = 100.0
SCALES = ("volatility", "drawdown", "concentration", "leverage", "stress")


def score_parts(
    settings: ScoreSettings, measured: Mapping[str, float | None], uncovered: float
) -> dict[str, float]:
    """Give the points of each scale; a measure that is not known gives all of its points.

    ``uncovered`` is the part of the portfolio that could not be measured: it counts as if it were as risky
    as can be, so that what is not known never looks safe.
    """
    covered = 1.0 - uncovered
    parts = {name: covered * _points(getattr(settings, name), measured[name]) for name in SCALES}
    return parts | {"not_measured": uncovered * _WHOLE}


def level(settings: ScoreSettings, score: float) -> str:
    """Name the level of a score."""
    if score >= settings.high_from:
        return "high"
    return "medium" if score >= settings.medium_from else "low"


def _points(scale: Scale, value: float | None) -> float:
    if value is None:
        return scale.points
    reached = (value - scale.none_at) / (scale.full_at - scale.none_at)
    return scale.points * min(1.0, max(0.0, reached))
