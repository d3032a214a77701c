"""The node that runs the tools a model has called. What a tool raises ends the run."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import ToolMessage
from langchain_core.tools import as_tool


class ToolNode:
    def __init__(self, tools: Sequence[Any], *, name: str = "tools", **_more: Any) -> None:
        self.name = name
        self.tools_by_name = {each.name: each for each in map(as_tool, tools)}

    def __call__(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return {"messages": [self._answer(each) for each in state["messages"][-1].tool_calls]}

    def _answer(self, call: Mapping[str, Any]) -> Any:
        found = self.tools_by_name.get(call["name"])
        if found is None:
            names = ", ".join(self.tools_by_name)
            text = f"Error: {call['name']} is not a valid tool, try one of [{names}]."
            return ToolMessage(text, tool_call_id=call["id"], name=call["name"], status="error")
        return found.invoke(call)
