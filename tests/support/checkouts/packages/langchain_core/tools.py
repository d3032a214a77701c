"""Tools: functions with a name and a schema, and callbacks around each call."""

import inspect
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from .callbacks import tell
from .messages import ToolMessage
from .runnables import inheriting

KINDS = {"int": "integer", "float": "number", "bool": "boolean"}


class BaseTool:
    name = ""
    description = ""

    def __init__(
        self, func: Callable[..., Any], name: str | None = None, description: str | None = None
    ) -> None:
        self.func = func
        self.name = name or getattr(func, "name", None) or func.__name__
        self.description = description or inspect.getdoc(func) or ""

    @classmethod
    def from_function(
        cls,
        func: Callable[..., Any] | None = None,
        coroutine: object = None,
        name: str | None = None,
        description: str | None = None,
        **_more: Any,
    ) -> "BaseTool":
        if func is None:
            raise ValueError("Function must be provided")
        return cls(func, name, description)

    @property
    def args(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.wire()["function"]["parameters"]["properties"]
        return properties

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None, **_more: Any) -> Any:
        """Call with arguments, or answer a tool call of a model's with a message."""
        is_call = isinstance(input, Mapping) and input.get("type") == "tool_call"
        arguments = input["args"] if is_call else self._named(input)
        told: dict[str, Any] = {"run_id": uuid.uuid4()}
        with inheriting(config) as whole:
            start = {"inputs": arguments, "metadata": whole["metadata"], **told}
            tell(whole["callbacks"], "on_tool_start", {"name": self.name}, str(arguments), **start)
            try:
                given = self.func(**arguments)
            except BaseException as error:
                tell(whole["callbacks"], "on_tool_error", error, **told)
                raise
            output = ToolMessage(given, tool_call_id=input["id"], name=self.name) if is_call else given
            tell(whole["callbacks"], "on_tool_end", output, **told)
        return output

    def wire(self) -> dict[str, Any]:
        """Give the schema as a model is told it."""
        taken = inspect.signature(self.func).parameters
        properties = {name: {"type": _kind(each.annotation)} for name, each in taken.items()}
        required = [name for name, each in taken.items() if each.default is inspect.Parameter.empty]
        parameters = {"type": "object", "properties": properties, "required": required}
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    def _named(self, given: Any) -> Mapping[str, Any]:
        if isinstance(given, Mapping):
            return given
        return {next(iter(inspect.signature(self.func).parameters)): given}


class StructuredTool(BaseTool):
    pass


def tool(*given: Any, **_more: Any) -> Any:
    """Make a tool of a function; as @tool, @tool("name") and tool(function)."""
    if given and callable(given[0]):
        return StructuredTool(given[0])
    name = given[0] if given else None
    return lambda function: StructuredTool(function, name)


def as_tool(given: Any) -> BaseTool:
    return given if isinstance(given, BaseTool) else StructuredTool(given)


def _kind(annotation: Any) -> str:
    named = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "str")
    return KINDS.get(named, "string")
