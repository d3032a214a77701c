"""Debaters, the research manager, the trader and the portfolio manager."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage

from .schemas import DECISION, PLAN, PROPOSAL, render_decision
from .utils.structured import ask

State = dict[str, Any]
REPORTS = ("market_report", "sentiment_report", "news_report", "fundamentals_report", "investment_plan")


def case(state: State, task: str) -> str:
    head = f"{task} {state['instrument_context']} The analysis date is {state['trade_date']}."
    return "\n".join([head, *(state.get(each) or "" for each in REPORTS)])


def create_researcher(llm: Any, side: str) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["investment_debate_state"])
        said = llm.invoke(case(state, f"Argue as the {side}. {debate['history']}")).content
        speech = f"{side.title()} Analyst: {said}"
        debate[f"{side}_history"] = debate.get(f"{side}_history", "") + "\n" + speech
        debate |= {"history": debate["history"] + "\n" + speech, "current_response": speech}
        return {"investment_debate_state": debate | {"count": debate["count"] + 1}}

    return node


def create_research_manager(llm: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["investment_debate_state"])
        prompt = case(state, f"Judge the debate. {debate['history']}")
        plan = ask(llm, PLAN, prompt, lambda told: f"**{told['recommendation']}**\n\n{told['rationale']}")
        return {"investment_debate_state": debate | {"judge_decision": plan}, "investment_plan": plan}

    return node


def create_trader(llm: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        prompt = case(state, "Propose a transaction.")
        plan = ask(llm, PROPOSAL, prompt, lambda told: f"**Action**: {told['action']}\n\n{told['reasoning']}")
        return {"messages": [AIMessage(plan)], "trader_investment_plan": plan, "sender": "Trader"}

    return node


def create_risk_debater(llm: Any, view: str) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["risk_debate_state"])
        said = llm.invoke(case(state, f"Argue for {view} risk. {debate['history']}")).content
        speech = f"{view} Analyst: {said}"
        debate |= {"history": debate["history"] + "\n" + speech, "latest_speaker": view}
        return {"risk_debate_state": debate | {"count": debate["count"] + 1}}

    return node


def create_portfolio_manager(llm: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["risk_debate_state"])
        text = ask(llm, DECISION, case(state, f"Decide. {debate['history']}"), render_decision)
        return {"risk_debate_state": debate | {"judge_decision": text}, "final_trade_decision": text}

    return node
