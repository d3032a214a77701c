"""How a loopback venue speaks HTTP: badly, where it is meant to."""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
PAGE = b"<html><body><h1>Something went wrong</h1></body></html>"


def as_json(value: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


class Request:
    """A request, read; ConnectionError where it is cut short."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        self.method = handler.command
        self.path = unquote(url.path)
        self.query = url.query
        self.asked = dict(parse_qsl(url.query, keep_blank_values=True))
        self.headers = dict(handler.headers)
        length = int(handler.headers.get("Content-Length") or 0)
        whole = handler.rfile.read(length)
        if len(whole) < length:
            raise ConnectionError("who sent it ended before its end")
        self.body = whole.decode()


class Spoken(Protocol):
    """What is behind it."""

    gone: bool
    broken: list[Exception]
    connections: set[socket.socket]

    def serve(self, request: Request) -> Answer | None: ...

    def told(self, said: Mapping[str, Any]) -> None: ...

    def seen(self) -> dict[str, Any]: ...


def handler(venue: Spoken) -> type[BaseHTTPRequestHandler]:
    """Make the class that http.server wants."""
    return type("Handler", (Handler,), {"venue": venue})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    venue: Spoken

    def setup(self) -> None:
        super().setup()
        self.venue.connections.add(self.connection)

    def finish(self) -> None:
        super().finish()
        self.venue.connections.discard(self.connection)

    def do_GET(self) -> None:
        with suppress(OSError):
            request = Request(self)
            if request.path == "/_control":
                self.send(self.control(request))
            else:
                answer = None if self.venue.gone else self.served(request)
                self.send(None if self.venue.gone else answer)

    do_POST = do_DELETE = do_GET

    def control(self, request: Request) -> Answer:
        if request.method == "GET":
            return as_json(self.venue.seen())
        try:
            self.venue.told(json.loads(request.body))
        except Exception as error:
            return as_json({"error": repr(error)}, 400)
        return as_json({})

    def served(self, request: Request) -> Answer | None:
        try:
            return self.venue.serve(request)
        except Exception as error:
            self.venue.broken.append(error)
            return 501, {}, b""

    def send(self, answer: Answer | None) -> None:
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
