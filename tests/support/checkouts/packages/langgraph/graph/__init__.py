"""A graph of nodes, and what it becomes when it is compiled."""

from collections.abc import Callable, Mapping
from typing import Any

from .running import CompiledStateGraph

START = "__start__"
END = "__end__"


class StateGraph:
    def __init__(self, state_schema: type | None = None) -> None:
        self.state_schema = state_schema
        self.nodes: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {}
        self.edges: dict[str, str] = {}
        self.branches: dict[str, tuple[Callable[[dict[str, Any]], str], Mapping[str, str]]] = {}

    def add_node(self, name: str, action: Any) -> "StateGraph":
        self.nodes[name] = action
        return self

    def add_edge(self, start: str, end: str) -> "StateGraph":
        self.edges[start] = end
        return self

    def add_conditional_edges(
        self, source: str, path: Callable[[dict[str, Any]], str], path_map: Any
    ) -> None:
        named = path_map if isinstance(path_map, Mapping) else {each: each for each in path_map}
        self.branches[source] = (path, named)

    def after(self, node: str, state: dict[str, Any]) -> str:
        """Name the node that follows one."""
        if node in self.branches:
            path, named = self.branches[node]
            return named[path(state)]
        return self.edges[node]

    def compile(self, checkpointer: Any = None, **_more: Any) -> CompiledStateGraph:
        return CompiledStateGraph(self, checkpointer)
