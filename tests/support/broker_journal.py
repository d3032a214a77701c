"""A journal that keeps what a broker hands over."""

from typing import Any

from tacore.wire.records import split_chunks


class Journal:
    """Implements `tacore.ports.Journal`; keeps the ``records`` and counts the ``rows``."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.rows = 0
        self.closed = False

    def append(self, chunk: bytes, rows: int) -> None:
        """Keep a chunk."""
        buffer = bytearray(chunk)
        for records in split_chunks(buffer):
            self.records += records
        self.rows += rows

    def pump(self) -> None:
        """Have nothing to do."""

    def status(self) -> dict[str, Any]:
        """Be well."""
        return {"status": "healthy"}

    def close(self, timeout_s: float) -> None:
        """Remember it."""
        self.closed = timeout_s > 0
