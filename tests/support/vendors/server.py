"""An HTTP server on the loopback interface that answers as a vendor does, well or ill as it is told."""

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
STATUS = {"unauthorized": 401, "forbidden": 403, "rate_limited": 429, "server_error": 500, "down": 503}
HTML = b"<html><body>We are making some changes.</body></html>"


def as_json(value: object, status: int = 200) -> Answer:
    """Give a JSON answer."""
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


class VendorServer:
    """What every loopback vendor has; a subclass knows the vendor's pages.

    ``mode`` is ok, a key of STATUS, hang (until ``released``), malformed (a page for people), empty, nonsense
    (prices that cannot be) or incomplete (fields are missing). ``recorded`` has answers by path that are sent
    as they are.
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: list[Mapping[str, str]] = []
        self.released = threading.Event()
        self.recorded: dict[str, object] = {}
        self.broken: list[Exception] = []
        self.connections: set[socket.socket] = set()
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                vendor.connections.add(self.connection)

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                vendor.send(self, url.path, dict(parse_qsl(url.query, keep_blank_values=True)))

            def do_POST(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = dict(parse_qsl(url.query, keep_blank_values=True))
                vendor.send(self, url.path, asked | {"body": body})

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.broken and kind is None:
            raise self.broken[0]

    def close(self) -> None:
        """Answer nobody any more; once is enough."""
        self.released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            for each in self.connections:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def send(self, handler: BaseHTTPRequestHandler, path: str, asked: dict[str, str]) -> None:
        """Answer one question."""
        self.asked.append((path, asked))
        self.headers.append(dict(handler.headers))
        try:
            status, headers, body = self.respond(path, asked)
        except Exception as error:
            self.broken.append(error)
            status, headers, body = 501, {}, b""
        try:
            handler.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True  # it has stopped waiting

    def respond(self, path: str, asked: dict[str, str]) -> Answer:
        """Answer as the mode says."""
        if self.mode in STATUS:
            return self.refusal(STATUS[self.mode])
        if self.mode == "hang":
            self.released.wait(30)
        if self.mode == "malformed":
            return 200, {"Content-Type": "text/html"}, HTML
        return as_json(self.recorded[path]) if path in self.recorded else self.page(path, asked)

    def refusal(self, status: int) -> Answer:
        """Refuse as the vendor does."""
        headers = {"Retry-After": "7"} if status == STATUS["rate_limited"] else {}
        return status, {"Content-Type": "text/html", **headers}, b"<html><h1>no</h1></html>"

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        """Answer a question; a subclass does it."""
        return 404, {}, b"no such page"
