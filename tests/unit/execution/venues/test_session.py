"""The HTTP session of venues: its connections stay open for the next orders."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tacore.execution.venues.session import OneTry

ASKED_AT_ONCE = 24


def test_session_when_many_ask_at_once_keeps_their_connections_for_the_next() -> None:
    connections: list[object] = []
    together = threading.Barrier(ASKED_AT_ONCE)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_GET(self) -> None:
            together.wait(20)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = ASKED_AT_ONCE

    with Server(("127.0.0.1", 0), Handler) as server, OneTry(20.0) as session:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            for _ in range(3):
                assert [each.json() for each in pool.map(session.get, [url] * ASKED_AT_ONCE)] == [
                    {}
                ] * ASKED_AT_ONCE
        session.close()
        server.shutdown()

    assert len(connections) == ASKED_AT_ONCE
