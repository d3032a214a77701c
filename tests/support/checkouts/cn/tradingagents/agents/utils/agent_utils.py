"""The tools of the analysts. Each would go to the network."""

from typing import Any, ClassVar

from langchain_core.tools import tool

from ...dataflows.interface import forbidden
from ...default_config import DEFAULT_CONFIG


@tool
def get_stock_market_data_unified(ticker: str, start_date: str, end_date: str) -> str:
    """行情"""
    return forbidden("market")


@tool
def get_stock_fundamentals_unified(
    ticker: str, start_date: str = "", end_date: str = "", curr_date: str = ""
) -> str:
    """基本面"""
    return forbidden("fundamentals")


@tool
def get_stock_sentiment_unified(ticker: str, curr_date: str) -> str:
    """情绪"""
    return forbidden("sentiment")


@tool
def get_stock_news_unified(ticker: str, curr_date: str) -> str:
    """新闻"""
    return forbidden("news")


@tool
def get_google_news(query: str, curr_date: str) -> str:
    """A tool that only the engine's own nodes of tools have."""
    return forbidden("google news")


class Toolkit:
    _config: ClassVar[dict[str, Any]] = dict(DEFAULT_CONFIG)
    get_stock_market_data_unified = get_stock_market_data_unified
    get_stock_fundamentals_unified = get_stock_fundamentals_unified
    get_stock_sentiment_unified = get_stock_sentiment_unified
    get_stock_news_unified = get_stock_news_unified
    get_google_news = get_google_news

    def __init__(self, config: dict[str, Any]) -> None:
        self._config.update(config)

    @property
    def config(self) -> dict[str, Any]:
        return self._config
