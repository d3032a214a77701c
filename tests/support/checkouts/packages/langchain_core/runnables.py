"""What runs under a config, which everything within it inherits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

INHERITED: ContextVar[Mapping[str, Any]] = ContextVar("inherited", default={})  # noqa: B039 - never changed


def within(config: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Give the config that holds here: what is inherited and what is given."""
    inherited, given = INHERITED.get(), config or {}
    seen: list[Any] = [*inherited.get("callbacks", ()), *(given.get("callbacks") or ())]
    callbacks = [each for at, each in enumerate(seen) if each not in seen[:at]]
    metadata = {**inherited.get("metadata", {}), **given.get("metadata", {})}
    return {**inherited, **given, "callbacks": callbacks, "metadata": metadata}


@contextmanager
def inheriting(config: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    whole = within(config)
    token = INHERITED.set(whole)
    try:
        yield whole
    finally:
        INHERITED.reset(token)


class Runnable:
    pass


class RunnableLambda(Runnable):
    def __init__(self, func: Callable[[Any], Any], name: str | None = None) -> None:
        self.func = func
        self.name = name

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None, **more: Any) -> Any:
        with inheriting(config):
            return self.func(input)
