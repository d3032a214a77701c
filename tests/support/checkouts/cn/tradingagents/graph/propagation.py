"""The state that a run begins with, and how its graph is called."""

from typing import Any

from langchain_core.messages import HumanMessage


class Propagator:
    def __init__(self, max_recur_limit: int = 100) -> None:
        self.max_recur_limit = max_recur_limit

    def create_initial_state(self, company_name: str, trade_date: str) -> dict[str, Any]:
        asked = f"请对股票 {company_name} 进行全面分析，交易日期为 {trade_date}。"
        views = ("risky", "safe", "neutral")
        risk = {"history": "", "count": 0, **{f"current_{each}_response": "" for each in views}}
        reports = ("market_report", "sentiment_report", "news_report", "fundamentals_report")
        return {
            "messages": [HumanMessage(asked)],
            "company_of_interest": company_name,
            "trade_date": str(trade_date),
            "investment_debate_state": {"history": "", "current_response": "", "count": 0},
            "risk_debate_state": risk,
            **dict.fromkeys(reports, ""),
        }

    def get_graph_args(self, use_progress_callback: bool = False) -> dict[str, Any]:
        mode = "updates" if use_progress_callback else "values"
        return {"stream_mode": mode, "config": {"recursion_limit": self.max_recur_limit}}
