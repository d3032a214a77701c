"""Bull and bear, the trader, and the three views of risk."""

from collections.abc import Callable
from typing import Any

from .utils.names import company_name

State = dict[str, Any]
REPORTS = ("market_report", "sentiment_report", "news_report", "fundamentals_report")


def case(state: State, task: str) -> str:
    """Write a prompt of the reports so far."""
    ticker = state["company_of_interest"]
    reports = "\n".join(state.get(each) or "" for each in REPORTS)
    head = f"{task}\n公司: {company_name(ticker)} 股票代码: {ticker} 分析日期: {state['trade_date']}"
    return f"{head}\n{reports}\n{state.get('investment_plan') or ''}"


def create_researcher(llm: Any, side: str) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["investment_debate_state"])
        task = f"你是一位{'看涨' if side == 'bull' else '看跌'}分析师，请论证。"
        said = llm.invoke(case(state, f"{task}\n辩论: {debate['history']}")).content
        speech = f"{side.title()} Analyst: {said}"
        debate[f"{side}_history"] = debate.get(f"{side}_history", "") + "\n" + speech
        debate |= {"history": debate["history"] + "\n" + speech, "current_response": speech}
        return {"investment_debate_state": debate | {"count": debate["count"] + 1}}

    return node


def create_trader(llm: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        said = llm.invoke(case(state, "你是一位交易员，请给出交易计划。"))
        return {"messages": [said], "trader_investment_plan": said.content, "sender": "Trader"}

    return node


def create_risk_debater(llm: Any, view: str) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["risk_debate_state"])
        said = llm.invoke(
            case(state, f"你是风险分析师（{view}），请评价。\n辩论: {debate['history']}")
        ).content
        speech = f"{view} Analyst: {said}"
        name = view.lower()
        debate[f"{name}_history"] = debate.get(f"{name}_history", "") + "\n" + speech
        debate |= {"history": debate["history"] + "\n" + speech, "latest_speaker": view}
        debate |= {f"current_{name}_response": speech, "count": debate["count"] + 1}
        return {"risk_debate_state": debate}

    return node
