"""What a runner's process prints: kept in its folder, without the key and of bounded size."""

import contextlib
from collections import deque
from pathlib import Path

from tacore.analysis.agents.runner import without_pieces

LARGEST = 512 << 10
_LONGEST_LINE = 4000
_LONGEST_HELD = 64 << 10  # of a line that has not ended; longer than what is kept, lest a key is cut in two
_LAST = 20
_SHORTEST_SECRET = 8


class Scrubber:
    """Takes a key out of texts; a shorter one is no secret, such as the ``none`` of a server at home."""

    def __init__(self, secret: str) -> None:
        self._bytes = secret.encode().decode("latin-1")
        plain, escaped = secret.encode(), secret.encode("unicode_escape").replace(b'"', b'\\"')
        self._secrets = tuple({plain, escaped}) if len(secret) >= _SHORTEST_SECRET else ()

    def printed(self, text: bytes) -> bytes:
        """Give what was printed without the key and its pieces: an error may repeat a part of it."""
        text = self.bytes(text)
        return without_pieces(text.decode("latin-1"), self._bytes).encode("latin-1")

    def bytes(self, text: bytes) -> bytes:
        """Give the text without the key."""
        for each in self._secrets:
            text = text.replace(each, b"[key]")
        return text

    def text(self, text: str) -> str:
        """Give the text without the key."""
        return self.bytes(text.encode("utf-8", "replace")).decode() if self._secrets else text


class Noise:
    """Writes run.log, the attempt before as run.1.log, and remembers the last lines.

    Once it can't write, as on a full disk, it only remembers: a run must not end for want of its log.
    """

    def __init__(self, folder: Path, scrub: Scrubber) -> None:
        path = folder / "run.log"
        if path.exists():
            path.replace(folder / "run.1.log")
        self._file = path.open("wb", buffering=0)
        path.chmod(0o600)
        self._scrub = scrub
        self._rest = b""
        self._left = LARGEST
        self._last: deque[bytes] = deque(maxlen=_LAST)

    def hear(self, piece: bytes) -> None:
        """Take in what was printed; b"" is its end."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[:_LONGEST_HELD]
        if not piece:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._keep(self._scrub.printed(line)[:_LONGEST_LINE])

    def close(self) -> None:
        """Write what was printed last, where the file had no more room for it."""
        self.hear(b"")
        with contextlib.suppress(OSError):
            if self._left <= 0:
                self._file.write(b"... (left out) ...\n" + b"\n".join(self._last) + b"\n")
        with contextlib.suppress(OSError):
            self._file.close()

    def last(self, lines: int = 5) -> str:
        """Give the last lines."""
        return "\n".join(each.decode("utf-8", "replace") for each in list(self._last)[-lines:])

    def _keep(self, line: bytes) -> None:
        if not line.strip():
            return
        self._last.append(line)
        if self._left > 0:
            with contextlib.suppress(OSError):
                self._file.write(line + b"\n")
        self._left -= len(line) + 1
