"""Analysts whose tools have a node of their own. Nothing but the recursion limit bounds their looks."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import SystemMessage

State = dict[str, Any]


def create_analyst(llm: Any, name: str, tools: Sequence[Any]) -> Callable[[State], State]:
    def node(state: State) -> State:
        head = (
            f"You are a {name} analyst. {state['instrument_context']} Today's date is {state['trade_date']}."
        )
        said = llm.bind_tools(tools).invoke([SystemMessage(head), *state["messages"]])
        return {"messages": [said], f"{name}_report": "" if said.tool_calls else said.content}

    return node
