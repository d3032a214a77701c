"""Files that many processes append whole lines to."""

import logging
import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

DEFAULT_MAX_BYTES = 50 * 1_048_576
DEFAULT_KEEP = 5


class LogFile:
    """A text file that any number of processes append to and that any of them may rotate.

    A line is one write to a file opened for appending, so lines never mix. The process that finds the file
    too long locks it, moves it to ``.1`` (and ``.1`` to ``.2`` …), and the others notice by its inode before
    their next line; a line written meanwhile ends up in the moved file, and none is lost. If the folder is
    full or not writable, that is said once on stderr, lines are counted in ``dropped``, and each next line
    tries again.
    """

    def __init__(self, path: Path, *, max_bytes: int = DEFAULT_MAX_BYTES, keep: int = DEFAULT_KEEP) -> None:
        self.path = path
        self.dropped = 0
        self._max_bytes = max_bytes
        self._keep = keep
        self._fd = -1
        self._torn = False
        self._complained = False

    def write(self, lines: str) -> None:
        """Append one or more whole lines, each with its end; never raises OSError."""
        data = lines.encode("utf-8", "backslashreplace")
        try:
            self._ready()
            # A disk that filled up in the middle of a line leaves half of it: start the next on its own.
            written = os.write(self._fd, b"\n" + data if self._torn else data)
            self._torn = written < len(data)
            if self._torn:
                raise OSError(f"only {written} of {len(data)} bytes written")
        except OSError as error:
            self.dropped += lines.count("\n")
            self._complain(error)

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _ready(self) -> None:
        found = self._stat()
        if self._fd >= 0 and found is not None and found.st_size >= self._max_bytes > 0:
            self._rotate()
            found = self._stat()
        if self._fd >= 0 and not (found and os.path.samestat(found, os.fstat(self._fd))):
            self.close()
        if self._fd < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            self._fd = os.open(self.path, flags, 0o640)

    def _stat(self) -> os.stat_result | None:
        try:
            return self.path.stat()
        except FileNotFoundError:
            return None

    def _rotate(self) -> None:
        if sys.platform == "win32":
            return  # an open file cannot be moved there: it grows until the service stops
        try:
            # The lock is on the file itself, so it goes with the file and none is left behind.
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            found = self._stat()
            if found and os.path.samestat(found, os.fstat(self._fd)):
                self._shift()
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _shift(self) -> None:
        if self._keep == 0:
            self.path.unlink()
            return
        for number in range(self._keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self.path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _complain(self, error: OSError) -> None:
        if not self._complained and sys.stderr is not None:
            self._complained = True
            # stderr may be gone as well, and then there is nobody to tell.
            try:
                sys.stderr.write(f"{self.path}: lines are being lost: {error}\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                return


class SharedFileHandler(logging.Handler):
    """Writes records to a LogFile; for ``class:`` in logging.yaml."""

    def __init__(self, filename: str, max_bytes: int = DEFAULT_MAX_BYTES, keep: int = DEFAULT_KEEP) -> None:
        super().__init__()
        self.file = LogFile(Path(filename), max_bytes=max_bytes, keep=keep)

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record's line; what cannot be formatted is dropped, not raised."""
        try:
            self.file.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        self.file.close()
        super().close()
