"""Analysts whose tools have a node of their own: sentiment and fundamentals."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from .market_analyst import State, system

MOST = 3
"""Looks at data after which an analyst is cut off."""


def create_social_media_analyst(llm: Any, toolkit: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        messages = [system(state, "请分析市场情绪。"), *state["messages"]]
        said = llm.bind_tools([toolkit.get_stock_sentiment_unified]).invoke(messages)
        if said.tool_calls:
            count = state.get("sentiment_tool_call_count", 0) + 1
            return {"messages": [said], "sentiment_report": "", "sentiment_tool_call_count": count}
        return {"messages": [said], "sentiment_report": said.content}

    return node


def create_fundamentals_analyst(llm: Any, toolkit: Any) -> Callable[[State], State]:
    def forced(state: State, messages: list[Any]) -> str:
        tool = toolkit.get_stock_fundamentals_unified
        ticker, day = state["company_of_interest"], state["trade_date"]
        try:
            seen = tool.invoke({"ticker": ticker, "start_date": day, "end_date": day, "curr_date": day})
            return str(llm.invoke([*messages, HumanMessage(f"数据如下: {seen}")]).content)
        except Exception as error:
            return f"基本面分析失败：{error}"

    def node(state: State) -> State:
        if not toolkit.config["online_tools"]:
            raise ValueError("online_tools")
        messages = [system(state, "请分析基本面。"), *state["messages"]]
        said = llm.bind_tools([toolkit.get_stock_fundamentals_unified]).invoke(messages)
        count = state.get("fundamentals_tool_call_count", 0)
        if said.tool_calls:
            return {"messages": [said], "fundamentals_tool_call_count": count + 1}
        report = said.content if count else forced(state, messages)
        return {"messages": [AIMessage(report)], "fundamentals_report": report}

    return node
