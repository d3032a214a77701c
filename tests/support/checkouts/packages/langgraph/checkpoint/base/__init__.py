"""What a saver keeps."""

from typing import Any, NamedTuple


class CheckpointTuple(NamedTuple):
    config: dict[str, Any]
    checkpoint: dict[str, Any]
    metadata: dict[str, Any]
    parent_config: dict[str, Any] | None = None
    pending_writes: list[tuple[str, str, Any]] | None = None


class BaseCheckpointSaver:
    pass
