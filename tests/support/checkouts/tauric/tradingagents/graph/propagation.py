"""The state that a run begins with."""

from typing import Any


class Propagator:
    def __init__(self, max_recur_limit: int = 100) -> None:
        self.max_recur_limit = max_recur_limit

    def create_initial_state(
        self,
        company_name: str,
        trade_date: str,
        asset_type: str = "stock",
        past_context: str = "",
        instrument_context: str = "",
    ) -> dict[str, Any]:
        reports = ("market_report", "sentiment_report", "news_report", "fundamentals_report")
        return {
            "messages": [("human", company_name)],
            "company_of_interest": company_name,
            "asset_type": asset_type,
            "instrument_context": instrument_context,
            "trade_date": str(trade_date),
            "past_context": past_context,
            "investment_debate_state": {"history": "", "current_response": "", "count": 0},
            "risk_debate_state": {"history": "", "latest_speaker": "", "count": 0},
            **dict.fromkeys(reports, ""),
        }
