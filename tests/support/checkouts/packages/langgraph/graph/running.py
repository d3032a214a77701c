"""A graph at work: a checkpoint after each node, and a resume after the last finished one."""

import itertools
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from langchain_core.runnables import inheriting

from ..errors import GraphRecursionError

NEXT = "branch:to"
TASKS = "tasks"


class StateSnapshot(NamedTuple):
    values: dict[str, Any]
    next: tuple[str, ...]
    config: Mapping[str, Any]
    metadata: Mapping[str, Any] | None = None
    tasks: tuple[str, ...] = ()


class CompiledStateGraph:
    def __init__(self, builder: Any, checkpointer: Any) -> None:
        self.builder = builder
        self.checkpointer = checkpointer
        self.nodes = builder.nodes

    def get_state(self, config: Mapping[str, Any]) -> StateSnapshot:
        if self.checkpointer is None:
            raise ValueError("No checkpointer set")
        found = self.checkpointer.get_tuple(config)
        if found is None:
            return StateSnapshot({}, (), config)
        values = dict(found.checkpoint["channel_values"])
        node = values.pop(NEXT)
        tasks = () if node == "__end__" else (node,)
        # As in the real one: a task whose writes are there is not what comes next, and yet not over.
        following = () if found.pending_writes else tasks
        return StateSnapshot(values, following, found.config, found.metadata, tasks)

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        *_, last = self.stream(input, config, stream_mode="values", **more)
        return dict(last)

    def stream(
        self,
        input: Any,
        config: Mapping[str, Any] | None = None,
        *,
        stream_mode: Any = "updates",
        durability: str | None = None,
        **_more: Any,
    ) -> Iterator[Any]:
        given = dict(config or {})
        modes = [stream_mode] if isinstance(stream_mode, str) else stream_mode
        walk = _Walk(self.builder, self.checkpointer, given)
        walk.begin(input)
        for mode, chunk in walk.steps():
            if mode in modes:
                yield chunk if isinstance(stream_mode, str) else (mode, chunk)


class _Walk:
    def __init__(self, builder: Any, saver: Any, config: dict[str, Any]) -> None:
        self._builder, self._saver, self._config = builder, saver, config
        configured = config.get("configurable", {})
        if saver is not None and "thread_id" not in configured:
            raise ValueError("Checkpointer requires 'thread_id' in 'configurable'")
        self._at: dict[str, Any] = {"configurable": {"checkpoint_ns": "", **configured}}
        self._values: dict[str, Any] = {}
        self._versions: dict[str, str] = {}
        self._step = -1
        self._pending: list[tuple[str, Any]] = []

    def begin(self, given: Any) -> None:
        found = self._saver.get_tuple(self._at) if self._saver is not None else None
        if given is not None:
            self._apply([*given.items(), (NEXT, self._builder.after("__start__", given))], "input")
        elif found is None:
            raise ValueError("No checkpoint to resume from and no input given")
        else:
            self._at, self._step = found.config, found.metadata["step"]
            self._values = dict(found.checkpoint["channel_values"])
            self._versions = dict(found.checkpoint["channel_versions"])
            self._pending = [(channel, value) for _task, channel, value in found.pending_writes or ()]

    def steps(self) -> Iterator[tuple[str, Any]]:
        limit = self._config.get("recursion_limit", 25)
        yield "values", self._state()
        for count in itertools.count(1):
            node = self._values[NEXT]
            if node == "__end__":
                return
            if count > limit:
                raise GraphRecursionError(f"Recursion limit of {limit} reached")
            yield from self._step_of(node)

    def _step_of(self, node: str) -> Iterator[tuple[str, Any]]:
        task = str(uuid.uuid4())
        writes, cached = self._pending, bool(self._pending)
        if not cached:
            yield TASKS, {"id": task, "name": node, "input": self._state(), "triggers": (NEXT,)}
            update = self._run(node) or {}
            merged = {**self._state(), **update, "messages": self._messages(update)}
            writes = [*update.items(), (NEXT, self._builder.after(node, merged))]
            self._save_writes(writes, task)
        self._pending = []
        update = {channel: value for channel, value in writes if channel != NEXT}
        mark = {"__metadata__": {"cached": True}} if cached else {}
        yield "updates", {node: update or None, **mark}
        if not cached:
            yield TASKS, {"id": task, "name": node, "error": None, "result": update, "interrupts": []}
        self._apply(writes, "loop")
        yield "values", self._state()

    def _run(self, node: str) -> Any:
        named = {"metadata": {"langgraph_node": node, "langgraph_step": self._step + 1}}
        inherited = {name: self._config[name] for name in ("callbacks", "metadata") if name in self._config}
        with inheriting(inherited), inheriting(named):
            try:
                return self._builder.nodes[node](self._state())
            except Exception as error:
                error.add_note(f"During task with name '{node}' and id '{uuid.uuid4()}'")
                raise

    def _apply(self, writes: list[tuple[str, Any]], source: str) -> None:
        update = dict(writes)
        if "messages" in update:
            update["messages"] = self._messages(update)
        self._values.update(update)
        self._step += 1
        new = {channel: f"{self._step + 2:032}.{uuid.uuid4().hex[:8]}" for channel in update}
        self._versions.update(new)
        if self._saver is not None:
            checkpoint = {
                "v": 4,
                "ts": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
                "id": f"{self._step + 2:08}-{uuid.uuid4()}",
                "channel_values": dict(self._values),
                "channel_versions": dict(self._versions),
                "versions_seen": {},
                "updated_channels": sorted(new),
            }
            metadata = {"source": source, "step": self._step, "parents": {}}
            self._at = self._saver.put(self._at, checkpoint, metadata, new)

    def _save_writes(self, writes: list[tuple[str, Any]], task: str) -> None:
        """Save on another thread, as the real one does."""
        if self._saver is not None:
            with ThreadPoolExecutor(1) as saving:
                saving.submit(self._saver.put_writes, self._at, writes, task, "~__pregel_pull").result()

    def _messages(self, update: Mapping[str, Any]) -> list[Any]:
        had = self._values.get("messages", [])
        given = update.get("messages", [])
        return [] if given == ["CLEAR"] else [*had, *given]

    def _state(self) -> dict[str, Any]:
        return {name: value for name, value in self._values.items() if name != NEXT}
