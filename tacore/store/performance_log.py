"""performance.log: a line per request, a write per commit."""

from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path


class PerformanceLog:
    """A text file that is rotated by size; lines that cannot be written are counted and lost.

    ``error`` says why the last write failed, None once one succeeds.
    """

    def __init__(self, path: Path, max_bytes: int, backups: int) -> None:
        self.lost = 0
        self.error: str | None = None
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._handler: RotatingFileHandler | None = None

    def write(self, texts: Sequence[str]) -> None:
        """Append texts of one or more lines, rotating the file first where it is full."""
        if not texts:
            return
        try:
            self._append("\n".join(texts) + "\n")
            self.error = None
        except OSError as problem:
            self.lost += sum(text.count("\n") + 1 for text in texts)
            self.error = f"performance log: {problem}"
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._handler is not None:
            try:
                self._handler.close()
            except OSError as problem:
                self.error = f"performance log: {problem}"
        self._handler = None

    def _append(self, text: str) -> None:
        if self._handler is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = RotatingFileHandler(self._path, backupCount=self._backups, encoding="utf-8")
        if self._max_bytes and self._path.stat().st_size >= self._max_bytes:
            self._handler.doRollover()
        stream = self._handler.stream
        if stream is not None:
            stream.write(text)
            stream.flush()
