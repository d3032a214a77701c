"""A loopback venue in a process of its own, told by POST /_control and read from its file."""

import json
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.venues.book import read_events

ROOT = Path(__file__).parents[3]


class VenueProcess:
    """Listens once the context is entered; ``kind`` is the module that it runs."""

    def __init__(self, kind: str, port: int, file: Path) -> None:
        self.file = file
        self._port = port
        self.url = f"http://127.0.0.1:{port}"
        self._words = [sys.executable, "-m", f"tests.support.venues.{kind}", str(port), str(file)]

    def __enter__(self) -> Self:
        with self.file.with_suffix(".err").open("wb") as errors:
            self._process = subprocess.Popen(self._words, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().decode().strip() == self.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, **said: Any) -> None:
        """Tell it what to do."""
        line = HTTPConnection("127.0.0.1", self._port, timeout=10)
        with closing(line):
            line.request("POST", "/_control", json.dumps(said, default=str))
            assert line.getresponse().status == 200

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Give what happened there so far, of some kinds."""
        return [each for each in read_events(self.file) if each["event"] in kinds]

    def submits(self) -> list[str]:
        """Give the client_order_id of every request to place an order that reached it."""
        return [each["client_order_id"] for each in self.events("received") if each["what"] == "submit"]
