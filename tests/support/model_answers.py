"""What the scripted model writes: a tool call, values of a schema, a decision or a report, by the prompt."""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

DAY = r"(20\d\d-\d\d-\d\d)"
NAME = r"([A-Za-z0-9.\-^=]{1,12})"
SYMBOL_AT = (
    rf"股票代码[：:]\s*{NAME}",
    rf"stock_code='{NAME}",
    rf"ticker='{NAME}",
    rf"analyze is `{NAME}`",
    rf"当前公司是{NAME}",
    rf"请对股票 {NAME}",
    rf"股票 {NAME}",
    r"\b(\d{6}|\d{4,5}\.HK)\b",
)
DAY_AT = (
    rf"分析日期[：:]\s*{DAY}",
    rf"当前日期是?[：:]?\s*{DAY}",
    rf"交易日期为 {DAY}",
    rf"analysis date is {DAY}",
    rf"Today's date is {DAY}",
    DAY,
)
PRICE_AT = (
    r"(?s).*\| 20\d\d-\d\d-\d\d \|(?: [\d.]+ \|){3} ([\d.]+) \|",
    r"(?:最新价|收盘价|当前价格?|现价|[Cc]lose)\**\s*[：:|]\s*[¥$]?(\d+(?:\.\d+)?)",
    r"closed at (\d+(?:\.\d+)?)",
)
DECISION_ASKED = '"action": "买入/持有/卖出"'
"""What the prompt of TradingAgents-CN's last call asks the answer to hold."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is to decide, and whether it looks at data first.

    ``phrases`` answers a prompt that holds a key with that key's text, whatever else it asks. ``target`` None
    is a tenth above the price in the prompt.
    """

    action: str = "买入"
    rating: str = "Buy"
    target: float | None = None
    confidence: float = 0.8
    risk_score: float = 0.35
    uses_tools: bool = True
    phrases: Mapping[str, str] = {}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: a text, or the arguments of one tool."""

    text: str | None = None
    tool: str = ""
    arguments: Mapping[str, Any] = {}

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """Give the call as the protocol has it."""
        if not self.tool:
            return []
        function = {"name": self.tool, "arguments": json.dumps(self.arguments, ensure_ascii=False)}
        return [{"id": f"call_{uuid.uuid4().hex[:12]}", "type": "function", "function": function}]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt is about."""

    symbol: str
    day: str
    price: float


def prompt_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """Join the texts of the messages, parts included."""
    contents = [each.get("content") or "" for each in messages]
    return "\n".join(
        each if isinstance(each, str) else " ".join(part.get("text", "") for part in each)
        for each in contents
    )


def facts_of(prompt: str) -> Facts:
    """Find symbol, day and price in a prompt of either engine."""
    return Facts(
        symbol=_first(SYMBOL_AT, prompt, "AAPL"),
        day=_first(DAY_AT, prompt, "2025-01-02"),
        price=float(_first(PRICE_AT, prompt, "100")),
    )


def answer(request: Mapping[str, Any], wish: Wish) -> Said:
    """Answer a chat request as a well-behaved model does."""
    prompt = prompt_of(request["messages"])
    for key, text in wish.phrases.items():
        if key in prompt:
            return Said(text=text)
    facts = facts_of(prompt)
    function = _function_wanted(request, wish)
    if function is not None:
        schema = function.get("parameters") or {"type": "object"}
        return Said(tool=function["name"], arguments=fill(schema, facts, wish))
    return Said(text=_decision(facts, wish) if DECISION_ASKED in prompt else _report(prompt, facts, wish))


def fill(
    schema: Mapping[str, Any], facts: Facts, wish: Wish, name: str = "", root: Mapping[str, Any] | None = None
) -> Any:
    """Make a plausible value of a JSON schema, whose ``$defs`` are the root's."""
    top = schema if root is None else root
    if "$ref" in schema:
        return fill(top["$defs"][schema["$ref"].rsplit("/", 1)[1]], facts, wish, name, top)
    options = schema.get("anyOf") or schema.get("allOf")
    if options:
        best = next((each for each in options if each.get("type") != "null"), options[0])
        return fill(best, facts, wish, name, top)
    if "enum" in schema:
        return next(
            (each for each in (wish.rating, "high", "Bullish") if each in schema["enum"]), schema["enum"][0]
        )
    if schema.get("type") == "object":
        required = schema.get("required", ())
        return {
            key: fill(each, facts, wish, key, top)
            for key, each in schema.get("properties", {}).items()
            if key in required or re.search("price|stop|horizon|^end_date$|^curr_date$", key)
        }
    return _scalar(str(schema.get("type")), name, facts, wish)


def _function_wanted(request: Mapping[str, Any], wish: Wish) -> Mapping[str, Any] | None:
    functions: list[Mapping[str, Any]] = [each["function"] for each in request.get("tools") or []]
    choice = request.get("tool_choice")
    if isinstance(choice, Mapping):
        return next(each for each in functions if each["name"] == choice["function"]["name"])
    has_looked = any(each.get("role") == "tool" for each in request["messages"])
    wanted = choice == "required" or (wish.uses_tools and not has_looked and choice != "none")
    return functions[0] if functions and wanted else None


def _scalar(kind: str, name: str, facts: Facts, wish: Wish) -> Any:
    if kind in {"integer", "boolean"}:
        return 10 if kind == "integer" else True
    if kind == "number":
        part = 0.93 if "stop" in name else 1.0 if "entry" in name else 1.1
        return 7.0 if "score" in name else wish.target or round(facts.price * part, 2)
    if name in {"ticker", "symbol", "stock_code"}:
        return facts.symbol
    if "date" in name:
        month = timedelta(days=30 if "start" in name else 0)
        return (date.fromisoformat(facts.day) - month).isoformat()
    known = {"indicator": "rsi", "time_horizon": "3-6 months"}
    default = (
        f"{name}: {facts.symbol} closed at {facts.price} by {facts.day}; the reports support {wish.rating}."
    )
    return known.get(name, default)


def _decision(facts: Facts, wish: Wish) -> str:
    decided = {
        "action": wish.action,
        "target_price": wish.target or round(facts.price * 1.1, 2),
        "confidence": wish.confidence,
        "risk_score": wish.risk_score,
        "reasoning": f"{facts.symbol} 估值合理，趋势向上",
    }
    return json.dumps(decided, ensure_ascii=False)


def _report(prompt: str, facts: Facts, wish: Wish) -> str:
    target = wish.target or round(facts.price * 1.1, 2)
    if len(re.findall(r"[\u4e00-\u9fff]", prompt)) > len(prompt) / 20:
        seen = "依据工具返回的数据，均线多头排列，成交量温和放大，估值处于合理区间。" * 14
        head = f"# {facts.symbol} 分析报告（{facts.day}）\n最新价: {facts.price}。目标价位: {target}。"
        return f"{head}{seen}\n最终交易建议: **{wish.action}**"
    head = f"# Report on {facts.symbol} ({facts.day})\nClose: {facts.price}. Target: {target}.\n"
    seen = "The tool output supports a constructive view; trend, volume and valuation agree. " * 10
    end = f"**Rating**: {wish.rating}\nFINAL TRANSACTION PROPOSAL: **{wish.rating.upper()}**"
    return f"{head}{seen}\n{end}"


def _first(patterns: Sequence[str], text: str, default: str) -> str:
    found = (re.search(each, text) for each in patterns)
    return next((each.group(1) for each in found if each), default)
