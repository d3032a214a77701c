"""The widths that bars come in, and the spellings that clients use for them."""

from tacore.errors import bad_param

TIMEFRAMES = ("1m", "5m", "15m", "1h", "1d", "1w")
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}
_SPELLINGS = {
    "1min": "1m",
    "5min": "5m",
    "15min": "15m",
    "60m": "1h",
    "60min": "1h",
    "hour": "1h",
    "hourly": "1h",
    "1day": "1d",
    "d": "1d",
    "day": "1d",
    "daily": "1d",
    "1wk": "1w",
    "1week": "1w",
    "w": "1w",
    "week": "1w",
    "weekly": "1w",
}


def timeframe(spelling: str) -> str:
    """Give the timeframe that a spelling means; InvalidParams names the ones there are."""
    word = spelling.strip()
    # 1M is a month elsewhere: taking it for a minute would be wrong by a factor of 40,000.
    found = "" if word == "1M" else _SPELLINGS.get(word.lower(), word.lower())
    if found not in TIMEFRAMES:
        raise bad_param(
            "timeframe", "there is no such timeframe", value=spelling, allowed=TIMEFRAMES, near=word
        )
    return found


def refuse_timeframe(wanted: str, provider: str, allowed: tuple[str, ...]) -> None:
    """Raise InvalidParams where a provider has no bars of that width."""
    if wanted not in allowed:
        raise bad_param("timeframe", f"{provider} has no {wanted} bars", value=wanted, allowed=allowed)
