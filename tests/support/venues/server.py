"""A venue on the loopback interface that does as it is told, and remembers what it was sent.

What it can be told in the process can be told from outside too, by POST /_control with a JSON object of
  next        a mode, or a list of them, each for the next request of a kind
  forget      true: drop the modes that no request has taken yet, before any that are told with it
  on          that kind: submit (unless said), cancel or ask
  arrive      {"quantity": .., "price": ..}: what each new order trades at once; null for nothing
  fill        {"client_order_id": .., "quantity": .., "price": .., "shown": true}
  end         {"client_order_id": .., "status": "canceled" | "expired" | "rejected"}
  show        true: show the trades that were not shown
  twice       whether lists of trades have each one twice
  delay_s     how long each answer waits
  gone        whether it closes every connection that asks, without a word
  release     true: let go of the connections that hang
GET /_control gives the requests received and the orders.
"""

import re
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.venues.book import Book
from tests.support.venues.http import PAGE, Answer, Request, as_json, handler

_OWN = re.compile(rb'("(?:id|orderId|client_?[oO]rder_?[iI]d)": )("[^"]*"|\d+)')
KEY, SECRET = "PKLOOPBACK0000000000", "s3cr3t-0f-the-loopback-venue"
BEFORE = frozenset({"401", "403", "404_page", "408", "409", "429", "500", "503", "reset", "hang", "reject"})
"""Modes of which nothing comes: the request is received, and not carried out."""
AFTER = frozenset(
    {"500_after_accept", "504_after_accept", "drop", "silence", "malformed", "nothing", "another", "moved"}
)
"""Modes that carry the request out, and then answer ill (another: of another order) or not at all."""
OTHER = frozenset({"cross"})
"""cross, of a cancel: what is left of the order trades just before."""


class VenueServer:
    """What every loopback venue has; a subclass speaks a venue's format."""

    def __init__(self, port: int = 0, file: Path | None = None) -> None:
        self.book = Book(file)
        self.modes: list[tuple[str, str]] = []
        self.arrive: Mapping[str, Any] | None = None
        self.twice = False
        self.gone = False
        self.delay_s = 0.0
        self.asked: list[Request] = []
        self.broken: list[Exception] = []
        self.released = threading.Event()
        self.connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
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
        for each in list(self.connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.book.close()

    def next(self, mode: str, on: str = "submit") -> None:
        """Let the next request of a kind go as a mode says."""
        if mode not in BEFORE | AFTER | OTHER or on not in ("submit", "cancel", "ask"):
            raise ValueError(f"there is no mode {mode} on {on}")
        self.modes.append((mode, on))

    def told(self, said: Mapping[str, Any]) -> None:
        """Do what /_control was sent."""
        if said.get("forget"):
            self.modes.clear()
        modes = said.get("next", [])
        for each in [modes] if isinstance(modes, str) else modes:
            self.next(each, said.get("on", "submit"))
        for name in ("arrive", "twice", "gone", "delay_s"):
            if name in said:
                setattr(self, name, said[name])
        if "fill" in said:
            self.book.fill(**said["fill"])
        if "end" in said:
            self.book.end(**said["end"])
        if said.get("show"):
            self.book.show()
        if said.get("release"):
            self.release()

    def release(self) -> None:
        """Let go of the connections that hang."""
        self.released.set()
        self.released = threading.Event()

    def seen(self) -> dict[str, Any]:
        """Give what GET /_control shows."""
        names = ("number", "client_order_id", "symbol", "side", "status")
        shown = [
            {name: getattr(each, name) for name in names}
            | {"quantity": str(each.quantity), "filled": str(each.filled)}
            for each in self.book.orders
        ]
        return {"received": self.book.received, "orders": shown}

    def serve(self, request: Request) -> Answer | None:
        """Answer one request; None closes the connection without a word."""
        self.asked.append(request)
        what = self.kind(request)
        mode = self._mode(what)
        time.sleep(self.delay_s)
        if what != "ask":
            self.receive(what, request)
        if mode in BEFORE:
            return self._instead(mode, what)
        if mode == "cross":
            order = self.book.orders[self.number(request) - 1]
            self.book.fill(order.client_order_id, order.quantity - order.filled, order.limit_price or 1)
        with self.book.lock:
            answer = self.answer(request)
        return self._afterwards(mode, answer)

    def _mode(self, what: str) -> str:
        found = next((each for each in self.modes if each[1] == what), None)
        if found is None:
            return "ok"
        self.modes.remove(found)
        return found[0]

    def _instead(self, mode: str, what: str) -> Answer | None:
        if mode == "hang":
            self.released.wait(30)
        if mode in ("reset", "hang"):
            return None
        if mode == "404_page":
            return 404, {"Content-Type": "text/html"}, PAGE
        if mode == "reject":
            return self.rejection(what)
        return self.refusal(int(mode))

    def _afterwards(self, mode: str, answer: Answer) -> Answer | None:
        if mode == "silence":
            self.released.wait(30)
        if mode in ("silence", "drop"):
            return None
        if mode in ("500_after_accept", "504_after_accept"):
            return int(mode[:3]), {"Content-Type": "text/html"}, PAGE
        if mode == "malformed":
            return 200, {"Content-Type": "text/html"}, PAGE
        if mode == "nothing":
            return as_json({})
        if mode == "another":
            return answer[0], answer[1], _OWN.sub(rb'\1"8efc"', answer[2])
        return (307, {"Location": f"{self.url}/elsewhere"}, b"") if mode == "moved" else answer

    def kind(self, request: Request) -> str:
        """Tell whether a request is to submit, to cancel or to ask."""
        raise NotImplementedError

    def number(self, request: Request) -> int:
        """Give the number of the order that a cancel is about."""
        raise NotImplementedError

    def receive(self, what: str, request: Request) -> None:
        """Note a request that would change something."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        """Carry a request out."""
        raise NotImplementedError

    def rejection(self, what: str) -> Answer:
        """Say no to an order as the venue does, for want of money."""
        raise NotImplementedError

    def refusal(self, status: int) -> Answer:
        """Refuse as the venue does."""
        raise NotImplementedError


def run(venue: type[VenueServer]) -> None:
    """Serve until killed: ``python -m MODULE PORT STATE_FILE``; prints its address once it listens."""
    port, file = sys.argv[1:3]
    with venue(int(port), Path(file)) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
