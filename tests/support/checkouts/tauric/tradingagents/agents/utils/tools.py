"""The tools of the analysts; each asks whichever vendor is configured."""

from langchain_core.tools import tool

from ...dataflows.interface import route_to_vendor


@tool
def get_stock_data(symbol: str, start_date: str, end_date: str) -> str:
    """Prices of a span of days."""
    return route_to_vendor("get_stock_data", symbol, start_date, end_date)


@tool
def get_indicators(symbol: str, indicator: str, curr_date: str, look_back_days: int = 30) -> str:
    """One technical indicator."""
    return route_to_vendor("get_indicators", symbol, indicator, curr_date, look_back_days)


@tool
def get_news(ticker: str, start_date: str, end_date: str) -> str:
    """News of a company."""
    return route_to_vendor("get_news", ticker, start_date, end_date)


@tool
def get_global_news(curr_date: str, look_back_days: int = 7, limit: int = 10) -> str:
    """News of the world."""
    return route_to_vendor("get_global_news", curr_date, look_back_days, limit)


@tool
def get_fundamentals(ticker: str, curr_date: str) -> str:
    """Figures of a company."""
    return route_to_vendor("get_fundamentals", ticker, curr_date)


@tool
def get_balance_sheet(ticker: str, freq: str = "quarterly", curr_date: str = "") -> str:
    """A company's balance sheet."""
    return route_to_vendor("get_balance_sheet", ticker, freq, curr_date)
