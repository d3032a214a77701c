"""Checkpoints in memory. Values are kept apart, by version, so that restoring one names its versions."""

from typing import Any

from .base import BaseCheckpointSaver, CheckpointTuple
from .serde.jsonplus import JsonPlusSerializer

Key = tuple[str, str]


class InMemorySaver(BaseCheckpointSaver):
    def __init__(self, *, serde: Any = None, factory: Any = dict) -> None:
        self.serde = serde or JsonPlusSerializer()
        self.storage: dict[Key, list[tuple[str, Any, Any]]] = {}
        self.blobs: dict[tuple[str, str, str, str], Any] = {}
        self.writes: dict[tuple[str, str, str], list[tuple[str, str, Any]]] = {}

    def put(self, config: Any, checkpoint: Any, metadata: Any, new_versions: Any) -> dict[str, Any]:
        thread, space = _at(config)
        values = dict(checkpoint["channel_values"])
        for channel, version in new_versions.items():
            if channel in values:
                self.blobs[(thread, space, channel, version)] = self.serde.dumps_typed(values[channel])
        bare = {name: value for name, value in checkpoint.items() if name != "channel_values"}
        kept = self.storage.setdefault((thread, space), [])
        kept.append((checkpoint["id"], self.serde.dumps_typed(bare), self.serde.dumps_typed(metadata)))
        return _config(thread, space, checkpoint["id"])

    def put_writes(self, config: Any, writes: Any, task_id: str, task_path: str = "") -> None:
        thread, space = _at(config)
        kept = self.writes.setdefault((thread, space, config["configurable"]["checkpoint_id"]), [])
        kept.extend((task_id, channel, self.serde.dumps_typed(value)) for channel, value in writes)

    def get_tuple(self, config: Any) -> CheckpointTuple | None:
        thread, space = _at(config)
        kept = self.storage.get((thread, space))
        if not kept:
            return None
        name, bare, metadata = kept[-1]
        checkpoint = self.serde.loads_typed(bare)
        blobs = {
            channel: self.blobs.get((thread, space, channel, version))
            for channel, version in checkpoint["channel_versions"].items()
        }
        values = {each: self.serde.loads_typed(blob) for each, blob in blobs.items() if blob is not None}
        written = self.writes.get((thread, space, name), ())
        return CheckpointTuple(
            _config(thread, space, name),
            checkpoint | {"channel_values": values},
            self.serde.loads_typed(metadata),
            None,
            [(task, channel, self.serde.loads_typed(value)) for task, channel, value in written],
        )


MemorySaver = InMemorySaver


def _at(config: Any) -> Key:
    configured = config["configurable"]
    return configured["thread_id"], configured.get("checkpoint_ns", "")


def _config(thread: str, space: str, name: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": space, "checkpoint_id": name}}
