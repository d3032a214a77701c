"""Answers by a schema; a model that fails at it is asked again for a free text."""

import logging
from collections.abc import Callable, Mapping
from typing import Any


def ask(llm: Any, wanted: Mapping[str, Any], prompt: Any, render: Callable[[dict[str, Any]], str]) -> str:
    try:
        return render(llm.with_structured_output(wanted).invoke(prompt))
    except Exception as error:
        logging.getLogger(__name__).warning("structured output failed (%s); asking for a text", error)
        return str(llm.invoke(prompt).content)
