"""What answers have to hold, and how a decision reads."""

from collections.abc import Mapping
from typing import Any

RATINGS = ["Buy", "Overweight", "Hold", "Underweight", "Sell"]


def schema(title: str, properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"title": title, "type": "object", "properties": properties, "required": required}


TEXT = {"type": "string"}
PLAN = schema(
    "ResearchPlan", {"recommendation": {"enum": RATINGS}, "rationale": TEXT}, ["recommendation", "rationale"]
)
PROPOSAL = schema(
    "TraderProposal",
    {"action": {"enum": ["Buy", "Hold", "Sell"]}, "reasoning": TEXT},
    ["action", "reasoning"],
)
SENTIMENT = schema("SentimentReport", {"score": {"type": "number"}, "summary": TEXT}, ["score", "summary"])
DECISION = schema(
    "PortfolioDecision",
    {
        "rating": {"$ref": "#/$defs/Rating"},
        "executive_summary": TEXT,
        "investment_thesis": TEXT,
        "price_target": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "time_horizon": {"anyOf": [TEXT, {"type": "null"}]},
    },
    ["rating", "executive_summary", "investment_thesis"],
) | {"$defs": {"Rating": {"enum": RATINGS, "type": "string"}}}


def render_decision(told: dict[str, Any]) -> str:
    lines = [
        f"**Rating**: {told['rating']}",
        f"**Executive Summary**: {told['executive_summary']}",
        f"**Investment Thesis**: {told['investment_thesis']}",
    ]
    optional = {"Price Target": "price_target", "Time Horizon": "time_horizon"}
    lines += [f"**{title}**: {told[key]}" for title, key in optional.items() if told.get(key) is not None]
    return "\n\n".join(lines)
