"""Orders as existing clients place them, against a real service, and the operator's commands about them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.command import tacore
from tests.support.seed_client import SeedClient
from tests.support.service import Service

Data = dict[str, Any]
CLOSE, FILLED_AT = 430.47, 430.52  # of 2013-03-01; a basis point worse, up to the cent


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), workers=1, orders=True) as started:
        yield started


@pytest.fixture
def client(service: Service) -> Iterator[SeedClient]:
    with SeedClient(service.endpoint) as made:
        yield made


@pytest.mark.parametrize(
    "params",
    [
        {"symbol": "AAPL", "action": "buy", "quantity": 1},
        {"symbol": "AAPL", "side": "BUY", "amount": 1, "type": "MARKET"},
        {"symbol": "aapl", "side": "buy", "quantity": "1", "orderType": "market", "timeInForce": "day"},
        {"symbol": "AAPL", "action": "buy", "quantity": 1, "orderType": "limit", "price": 431},
        {
            "symbol": "AAPL",
            "action": "buy",
            "quantity": 1,
            "strategyId": "s1",
            "orderSource": "bot",
            "metadata": {"a": [1]},
        },
    ],
)
def test_order_when_placed_as_existing_clients_do_is_filled_on_paper(
    client: SeedClient, request: pytest.FixtureRequest, params: Data
) -> None:
    reply = client.call(request.node.name, "execute.order", params)
    data = reply["data"]
    assert (reply["status"], data["status"], data["filled_quantity"]) == ("success", "filled", 1), reply
    assert (data["average_price"], data["paper"], data["venue"]) == (FILLED_AT, True, "paper")
    assert data["quote"]["price"] == str(CLOSE)
    assert data["tags"] == {
        each: params[each] for each in ("strategyId", "orderSource", "metadata") if each in params
    }


def test_order_when_for_a_coin_goes_to_its_pair_and_says_that_the_price_is_invented(
    client: SeedClient,
) -> None:
    reply = client.call("coin", "execute.order", {"symbol": "BTC/USDT", "side": "buy", "amount": 0.01})
    data = reply["data"]
    assert (data["symbol"], data["market"], data["currency"]) == ("BTC/USDT", "CRYPTO", "USDT"), reply
    assert data["quote"]["simulated"] is True
    assert data["quote"]["source"] == "synthetic"


def test_client_that_speaks_request_id_in_camels_when_it_places_finds_its_own_fields(
    client: SeedClient,
) -> None:
    placing: Data = {"requestId": "camel", "method": "execute.order"}
    reply = client.send({**placing, "params": {"symbol": "MSFT", "action": "buy", "quantity": 2}})
    assert (reply["requestId"], reply["success"], reply["executedQuantity"]) == ("camel", True, 2)
    assert reply["executedPrice"] == reply["data"]["average_price"]
    assert reply["executionTime"] == "2013-03-01T21:00:00Z"
    status = client.send(
        {"requestId": "ask", "method": "order.status", "params": {"orderId": reply["orderId"]}}
    )
    assert status["data"]["order_id"] == reply["orderId"]
    refused = client.send(
        {"requestId": "end", "method": "order.cancel", "params": {"orderId": reply["orderId"]}}
    )
    assert (refused["success"], refused["errorCode"]) == (False, "denied")


def test_retry_when_it_comes_after_the_answer_says_replayed_and_gives_the_same(client: SeedClient) -> None:
    params = {"symbol": "IBM", "action": "buy", "quantity": 1, "idempotency_key": "once"}
    first = client.call("first", "execute.order", params)
    again = client.call("again", "execute.order", params)
    assert (first.get("replayed"), again["replayed"]) == (None, True)
    assert again["data"] == first["data"]
    other = client.call("other", "execute.order", {**params, "quantity": 2})
    assert other["error"]["code"] == "idempotency_mismatch"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"symbol": "AAPL", "action": "buy"}, "quantity"),
        ({"symbol": "AAPL", "action": "hold", "quantity": 1}, "action"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 0}, "quantity"),
        ({"symbol": "AAPL", "action": "buy", "quantity": -1}, "quantity"),
        ({"symbol": "AAPL", "action": "buy", "quantity": True}, "quantity"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "side": "sell"}, "side"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "limt": 5}, "limt"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "type": "market", "price": 5}, "price"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "type": "stop"}, "stop_price"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "account": "nobody"}, "account"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "venue": "alpaca"}, "venue"),
        ({"symbol": " ", "action": "buy", "quantity": 1}, "symbol"),
        ({"symbol": "AAPL", "action": "buy", "quantity": 1, "idempotency_key": ""}, "idempotency_key"),
    ],
)
def test_order_when_wrong_is_refused_by_its_field_and_places_nothing(
    client: SeedClient, params: Data, field: str
) -> None:
    reply = client.call(f"wrong-{field}", "execute.order", params)
    assert reply["error"]["code"] == "invalid_params", reply
    assert field in reply["error"]["details"], reply
    listed = client.call("list", "list.orders", {"limit": 1000})["data"]["orders"]
    assert f"wrong-{field}" not in {each["idempotency_key"] for each in listed}


def test_order_when_it_has_neither_id_nor_key_is_refused_for_its_retry_would_double_it(
    client: SeedClient,
) -> None:
    order = {"symbol": "AAPL", "action": "buy", "quantity": 1}
    reply = client.send({"method": "execute.order", "params": order})
    assert reply["error"]["code"] == "invalid_params"
    assert "idempotency_key" in reply["error"]["details"]
    keyed = client.send({"method": "execute.order", "params": {**order, "idempotency_key": "no id"}})
    assert keyed["data"]["status"] == "filled"


def test_symbol_when_unknown_is_denied_by_name(client: SeedClient) -> None:
    reply = client.call("nobody", "execute.order", {"symbol": "NOBODY", "action": "buy", "quantity": 1})
    assert (reply["error"]["code"], reply["error"]["details"]["rule"]) == ("denied", "symbol_known")


def test_commands_when_typed_place_show_halt_and_cancel(service: Service) -> None:
    def run(*words: str, code: int = 0) -> Any:
        done = tacore(words, service.home, service.endpoint)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return rows[0] if len(rows) == 1 else rows

    run("call", "execute.order", "--symbol", "AAPL", "--action", "buy", "--quantity", "2")
    order = run(
        "call",
        "execute.order",
        "--symbol",
        "AAPL",
        "--action",
        "buy",
        "--quantity",
        "1",
        "--price",
        "400.5",
        "--time_in_force",
        "GTC",
        "--idempotency_key",
        "typed",
    )
    assert (order["status"], order["price"]) == ("accepted", 400.5)
    assert order["order_id"] in {each["order_id"] for each in _listed(run("orders", "--status", "open"))}
    assert run("order", order["order_id"])["events"][-1]["status"] == "accepted"
    assert run("halt", "--reason", "a test")["state"] == "halted"
    run("call", "execute.order", "--symbol", "AAPL", "--action", "buy", "--quantity", "1", code=3)
    assert run("cancel", order["order_id"])["status"] == "cancelled"
    assert run("resume")["state"] == "active"
    assert "AAPL" in {each["symbol"] for each in _listed(run("positions"))}
    assert run("account")["paper"] is True
    assert run("reconcile")["ledger_ok"] is True
    run("order", "o-999999999999", code=7)


def _listed(found: Any) -> list[Data]:
    return found if isinstance(found, list) else [found]
