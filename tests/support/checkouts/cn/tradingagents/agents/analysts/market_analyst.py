"""Looks at prices: two calls in one node, the tool called in between."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from ..utils.names import company_name

State = dict[str, Any]


def system(state: State, task: str) -> SystemMessage:
    ticker = state["company_of_interest"]
    about = f"公司: {company_name(ticker)} 股票代码: {ticker} 分析日期: {state['trade_date']}"
    return SystemMessage(f"你是一位专业的分析师，{task}\n{about}")


def create_market_analyst(llm: Any, toolkit: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        tool = toolkit.get_stock_market_data_unified
        messages = [system(state, "请分析股票的行情与技术指标。"), *state["messages"]]
        first = llm.bind_tools([tool]).invoke(messages)
        if not first.tool_calls:
            return {"messages": [first], "market_report": first.content}
        call = first.tool_calls[0]
        try:
            seen = str(tool.invoke(call["args"]))
        except Exception as error:
            seen = f"工具执行失败: {error}"
        told = ToolMessage(seen, tool_call_id=call["id"])
        try:
            report = llm.invoke([*messages, first, told, HumanMessage("请根据数据写出报告。")]).content
        except Exception as error:
            report = f"市场分析师调用了工具但分析生成失败: {error}"
        said = [first, told, AIMessage(report)]
        return {"messages": said, "market_report": report, "market_tool_call_count": 1}

    return node
