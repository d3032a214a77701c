"""Reads news. It drops the answer of a model that calls the tool; one of some names gets the news before."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from ...dataflows.interface import forbidden
from .market_analyst import State, system

ENOUGH = 100
"""Characters above which a text counts as news."""


def create_unified_news_tool(toolkit: Any) -> Callable[..., str]:
    def get_stock_news_unified(stock_code: str, max_news: int = 10, model_info: str = "") -> str:
        """统一新闻获取工具"""
        return forbidden("unified news")

    get_stock_news_unified.name = "get_stock_news_unified"  # type: ignore[attr-defined]
    return get_stock_news_unified


def create_news_analyst(llm: Any, toolkit: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        tool = create_unified_news_tool(toolkit)
        ticker = state["company_of_interest"]
        messages = [system(state, "请分析新闻。"), *state["messages"]]
        if "DeepSeek" in type(llm).__name__:
            try:
                news = tool(stock_code=ticker, max_news=10)
                if len(news) > ENOUGH:
                    report = llm.invoke([*messages, HumanMessage(f"新闻如下: {news}")]).content
                    return {"messages": [AIMessage(report)], "news_report": report}
            except Exception as error:
                messages = [*messages, HumanMessage(f"预取失败: {type(error).__name__}")]
        first = llm.bind_tools([tool]).invoke(messages)
        report = first.content
        if not first.tool_calls:
            news = tool(stock_code=ticker, max_news=10)
            if len(news) > ENOUGH:
                report = llm.invoke([*messages, HumanMessage(f"新闻如下: {news}")]).content
        return {"messages": [AIMessage(report)], "news_report": report, "news_tool_call_count": 1}

    return node
