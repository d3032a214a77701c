"""Feels the market: it looks at news and posts by itself, of which no callback tells."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage

from ...dataflows.interface import forbidden
from ..schemas import SENTIMENT
from ..utils.structured import ask
from ..utils.tools import get_news

State = dict[str, Any]


def fetch_stocktwits_messages(ticker: str, limit: int = 30) -> str:
    return str(forbidden("stocktwits"))


def fetch_reddit_posts(ticker: str) -> str:
    return str(forbidden("reddit"))


def create_sentiment_analyst(llm: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        ticker, day = state["company_of_interest"], state["trade_date"]
        seen = [get_news.func(ticker, day, day), fetch_stocktwits_messages(ticker, limit=30)]
        seen += [fetch_reddit_posts(ticker)]
        head = f"{state['instrument_context']} The analysis date is {day}. What do investors feel?"
        prompt = "\n".join([head, *seen])
        report = ask(llm, SENTIMENT, prompt, lambda told: f"**Score**: {told['score']}\n\n{told['summary']}")
        return {"messages": [AIMessage(report)], "sentiment_report": report}

    return node
