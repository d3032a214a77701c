"""Where the broker's records go."""

from typing import Any, Protocol


class Journal(Protocol):
    """Where the broker leaves its records; never blocks, never raises."""

    def append(self, chunk: bytes, rows: int) -> None:
        """Take an encoded chunk; over the bound it is dropped and its rows are counted."""
        ...

    def pump(self) -> None:
        """Move what waits towards the writer; called at each tick."""
        ...

    def status(self) -> dict[str, Any]:
        """Tell ``status`` (healthy, or degraded with ``reason``), rows sent, committed, dropped, lag_ms."""
        ...

    def close(self, timeout_s: float) -> None:
        """Hand over the rest, and wait until the writer has committed it and ended."""
        ...
