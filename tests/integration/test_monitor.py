"""The monitor beside a real service: endpoints, events, actions, Prometheus, a broker that goes and comes."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families as read_text

from tacore.client import Client
from tests.support.journal_rows import query, rows
from tests.support.monitors import ACTING, events, monitor_of
from tests.support.service import PATIENCE_S, Service, wait_until

ORDER = {"symbol": "AAPL", "action": "buy", "quantity": 2, "price": 1.25, "order_type": "limit"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("monitored"), orders=True, journal__commit_ms=10) as started:
        yield started


@pytest.fixture(scope="module")
def monitor(service: Service) -> Iterator[httpx.Client]:
    with monitor_of(service) as client:
        yield client


@pytest.fixture
def order(service: Service) -> Iterator[dict[str, Any]]:
    """An order that waits, far below the market, the only one while a test lasts."""
    placed: dict[str, Any] = service.client.call("execute.order", ORDER)
    assert placed["status"] == "accepted"
    yield placed
    service.client.call("cancel.order", {"order_id": placed["order_id"]})


def get(monitor: httpx.Client, path: str, **options: Any) -> Any:
    answer = monitor.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def scraped(monitor: httpx.Client) -> str:
    return monitor.get("/metrics", headers={"Accept": "text/plain"}).text


def act(monitor: httpx.Client, action: str, **asked: Any) -> dict[str, Any]:
    answer = monitor.post(f"/api/actions/{action}", json=asked, headers=ACTING)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


# -- what is shown -------------------------------------------------------------------------------------


def test_health_when_all_is_well_is_200(monitor: httpx.Client) -> None:
    for path in ("/health", "/health/live", "/live"):
        assert monitor.get(path).status_code == 200
    assert get(monitor, "/health")["status"] == "healthy"
    status = get(monitor, "/api/status")
    assert set(status) == {"service_name", "status", "uptime", "version", "timestamp"}
    assert status["timestamp"] == pytest.approx(time.time(), abs=60)


def test_overview_when_shown_has_each_part(service: Service, monitor: httpx.Client) -> None:
    found = get(monitor, "/api/overview")
    assert found["endpoint"] == service.endpoint
    assert found["home"] == str(service.home)
    assert found["trading"]["state"] == "active"
    assert found["paper"] is True
    assert sum(found["workers"].values()) == 3
    assert {each["pool"] for each in found["supervisors"]} == {"fast", "orders"}
    assert {"broker", "queues", "journal", "cache", "stores"} <= set(found["components"])
    assert "workers" not in found["components"]["workers"]
    assert found["actions"] is True


def test_workers_when_listed_are_the_services_own(service: Service, monitor: httpx.Client) -> None:
    told = {each["worker_id"]: each for each in service.client.call("admin.workers")["workers"]}
    shown = {each["worker_id"]: each for each in get(monitor, "/api/workers")}
    assert set(shown) == set(told)
    for name, each in shown.items():
        assert (each["pid"], each["pool"], each["live"]) == (told[name]["pid"], told[name]["pool"], True)
        assert each["commands"]["restart"] == f"tacore worker restart {name}"
    assert {each["worker_id"] for each in get(monitor, "/workers")} == set(told)


def test_orders_when_shown_keep_each_digit(
    service: Service, monitor: httpx.Client, order: dict[str, Any]
) -> None:
    id_ = order["order_id"]
    listed = monitor.get("/api/orders", params={"status": "open", "symbol": "AAPL"})
    assert '"price":1.25,' in listed.text
    (shown,) = listed.json()["orders"]
    assert shown.pop("commands") == {"show": f"tacore order {id_}", "cancel": f"tacore cancel {id_}"}
    assert shown == service.client.call("list.orders", {"status": ["open"]})["orders"][0]
    assert get(monitor, f"/api/orders/{id_}")["events"]
    counted = 'tacore_open_orders{status="accepted"} 1.0'
    wait_until(lambda: counted in scraped(monitor), "a count shared before is old")
    assert monitor.get("/api/orders/nope").status_code == 404
    assert monitor.get("/api/orders", params={"status": "sleeping"}).status_code == 400
    account = monitor.get("/api/account")
    exact = Client(service.endpoint, timeout_s=5.0, parse_float=str)
    assert f'"buying_power":{exact.call("get.account")["buying_power"]}' in account.text
    exact.close()
    assert get(monitor, "/api/positions")["positions"] == []
    assert get(monitor, "/api/trading")["state"] == "active"


def test_bars_when_shown_have_indicators_for_each(service: Service, monitor: httpx.Client) -> None:
    asked = {"symbol": "AAPL", "limit": 40, "indicators": "sma20,bollinger,rsi14", "analysis": "true"}
    found = get(monitor, "/api/bars", params=asked)
    assert (found["market"], found["source"], len(found["bars"])) == ("US", "sample", 40)
    assert all(len(line) == 40 and None not in line for line in found["indicators"].values())
    told = service.client.call("get.market_data", {"symbols": ["AAPL"], "limit": 40, "adjusted": True})[
        "symbols"
    ]["AAPL"]["bars"]
    assert [each["close"] for each in found["bars"]] == [each["close"] for each in told]
    mean = sum(each["close"] for each in told[-20:]) / 20
    assert found["indicators"]["sma20"][-1] == pytest.approx(mean)
    assert found["signal"] in ("buy", "hold", "sell")
    assert found["levels"]["price"] == pytest.approx(told[-1]["close"])
    assert monitor.get("/api/bars", params={"symbol": "NOSUCH"}).status_code == 404
    wrong = monitor.get("/api/bars", params={"symbol": "AAPL", "indicators": "vwap"})
    assert (wrong.status_code, wrong.json()["error"]["details"]["indicators"]["value"]) == (400, "vwap")


def test_methods_when_called_are_listed_with_what_they_are_for(
    service: Service, monitor: httpx.Client
) -> None:
    service.client.call("debug.echo")
    rows(service)
    for path in ("/api/methods", "/methods"):
        wait_until(partial(called, monitor, path), "answers shared before are old")
        found = methods(monitor, path)["debug.echo"]
        assert found["requests"] >= 1
        assert found["idempotent"] is True
        assert found["command"] == "tacore stats --method debug.echo"
    series = get(monitor, "/api/series", params={"method": "debug.echo"})
    assert series["points"][-1]["requests"] >= 1
    names = {each["name"] for each in get(monitor, "/api/schema")["methods"]}
    assert {"scan.market", "health.check", "execute.order"} <= names


def methods(monitor: httpx.Client, path: str) -> dict[str, Any]:
    return {each["method"]: each for each in get(monitor, path, params={"window_s": 3600})}


def called(monitor: httpx.Client, path: str) -> bool:
    return "debug.echo" in methods(monitor, path)


def test_figures_when_scraped_agree_with_the_journal(service: Service, monitor: httpx.Client) -> None:
    service.client.call("debug.echo")
    with pytest.raises(Exception, match="Unsupported method"):
        service.client.call("no.such")
    rows(service)
    time.sleep(0.6)  # the answers that others asked for at about the same time are shared
    found = {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in read_text(scraped(monitor))
        for each in family.samples
    }
    sql = "SELECT count(*) FROM request_logs WHERE method = 'debug.echo' AND status = 'success'"
    ((echoes,),) = query(service.database, sql)
    assert found["tacore_requests_total", (("method", "debug.echo"), ("status", "success"))] == echoes
    assert found["tacore_request_seconds_count", (("method", "debug.echo"),)] == echoes
    assert found["tacore_up", ()] == 1
    assert found["tacore_workers_wanted", (("pool", "orders"), *_supervisor(found))] == 1
    metrics = get(monitor, "/api/metrics")
    assert metrics["total_requests"] == metrics["successful_requests"] + metrics["failed_requests"]
    assert metrics["active_workers"] == 3


def _supervisor(found: dict[tuple[str, Any], float]) -> list[tuple[str, str]]:
    return [
        ("supervisor", dict(labels)["supervisor"])
        for name, labels in found
        if name == "tacore_workers_wanted" and dict(labels)["pool"] == "orders"
    ]


# -- as it happens -------------------------------------------------------------------------------------


def test_pages_when_requests_arrive_have_each_of_them_once(service: Service, monitor: httpx.Client) -> None:
    marks = [f"page-{number}" for number in range(300)]
    first = monitor.get("/api/requests", params={"limit": 1})
    after, seen, sent = first.headers["X-Next-After"], list[Any](), threading.Event()

    def send() -> None:
        with Client(service.endpoint, timeout_s=20.0) as client:
            for mark in marks:
                client.call("debug.echo", request_id=mark)
        sent.set()

    sender = threading.Thread(target=send)
    sender.start()
    deadline = time.monotonic() + PATIENCE_S
    while not (sent.is_set() and marks[-1] in seen) and time.monotonic() < deadline:
        page = monitor.get("/api/requests", params={"limit": 40, "after": after, "q": "method:debug.echo"})
        seen += [each["request_id"] for each in reversed(page.json())]
        after = page.headers["X-Next-After"]
    sender.join()
    assert [each for each in seen if str(each).startswith("page-")] == marks


def test_events_when_a_stream_breaks_resume_with_what_was_missed(
    service: Service, monitor: httpx.Client
) -> None:
    asked = {"streams": "requests", "q": "method:debug.echo"}
    with monitor.stream("GET", "/api/events", params=asked) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        told = events(stream.iter_lines())
        _, last, _ = next(told)
        service.client.call("debug.echo", request_id="seen")
        name, last, data = next(told)
        assert (name, [each["request_id"] for each in data["rows"]], data["skipped"]) == (
            "requests",
            ["seen"],
            0,
        )
    missed = [f"missed-{number}" for number in range(5)]
    for each in missed:
        service.client.call("debug.echo", request_id=each)
    rows(service)
    with monitor.stream("GET", "/api/events", params=asked, headers={"Last-Event-ID": str(last)}) as stream:
        _, _, data = next(events(stream.iter_lines()))
        assert [each["request_id"] for each in data["rows"]] == missed


def test_events_when_the_state_changes_tell_it(monitor: httpx.Client) -> None:
    with monitor.stream("GET", "/api/events", params={"streams": "overview,workers"}) as stream:
        found: dict[str, Any] = {}
        for name, id_, data in events(stream.iter_lines()):
            assert id_ is None
            found[name] = data
            if len(found) == 2:
                break
    assert found["overview"]["health"]["status"] == "healthy"
    assert len(found["workers"]) == 3
    wrong = monitor.get("/api/events", params={"streams": "order"})
    assert wrong.json()["error"]["details"]["streams"]["value"] == "order"


# -- actions -------------------------------------------------------------------------------------------


def test_halt_when_done_stops_orders_until_resumed(service: Service, monitor: httpx.Client) -> None:
    assert act(monitor, "halt", reason="a look") == {
        "done": "trading is halted",
        "command": "tacore halt --reason 'a look'",
    }
    assert service.client.call("get.trading_state")["reason"] == "a look"
    assert get(monitor, "/api/overview")["trading"] == {"state": "halted", "reason": "a look"}
    assert act(monitor, "halt", reason="less", reducing=True)["done"] == "trading is reducing"
    assert act(monitor, "resume", reason="well again")["done"] == "trading is active"


def test_cancel_when_done_ends_the_order(monitor: httpx.Client, order: dict[str, Any]) -> None:
    id_ = order["order_id"]
    assert act(monitor, "cancel", order_id=id_) == {
        "done": f"order {id_} is cancelled",
        "command": f"tacore cancel {id_}",
    }
    assert get(monitor, f"/api/orders/{id_}")["status"] == "cancelled"


def test_restart_when_done_gives_another_process(service: Service, monitor: httpx.Client) -> None:
    name = next(each["worker_id"] for each in get(monitor, "/api/workers") if each["pool"] == "fast")
    (pid,) = [each["pid"] for each in get(monitor, "/api/workers") if each["worker_id"] == name]
    assert act(monitor, "restart", worker_id=name)["command"] == f"tacore worker restart {name}"
    service.wait_ready(without=[pid])


def test_scale_when_done_keeps_so_many(service: Service, monitor: httpx.Client) -> None:
    assert act(monitor, "scale", workers=3)["command"] == "tacore worker scale 3"
    wait_until(lambda: len(get(monitor, "/api/workers")) == 4, "three fast workers")
    name = get(monitor, "/api/workers")[0]["worker_id"]
    assert act(monitor, "drain", worker_id=name)["command"] == f"tacore worker drain {name}"
    wait_until(lambda: name not in {each["worker_id"] for each in get(monitor, "/api/workers")}, "it left")
    act(monitor, "scale", workers=2)
    service.wait_ready()
    assert act(monitor, "clear-cache", kind="risk")["command"] == "tacore cache clear --kind risk"
    unknown = monitor.post("/api/actions/restart", json={"worker_id": "nope"}, headers=ACTING)
    assert unknown.status_code == 404
    too_many = monitor.post("/api/actions/scale", json={"workers": 9999}, headers=ACTING)
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (400, "invalid_params")


# -- the monitor's own life ----------------------------------------------------------------------------


def test_broker_when_it_goes_and_comes_is_told_on_the_same_stream(
    service: Service, monitor: httpx.Client
) -> None:
    with monitor.stream("GET", "/api/events", params={"streams": "overview"}) as stream:
        told = (data["health"]["status"] for _, _, data in events(stream.iter_lines(), 2 * PATIENCE_S))
        assert "healthy" in told
        service.end("broker")
        assert "down" in told
        down = monitor.get("/health")
        assert (down.status_code, down.json()["status"]) == (503, "down")
        assert get(monitor, "/api/requests")  # the journal is still there
        assert {each["live"] for each in get(monitor, "/api/workers")} == {False}
        service.start_broker()
        service.wait_ready()
        assert "healthy" in told


def test_executor_when_there_is_none_is_said_in_the_services_words(
    service: Service, monitor: httpx.Client
) -> None:
    service.end("orders")
    answer = monitor.get("/api/orders")
    assert answer.status_code == 503
    assert "tacore worker spawn --pool orders" in answer.json()["error"]["message"]
    service.start_orders()
    service.wait_ready()


def test_monitor_when_it_is_told_to_end_closes_its_streams(service: Service, monitor: httpx.Client) -> None:
    del monitor  # it has the port
    (port,) = free_port()
    process = service.run("monitor-2", "monitor", "start", "--port", str(port))
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/live").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, "it answers")
    with httpx.stream("GET", f"{url}/api/events", timeout=30.0) as stream:
        lines = stream.iter_lines()
        next(lines)
        process.send_signal(signal.SIGINT)
        assert list(lines) is not None  # it ends
    assert service.bury("monitor-2") == 0
    assert f"monitor: {url}" in (service.home / "monitor-2.out").read_text()


def test_monitor_when_its_port_is_in_use_says_which_setting(service: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service.run("monitor-2", "monitor", "start", "--port", str(port))
        assert service.bury("monitor-2") == 6
    said = (service.home / "monitor-2.out").read_text()
    assert f"can't listen on 127.0.0.1:{port}" in said
    assert "another api.port (API_PORT; now from flag --port)" in said


def test_memory_when_all_was_asked_is_under_200_mb(service: Service, monitor: httpx.Client) -> None:
    get(monitor, "/api/bars", params={"symbol": "AAPL", "indicators": "sma20"})
    facts = json.loads((service.home / "run" / "monitor.json").read_text())
    assert psutil.Process(facts["pid"]).memory_info().rss < 200e6


def free_port() -> list[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1]]
