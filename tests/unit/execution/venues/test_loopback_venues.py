"""The loopback venues as processes of their own: told from outside, and remembered in a file."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.venues.alpaca import AlpacaVenueServer
from tests.support.venues.book import Book, read_events
from tests.support.venues.server import KEY, SECRET

ORDER = {
    "symbol": "AAPL",
    "qty": "10",
    "side": "buy",
    "type": "limit",
    "limit_price": "1.5",
    "time_in_force": "day",
    "client_order_id": "tc-1",
}
HEADERS = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}


@contextmanager
def running(file: Path, module: str = "alpaca", port: int = 0) -> Iterator[str]:
    """Run a venue as a process, and give its address."""
    command = [sys.executable, "-m", f"tests.support.venues.{module}", str(port), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def told(url: str, **said: Any) -> None:
    assert requests.post(f"{url}/_control", json=said, timeout=5).status_code == 200


@pytest.mark.parametrize("module", ["alpaca", "binance"])
def test_venue_when_a_process_shows_what_it_has(module: str, tmp_path: Path) -> None:
    with running(tmp_path / "state", module) as url:
        assert requests.get(f"{url}/_control", timeout=5).json() == {"received": [], "orders": []}


def test_venue_when_killed_and_started_again_knows_its_orders(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with running(file) as url:
        told(url, next="504_after_accept")
        answer = requests.post(f"{url}/v2/orders", json=ORDER, headers=HEADERS, timeout=5)
        assert answer.status_code == 504
        told(url, fill={"client_order_id": "tc-1", "quantity": "4", "price": "1.25"})
        port = int(url.rpartition(":")[2])
    assert [each["event"] for each in read_events(file)] == ["received", "placed", "trade"]
    with running(file, port=port) as url:
        asked = {"client_order_id": "tc-1"}
        found = requests.get(f"{url}/v2/orders:by_client_order_id", asked, headers=HEADERS, timeout=5).json()
        assert (found["status"], found["filled_qty"]) == ("partially_filled", "4")
        seen = requests.get(f"{url}/_control", timeout=5).json()
        assert [each["client_order_id"] for each in seen["received"]] == ["tc-1"]


def test_venue_when_told_nonsense_says_so() -> None:
    with AlpacaVenueServer() as server:
        answer = requests.post(f"{server.url}/_control", json={"next": "explode"}, timeout=5)
        assert answer.status_code == 400
        assert "there is no mode explode" in answer.json()["error"]


def test_venue_when_gone_closes_every_connection_and_comes_back() -> None:
    with AlpacaVenueServer() as server:
        told(server.url, gone=True)
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{server.url}/v2/orders", json=ORDER, headers=HEADERS, timeout=5)
        assert server.book.received == []
        told(server.url, gone=False)
        assert requests.post(f"{server.url}/v2/orders", json=ORDER, headers=HEADERS, timeout=5).ok


def test_book_when_a_line_was_cut_short_goes_on_without_it(tmp_path: Path) -> None:
    file = tmp_path / "state"
    book = Book(file)
    book.receive("submit", "tc-1", {})
    book.close()
    with file.open("a") as out:
        out.write('{"event": "recei')
    again = Book(file)
    again.receive("submit", "tc-2", {})
    again.close()
    assert [each["client_order_id"] for each in read_events(file)] == ["tc-1", "tc-2"]


def test_book_when_a_cancelled_order_trades_stays_cancelled_until_it_is_whole() -> None:
    book = Book()
    about = dict.fromkeys(("side", "kind", "time_in_force"), "")
    book.place(client_order_id="a", symbol="X", quantity="3", limit_price=None, stop_price=None, **about)
    book.end("a", "canceled")
    book.fill("a", 1, 2)
    assert (book.newest("a").status, book.newest("a").filled) == ("canceled", Decimal(1))
    book.fill("a", 2, 2)
    assert book.newest("a").status == "filled"


def test_request_when_its_sender_ends_in_the_middle_of_it_is_none(tmp_path: Path) -> None:
    with running(tmp_path / "state") as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"POST /v2/orders HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
            line.shutdown(socket.SHUT_WR)
            assert line.recv(1) == b""
        assert read_events(tmp_path / "state") == []
