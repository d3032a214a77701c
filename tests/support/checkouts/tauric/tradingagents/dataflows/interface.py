"""Which vendor answers a question. The engine's own ones would go to the network, which no test has."""

from collections.abc import Callable
from typing import Any

from .errors import NoMarketDataError


class NetworkForbidden(BaseException):
    """The stand-in would have gone to a data source of its own: the runner has left one in place."""


def forbidden(*what: Any, **_more: Any) -> Any:
    raise NetworkForbidden(what)


TOOLS_CATEGORIES: dict[str, dict[str, Any]] = {
    "core_stock_apis": {"tools": ["get_stock_data"]},
    "technical_indicators": {"tools": ["get_indicators"]},
    "fundamental_data": {
        "tools": ["get_fundamentals", "get_balance_sheet", "get_cashflow", "get_income_statement"]
    },
    "news_data": {"tools": ["get_news", "get_global_news", "get_insider_transactions"]},
    "macro_data": {"tools": ["get_macro_indicators"]},
    "prediction_markets": {"tools": ["get_prediction_markets"]},
}
VENDOR_METHODS: dict[str, dict[str, Callable[..., Any]]] = {
    tool: {"yfinance": forbidden} for each in TOOLS_CATEGORIES.values() for tool in each["tools"]
}
CONFIG: dict[str, Any] = {}


def route_to_vendor(method: str, *arguments: Any) -> str:
    category = next(name for name, each in TOOLS_CATEGORIES.items() if method in each["tools"])
    vendor = CONFIG["tool_vendors"].get(method) or CONFIG["data_vendors"].get(category, "yfinance")
    try:
        return str(VENDOR_METHODS[method][vendor](*arguments))
    except NoMarketDataError as error:
        return f"NO_DATA_AVAILABLE: {error}"
