"""What a company's figures say, by rules of thumb; which of them there are is the provider's."""

from tacore.analysis.weighing import Rule, Weighed, weigh
from tacore.model import Fundamentals


def _itself(value: float) -> float:
    return value


def _if_earning(ratio: float) -> float | None:
    """Give a price to earnings ratio; that of a loss says nothing (eps does)."""
    return ratio if ratio > 0 else None


RULES: tuple[Rule, ...] = (
    Rule(
        "price_to_earnings",
        "value",
        18,
        ("price_to_earnings",),
        _if_earning,
        ((10, 1), (20, 0), (40, -1)),
        "{value:.1f} times earnings is cheap",
        "{value:.1f} times earnings is dear",
    ),
    Rule(
        "price_to_book",
        "value",
        8,
        ("price_to_book",),
        _if_earning,
        ((1, 1), (3, 0), (8, -1)),
        "{value:.1f} times book value is cheap",
        "{value:.1f} times book value is dear",
    ),
    Rule(
        "price_to_sales",
        "value",
        6,
        ("price_to_sales",),
        _if_earning,
        ((1, 1), (4, 0), (12, -1)),
        "{value:.1f} times sales is cheap",
        "{value:.1f} times sales is dear",
    ),
    Rule(
        "dividend_yield",
        "value",
        6,
        ("dividend_yield_pct",),
        _itself,
        ((0, 0), (4, 1)),
        "a dividend yield of {value:.1f} %",
        "no dividend",
    ),
    Rule(
        "earnings",
        "growth",
        10,
        ("earnings_per_share",),
        _itself,
        ((-0.01, -1), (0.01, 1)),
        "it earns {value:.2f} a share",
        "it loses {size:.2f} a share",
    ),
    Rule(
        "revenue_growth",
        "growth",
        12,
        ("revenue_growth_pct",),
        _itself,
        ((-10, -1), (5, 0), (20, 1)),
        "revenue grew by {value:.1f} %",
        "revenue changed by {value:+.1f} %",
    ),
    Rule(
        "earnings_growth",
        "growth",
        12,
        ("earnings_growth_pct",),
        _itself,
        ((-15, -1), (5, 0), (25, 1)),
        "earnings grew by {value:.1f} %",
        "earnings changed by {value:+.1f} %",
    ),
    Rule(
        "profit_margin",
        "quality",
        10,
        ("profit_margin_pct",),
        _itself,
        ((0, -1), (8, 0), (20, 1)),
        "a profit margin of {value:.1f} %",
        "a profit margin of only {value:.1f} %",
    ),
    Rule(
        "return_on_equity",
        "quality",
        10,
        ("return_on_equity_pct",),
        _itself,
        ((0, -1), (10, 0), (25, 1)),
        "a return on equity of {value:.1f} %",
        "a return on equity of only {value:.1f} %",
    ),
    Rule(
        "debt_to_equity",
        "quality",
        8,
        ("debt_to_equity",),
        _itself,
        ((0, 1), (1, 0), (2.5, -1)),
        "debt of {value:.2f} times equity is little",
        "debt of {value:.2f} times equity is much",
    ),
)


_NO_FIGURES = frozenset({"as_of", "source"})


def figures_of(figures: Fundamentals) -> dict[str, float | None]:
    """Give a company's figures by name."""
    return {name: getattr(figures, name) for name in figures.__struct_fields__ if name not in _NO_FIGURES}


def fundamental(figures: Fundamentals, bar: str) -> Weighed | None:
    """Weigh a company's figures; None where no rule has one to go by."""
    weighed = weigh(RULES, figures_of(figures), bar)
    return weighed if weighed.coverage else None
