"""A snapshot of prices that a report is checked against."""

from langchain_core.tools import tool

from ...dataflows.interface import forbidden


def build_verified_market_snapshot(symbol: str, curr_date: str, look_back_days: int = 30) -> str:
    return str(forbidden("snapshot"))


@tool
def get_verified_market_snapshot(symbol: str, curr_date: str, look_back_days: int = 30) -> str:
    """A verified snapshot of the market on a date."""
    return build_verified_market_snapshot(symbol, curr_date, look_back_days)
