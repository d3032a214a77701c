"""Which node follows."""

from typing import Any

from ..agents.analysts.tool_analysts import MOST

State = dict[str, Any]


def _analyst(state: State, name: str, count: str) -> str:
    called = bool(getattr(state["messages"][-1], "tool_calls", None))
    if called and state.get(count, 0) < MOST:
        return f"tools_{name}"
    return f"Msg Clear {name.capitalize()}"


class ConditionalLogic:
    def __init__(self, max_debate_rounds: int = 1, max_risk_discuss_rounds: int = 1) -> None:
        self.max_debate_rounds = max_debate_rounds
        self.max_risk_discuss_rounds = max_risk_discuss_rounds

    def should_continue_market(self, state: State) -> str:
        return _analyst(state, "market", "market_tool_call_count")

    def should_continue_social(self, state: State) -> str:
        return _analyst(state, "social", "sentiment_tool_call_count")

    def should_continue_news(self, state: State) -> str:
        return _analyst(state, "news", "news_tool_call_count")

    def should_continue_fundamentals(self, state: State) -> str:
        return _analyst(state, "fundamentals", "fundamentals_tool_call_count")

    def should_continue_debate(self, state: State) -> str:
        debate = state["investment_debate_state"]
        if debate["count"] >= 2 * self.max_debate_rounds:
            return "Research Manager"
        return "Bear Researcher" if debate["current_response"].startswith("Bull") else "Bull Researcher"

    def should_continue_risk_analysis(self, state: State) -> str:
        debate = state["risk_debate_state"]
        if debate["count"] >= 3 * self.max_risk_discuss_rounds:
            return "Risk Judge"
        after = {"Risky": "Safe Analyst", "Safe": "Neutral Analyst"}
        return after.get(debate["latest_speaker"], "Risky Analyst")
