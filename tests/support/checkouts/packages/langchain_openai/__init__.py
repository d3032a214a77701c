"""As much of langchain-openai as the stand-ins and the runner use."""

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import openai
from langchain_core.callbacks import tell
from langchain_core.messages import AIMessage, message_of
from langchain_core.outputs import ChatGeneration, ChatResult, LLMResult
from langchain_core.runnables import inheriting
from langchain_core.tools import as_tool


class ChatOpenAI:
    def __init__(
        self,
        *,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        **_more: Any,
    ) -> None:
        self.model_name = model
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.request_timeout = timeout
        self.max_retries = max_retries
        self.openai_api_base = base_url
        self.root_client: Any = openai.OpenAI(
            api_key=api_key or os.environ.get("OPENAI_API_KEY"),
            base_url=base_url,
            timeout=timeout,
            max_retries=2 if max_retries is None else max_retries,
        )
        self.root_async_client = self.root_client
        self.client: Any = self.root_client.chat.completions
        self.async_client: Any = self.client

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None, **more: Any) -> AIMessage:
        given = input if isinstance(input, list) else [input]
        messages = [message_of(each) for each in given]
        told: dict[str, Any] = {"run_id": uuid.uuid4()}
        with inheriting(config) as whole:
            parameters = {"model": self.model_name, "model_name": self.model_name, "stream": False}
            start = {"metadata": whole["metadata"], "invocation_params": parameters, "tags": [], **told}
            tell(whole["callbacks"], "on_chat_model_start", {"name": "ChatOpenAI"}, [messages], **start)
            try:
                result = self._generate(messages, **more)
            except BaseException as error:
                tell(whole["callbacks"], "on_llm_error", error, **told)
                raise
            tell(whole["callbacks"], "on_llm_end", LLMResult([result.generations], {}), **told)
        message: AIMessage = result.generations[0].message
        return message

    def _generate(
        self, messages: Sequence[Any], stop: object = None, run_manager: object = None, **more: Any
    ) -> ChatResult:
        sizes = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        payload = {"model": self.model_name, "messages": [each.wire() for each in messages], "stream": False}
        payload |= {name: value for name, value in sizes.items() if value is not None}
        return ChatResult([ChatGeneration(_message(self.client.create(**payload, **more)))])

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: Any = None, **more: Any) -> "Bound":
        bound = {"tools": [as_tool(each).wire() for each in tools], **more}
        return Bound(self, bound | ({"tool_choice": tool_choice} if tool_choice else {}))

    def with_structured_output(self, schema: Mapping[str, Any], **_more: Any) -> "Structured":
        function = {"name": schema["title"], "parameters": schema}
        choice = {"type": "function", "function": {"name": schema["title"]}}
        bound = {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
        return Structured(Bound(self, bound))


class Bound:
    """A model with arguments for each of its calls."""

    def __init__(self, bound: ChatOpenAI, kwargs: Mapping[str, Any]) -> None:
        self.bound = bound
        self.kwargs = kwargs

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None) -> AIMessage:
        return self.bound.invoke(input, config, **self.kwargs)


class Structured:
    """A model whose answers are values of a schema; raises where one is not."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        calls = self._bound.invoke(input, config).tool_calls
        if not calls:
            raise ValueError("the model called no tool")
        arguments: dict[str, Any] = calls[0]["args"]
        return arguments


def _message(reply: Mapping[str, Any]) -> AIMessage:
    told = reply["choices"][0]["message"]
    calls = [
        {
            "name": each["function"]["name"],
            "args": json.loads(each["function"]["arguments"]),
            "id": each["id"],
            "type": "tool_call",
        }
        for each in told.get("tool_calls") or ()
    ]
    usage = reply.get("usage")
    counted = None
    if usage:
        counted = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
        counted["total_tokens"] = usage["total_tokens"]
    metadata = {"model_name": reply["model"], "finish_reason": reply["choices"][0]["finish_reason"]}
    return AIMessage(
        told["content"] or "",
        id=reply["id"],
        tool_calls=calls,
        usage_metadata=counted,
        response_metadata=metadata,
    )
