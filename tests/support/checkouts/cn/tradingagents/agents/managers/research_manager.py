"""Judges the debate of bull and bear."""

from collections.abc import Callable
from typing import Any

from ..debaters import State, case


def create_research_manager(llm: Any, memory: Any) -> Callable[[State], State]:
    def node(state: State) -> State:
        debate = dict(state["investment_debate_state"])
        said = llm.invoke(case(state, f"你是研究经理，请裁决。\n辩论: {debate['history']}")).content
        debate |= {"judge_decision": said, "current_response": said}
        return {"investment_debate_state": debate, "investment_plan": said}

    return node
