"""The seed's client, unchanged, against a real service.

TACORE_CALLS says how often each call is made at once: 1,000 in `make soak`.
"""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import journal_rows
from tests.support.calls_in_the_wild import CALLS, WildCall, is_answered
from tests.support.load import keep_in_flight, request
from tests.support.seed_client import SeedClient
from tests.support.service import Service

CLIENTS = 8
EACH = int(os.environ.get("TACORE_CALLS", "80"))
HEAVY = ("analyze.", "evaluate.")
"""Calls of which a tenth is made: computed ones, which make the test ten times as long."""


def times(call: WildCall) -> int:
    return EACH // 10 if call.method.startswith(HEAVY) else EACH


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_seed_client_when_it_makes_a_known_call_gets_the_answer(service: Service, call: WildCall) -> None:
    before = int(time.time())
    with SeedClient(service.endpoint) as client:
        reply = client.call("one", call.method, call.params)
        assert client.timeouts == 0
    assert is_answered(call, "one", reply), reply
    assert before <= reply["timestamp"] <= time.time()


def test_seed_client_when_eight_make_each_call_again_and_again_all_are_answered_and_logged(
    service: Service,
) -> None:
    def work(number: int) -> tuple[list[str | int], list[str], int]:
        ids: list[str | int] = []
        wrong = []
        with SeedClient(service.endpoint) as client:
            for turn in range(EACH // CLIENTS):
                for position, call in enumerate(CALLS):
                    if turn >= times(call) // CLIENTS:
                        continue
                    serial = (number * EACH + turn) * len(CALLS) + position
                    request_id = serial if number % 2 else f"req-{serial}"
                    reply = client.call(request_id, call.method, call.params)
                    ids.append(request_id)
                    if not is_answered(call, request_id, reply):
                        wrong.append(f"{call.name}: {json.dumps(reply)[:500]}")
            return ids, wrong, client.timeouts

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(work, range(CLIENTS)))

    sent = [request_id for ids, _, _ in results for request_id in ids]
    assert [wrong for _, each, _ in results for wrong in each] == []
    assert sum(timeouts for _, _, timeouts in results) == 0
    assert len(sent) == sum(times(call) // CLIENTS * CLIENTS for call in CALLS)
    logged = journal_rows.counts(journal_rows.rows(service))
    assert {each: logged[each] for each in sent if logged[each] != 1} == {}
    assert journal_rows.integrity(service.database) == "ok"


def test_dealer_when_256_are_in_flight_all_are_answered_and_logged(service: Service) -> None:
    calls = {
        f"dealer-{turn}-{call.name}": call for turn in range(EACH) for call in CALLS if turn < times(call)
    }

    def requests() -> Iterator[tuple[str, bytes]]:
        for name, call in calls.items():
            yield name, request(name, call.method, call.params)

    answers = keep_in_flight(service.endpoint, requests(), window=256)

    assert answers.replies.keys() == calls.keys()
    assert answers.duplicates == 0
    wrong = [name for name, reply in answers.replies.items() if not is_answered(calls[name], name, reply)]
    assert wrong == []
    logged = journal_rows.rows(service, "dealer-")
    assert journal_rows.counts(logged) == dict.fromkeys(calls, 1)
    assert {row.status for row in logged} == {"success"}
    assert journal_rows.integrity(service.database) == "ok"


def test_seed_client_when_it_speaks_camel_case_gets_success_and_its_id(service: Service) -> None:
    with SeedClient(service.endpoint) as client:
        good = client.send({"requestId": "c-1", "method": "debug.echo", "params": {"a": 1}})
        bad = client.send({"requestId": "c-2", "method": "no.such", "params": {}})
    assert (good["requestId"], good["success"], good["data"]) == ("c-1", True, {"a": 1})
    assert (bad["requestId"], bad["success"], bad["errorCode"]) == ("c-2", False, "unknown_method")


@pytest.mark.parametrize("version", [{}, {"jsonrpc": "2.0"}], ids=["id_alone", "with_version"])
def test_seed_client_when_it_speaks_json_rpc_gets_result_or_error_never_both(
    service: Service, version: dict[str, str]
) -> None:
    with SeedClient(service.endpoint) as client:
        good = client.send({**version, "id": 7, "method": "debug.echo", "params": {"a": 1}})
        bad = client.send({**version, "id": 8, "method": "no.such", "params": {}})
    assert (good["id"], good["result"]) == (7, {"a": 1})
    assert good.get("error") is None and good["status"] == "success"
    assert bad["id"] == 8 and bad["status"] == "error" and "result" not in bad
    assert isinstance(bad["error"]["code"], int)
