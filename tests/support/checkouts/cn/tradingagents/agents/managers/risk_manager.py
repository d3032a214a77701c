"""Judges the debate of risks. A model that fails three times is as good as one that says hold."""

import time
from collections.abc import Callable
from typing import Any

from ..debaters import State, case

TRIES = 3
WAIT_S = 0.02
DEFAULT = "**默认建议：持有**\n\n分析过程中模型不可用。\n\n注意：此为系统默认建议，请结合人工判断。"


def create_risk_manager(llm: Any, memory: Any) -> Callable[[State], State]:
    def ask(prompt: str) -> str:
        for _ in range(TRIES):
            try:
                text = str(llm.invoke(prompt).content).strip()
            except Exception:
                time.sleep(WAIT_S)
                continue
            if text:
                return text
        return DEFAULT

    def node(state: State) -> State:
        debate = dict(state["risk_debate_state"])
        text = ask(case(state, f"作为风险管理法官，请作最终裁决。\n辩论: {debate['history']}"))
        debate |= {"judge_decision": text, "latest_speaker": "Judge"}
        return {"risk_debate_state": debate, "final_trade_decision": text}

    return node
