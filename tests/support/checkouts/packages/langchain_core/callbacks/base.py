"""The handler that others extend."""

from typing import Any


class BaseCallbackHandler:
    raise_error = False
    run_inline = False

    def on_chat_model_start(self, serialized: Any, messages: Any, **more: Any) -> Any: ...

    def on_llm_end(self, response: Any, **more: Any) -> Any: ...

    def on_llm_error(self, error: BaseException, **more: Any) -> Any: ...

    def on_tool_start(self, serialized: Any, input_str: str, **more: Any) -> Any: ...

    def on_tool_end(self, output: Any, **more: Any) -> Any: ...

    def on_tool_error(self, error: BaseException, **more: Any) -> Any: ...
