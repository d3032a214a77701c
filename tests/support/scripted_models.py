"""A small server of models on loopback that answers as a test says."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-canary-0123456789abcdefghij"


@dataclass
class Models:
    """What the server has and what it was asked; ``answers`` by path replace its own: status, body."""

    names: list[str] = field(default_factory=lambda: ["quick-1", "deep-1"])
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, key: str, body: Any) -> tuple[int, Any]:
        """Answer a request."""
        self.asked.append((path, body))
        if path in self.answers:
            return self.answers[path]
        if key != f"Bearer {KEY}":
            return 401, {"error": {"message": f"Incorrect API key provided: {key}"}}
        if path == "/v1/models":
            return 200, {"data": [{"id": name} for name in self.names]}
        used = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
        return 200, {"choices": [{"message": {"content": "ok"}}], "usage": used}


@contextmanager
def serving(models: Models) -> Iterator[Models]:
    """Serve them on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(None)

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: Any) -> None:
            status, told = models.answer(self.path, self.headers.get("Authorization", ""), body)
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**models.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    models.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield models
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)
