"""How much of a market's trading fills a year: what turns a bar's figure into a yearly one."""

from tacore.market.hours import Hours
from tacore.market.timeframes import MINUTES

_WEEKS = 52.0


def sessions_per_year(hours: Hours) -> float:
    """Give the sessions of a year: 365 where every day is one, else the customary 252."""
    return 365.0 if hours.every_day else 252.0


def bars_per_year(hours: Hours, timeframe: str) -> float:
    """Give the bars of a year."""
    if timeframe == "1w":
        return _WEEKS
    bars = len(hours.edges(MINUTES[timeframe])) if timeframe in MINUTES else 1
    return sessions_per_year(hours) * bars
