"""What a model's call gives its callbacks."""

from typing import Any


class ChatGeneration:
    def __init__(self, message: Any, generation_info: dict[str, Any] | None = None) -> None:
        self.message = message
        self.text = message.content or ""
        self.generation_info = generation_info


class ChatResult:
    def __init__(self, generations: list[ChatGeneration], llm_output: dict[str, Any] | None = None) -> None:
        self.generations = generations
        self.llm_output = llm_output


class LLMResult:
    def __init__(
        self, generations: list[list[ChatGeneration]], llm_output: dict[str, Any] | None = None
    ) -> None:
        self.generations = generations
        self.llm_output = llm_output
