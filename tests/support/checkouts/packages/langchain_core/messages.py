"""Messages, and their form on the wire."""

import json
from typing import Any


class BaseMessage:
    type = "base"
    role = ""

    def __init__(self, content: Any = "", **fields: Any) -> None:
        self.content = content
        self.id: str | None = fields.pop("id", None)
        self.name: str | None = fields.pop("name", None)
        self.additional_kwargs: dict[str, Any] = fields.pop("additional_kwargs", {})
        self.response_metadata: dict[str, Any] = fields.pop("response_metadata", {})
        self.__dict__.update(fields)

    def wire(self) -> dict[str, Any]:
        return {"role": self.role, "content": self.content}


class SystemMessage(BaseMessage):
    type = "system"
    role = "system"


class HumanMessage(BaseMessage):
    type = "human"
    role = "user"


class AIMessage(BaseMessage):
    type = "ai"
    role = "assistant"

    def __init__(self, content: Any = "", **fields: Any) -> None:
        self.tool_calls: list[dict[str, Any]] = fields.pop("tool_calls", [])
        self.usage_metadata: dict[str, int] | None = fields.pop("usage_metadata", None)
        super().__init__(content, **fields)

    def wire(self) -> dict[str, Any]:
        calls = [
            {
                "id": each["id"],
                "type": "function",
                "function": {"name": each["name"], "arguments": json.dumps(each["args"], ensure_ascii=False)},
            }
            for each in self.tool_calls
        ]
        return super().wire() | ({"tool_calls": calls} if calls else {})


class ToolMessage(BaseMessage):
    type = "tool"
    role = "tool"

    def __init__(self, content: Any = "", *, tool_call_id: str, **fields: Any) -> None:
        super().__init__(content, **fields)
        self.tool_call_id = tool_call_id

    def wire(self) -> dict[str, Any]:
        return super().wire() | {"tool_call_id": self.tool_call_id}


CLASSES: dict[str, Any] = {each.type: each for each in (SystemMessage, HumanMessage, AIMessage, ToolMessage)}


def message_of(value: Any) -> BaseMessage:
    """Take a message, a pair of role and text, or a text of the user's."""
    if isinstance(value, BaseMessage):
        return value
    role: str
    role, text = value if isinstance(value, tuple | list) else ("human", value)
    known = {"user": "human", "assistant": "ai"}
    made: BaseMessage = CLASSES[known.get(role, role)](text)
    return made
