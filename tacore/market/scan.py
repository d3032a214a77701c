"""What a scan looks at: criteria over quotes, a score, signals, and orders to sort by."""

from collections.abc import Mapping
from dataclasses import dataclass

from tacore.errors import InvalidParams, bad_param
from tacore.model import Instrument, Quote

FEATURES = ("price", "change_pct", "volume")
CRITERIA = tuple(name for each in FEATURES for name in (f"min_{each}", f"max_{each}", f"{each}_range"))
SORTS = ("score", *FEATURES, "symbol")
# What clients call a scan, as what to sort by and whether the largest come first.
SCAN_TYPES: Mapping[str, tuple[str, bool]] = {
    "default": ("score", True),
    "most_active": ("volume", True),
    "top_gainers": ("change_pct", True),
    "top_losers": ("change_pct", False),
}
_SPELLINGS = {
    "min_change": "min_change_pct",
    "max_change": "max_change_pct",
    "change_range": "change_pct_range",
}
_FULL_SCALE_PCT = 10.0
_STRONG_PCT = 3.0
_NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Band:
    """A closed interval of one feature; None leaves a side open."""

    low: float | None
    high: float | None

    def holds(self, value: float | None) -> bool:
        """Tell whether a value lies within; a value that is not known never does."""
        if value is None:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def band(feature: str, lows: list[float | None], highs: list[float | None]) -> Band | None:
    """Make the interval that meets all bounds, None without any; InvalidParams where it would be empty."""
    low = max((each for each in lows if each is not None), default=None)
    high = min((each for each in highs if each is not None), default=None)
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        raise InvalidParams(
            f"criteria: the least {feature} wanted is above the greatest",
            details={f"criteria.{feature}": {"problem": "min is above max", "value": [low, high]}},
        )
    return Band(low, high)


def name_criteria(criteria: Mapping[str, object]) -> dict[str, object]:
    """Give criteria by their own names; an unknown one is InvalidParams, since it changes the result."""
    named: dict[str, object] = {}
    for spelling, value in criteria.items():
        name = _SPELLINGS.get(spelling, spelling)
        if name not in CRITERIA:
            field = f"criteria.{spelling}"
            raise bad_param(field, "there is no such criterion", value=value, allowed=CRITERIA, near=spelling)
        if name in named and named[name] != value:
            raise bad_param(f"criteria.{spelling}", f"disagrees with {name}", value=value)
        named[name] = value
    return named


@dataclass(frozen=True, slots=True)
class Look:
    """One instrument as a scan sees it; ``range_place`` is 0 at the session's low and 1 at its high."""

    instrument: Instrument
    quote: Quote

    @property
    def change(self) -> float:
        """The change in percent, 0 where it is not known."""
        return float(self.quote.change_pct or 0)

    @property
    def range_place(self) -> float:
        """Where the price stands between the session's low and high; the middle where they are one."""
        low, high = self.quote.low, self.quote.high
        return float((self.quote.price - low) / (high - low)) if high > low else 0.5

    @property
    def score(self) -> float:
        """0 to 100: 60 for the change, -10 % to +10 %, and 40 for the place between low and high."""
        momentum = (max(-1.0, min(1.0, self.change / _FULL_SCALE_PCT)) + 1) / 2
        return round(60 * momentum + 40 * self.range_place, 1)

    @property
    def signals(self) -> list[str]:
        """Name what stands out."""
        found = {
            "strong_up": self.change >= _STRONG_PCT,
            "strong_down": self.change <= -_STRONG_PCT,
            "near_high": self.range_place >= 1 - _NEAR,
            "near_low": self.range_place <= _NEAR,
        }
        return [name for name, holds in found.items() if holds]

    def feature(self, name: str) -> float | None:
        """Give one of FEATURES; None where it is not known."""
        value = getattr(self.quote, name)
        return None if value is None else float(value)


def meets(look: Look, bands: Mapping[str, Band]) -> bool:
    """Tell whether an instrument meets every criterion."""
    return all(each.holds(look.feature(feature)) for feature, each in bands.items())


def sort_looks(looks: list[Look], sort_by: str, *, descending: bool) -> list[Look]:
    """Sort, ties by symbol, what has no value last."""
    looks = sorted(looks, key=lambda look: look.instrument.symbol)
    if sort_by == "symbol":
        return looks[::-1] if descending else looks
    valued = [(look.score if sort_by == "score" else look.feature(sort_by), look) for look in looks]
    known = [(value, look) for value, look in valued if value is not None]
    known.sort(key=lambda pair: -pair[0] if descending else pair[0])
    return [look for _, look in known] + [look for value, look in valued if value is None]
