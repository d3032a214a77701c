"""Which market a ticker is of, by its looks."""

import re

MARKETS = {"china": r"\d{6}", "hong_kong": r"\d{4,5}(\.HK)?", "us": r"[A-Z]{1,5}"}


def identify_market(ticker: str) -> str:
    return next((name for name, form in MARKETS.items() if re.fullmatch(form, ticker)), "unknown")
