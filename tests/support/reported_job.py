"""A job as get.job answers it, with every field."""

from typing import Any


def job(**changes: Any) -> dict[str, Any]:
    """Give the view of a job that ended with a degraded decision."""
    made: dict[str, Any] = {
        "job_id": "j-20130301-0001",
        "state": "done",
        "engine": "tradingagents_cn",
        "market": "US",
        "symbol": "AAPL",
        "date": "2013-03-01",
        "analysts": ["market", "news"],
        "debate_rounds": 1,
        "risk_rounds": 1,
        "quick_model": "quick-1",
        "deep_model": "deep-1",
        "principal": "local",
        "created_at": "2026-11-24T10:00:00.123456Z",
        "updated_at": "2026-11-24T10:05:12.5Z",
        "started_at": "2026-11-24T10:00:01Z",
        "ended_at": "2026-11-24T10:05:12.5Z",
        "elapsed_s": 311.5,
        "attempts": 2,
        "progress": 1.0,
        "stage": "",
        "tokens": {"input": 41234, "output": 9876, "total": 51110, "calls": 16},
        "cost": {"amount": 0.0521, "currency": "USD", "complete": False},
        "limits": {"max_s": 1800, "max_tokens": 2000000, "max_cost": None},
        "error": None,
        "signal": "buy",
        "recommendation": "buy",
        "confidence": 0.8,
        "decision": {
            "action": "buy",
            "confidence": 0.8,
            "target_price": 500.5,
            "risk_score": 0.35,
            "horizon": "3-6 months",
            "reasoning": "趋势向上，成交量配合。",
            "text": "## Final decision\n\n**Buy** in three steps:\n\n1. now\n2. at 420\n3. above 460",
        },
        "quality": {
            "verdict": "degraded",
            "flaws": [
                {"code": "empty_report", "message": "the news analyst's report is empty"},
                {"code": "no_data", "message": "news: tacore has no provider of news"},
            ],
        },
        "price": 430.47,
        "currency": "USD",
        "source": "sample",
        "simulated": False,
        "as_of": "2013-03-01",
        "engine_version": "1.0.0-preview (bd599607)",
        "reports": [
            {
                "name": "market",
                "title": "Market analyst",
                "text": "# 市场分析\n\nThe close of **430.47** is the low of its year.\n\n"
                "| window | return |\n| --- | ---: |\n| 5 sessions | -4.5 % |\n| 20 sessions | -5.1 % |\n\n"
                "- RSI 14: 33.9\n- below all averages\n\n```python\nprint('<b>')\n```",
            },
            {"name": "news", "title": "News analyst", "text": ""},
        ],
        "debates": [
            {"debate": "investment", "speaker": "Bull", "text": "It is *cheap*: ten times earnings."},
            {"debate": "investment", "speaker": "Bear", "text": "> It falls.\n\nAnd it goes on falling."},
            {"debate": "risk", "speaker": "Aggressive", "text": "Buy at once."},
        ],
        "tool_calls": [
            {
                "at": "2026-11-24T10:00:09.5Z",
                "node": "Market Analyst",
                "tool": "prices",
                "arguments": {"symbol": "AAPL", "lookback_days": 365},
                "source": "sample",
                "as_of": "2013-03-01",
                "simulated": False,
                "stale": False,
                "size": 6463,
                "took_ms": 1.879,
                "error": "",
            },
            {
                "at": "2026-11-24T10:01:30Z",
                "node": "News Analyst",
                "tool": "news",
                "arguments": {},
                "source": "",
                "as_of": "",
                "simulated": False,
                "stale": False,
                "size": 436,
                "took_ms": 0.01,
                "error": "tacore has no provider of news, for AAPL or any other instrument",
            },
        ],
        "usage": [
            usage("Market Analyst", "quick-1", 2, 12000, 1500, 0.0021),
            usage("Bull Researcher", "quick-1", 1, 20000, 3000, 0.0048),
            usage("Risk Judge", "deep-1", 1, 9234, 5376, None),
        ],
        "events": [
            {"id": 1, "at": "2026-11-24T10:00:00.2Z", "kind": "queued", "text": "queued", "data": {}},
            {"id": 2, "at": "2026-11-24T10:00:01Z", "kind": "started", "text": "attempt 1", "data": {}},
        ],
        "last_event_id": 2,
        "joined": False,
        "warnings": [],
    }
    return made | changes


def usage(node: str, model: str, calls: int, read: int, written: int, cost: float | None) -> dict[str, Any]:
    """Give what a model used in a node."""
    return {
        "node": node,
        "model": model,
        "calls": calls,
        "input_tokens": read,
        "output_tokens": written,
        "cost": cost,
    }
