"""The broker under any order of events: every request sent gets one reply, and nothing is left over."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tacore.broker.limits import Limits
from tests.support.broker_world import Batch, SimWorker, World, method

METHODS = ("m", "slow", "order", "other")
CLIENTS = [b"A", b"B", b"C"]
MAX_S = 5.0


def make_world() -> World:
    return World(
        method("m", max_s=MAX_S),
        method("slow", max_s=MAX_S, quick=False),
        method("order", max_s=MAX_S, quick=False, idempotent=False),
        method("other", max_s=MAX_S, pool="other"),
        limits=Limits(queue_limit=12, max_waiters=3, batch_max=4),
    )


class Broker(RuleBasedStateMachine):
    """Clients that reuse ids on purpose, workers that misbehave, time, drains."""

    def __init__(self) -> None:
        super().__init__()
        self.world = make_world()
        self.sent = dict.fromkeys(CLIENTS, 0)
        self.done: list[tuple[SimWorker, Batch]] = []
        self.draining = False

    # -- clients -----------------------------------------------------------------------------------

    @rule(
        client=st.sampled_from(CLIENTS),
        request_id=st.sampled_from(["1", 1, "2"]),
        name=st.sampled_from(METHODS),
        params=st.sampled_from([{}, {"n": 1}]),
        patience_ms=st.sampled_from([..., 50, 1_500, 4_000, -1, 1e300]),
        dialect=st.sampled_from([{}, {}, {"requestId": "1"}, {"id": 1}]),
        copies=st.integers(1, 4),
    )
    def ask(
        self,
        client: bytes,
        request_id: Any,
        name: str,
        params: dict[str, Any],
        patience_ms: Any,
        dialect: dict[str, Any],
        copies: int,
    ) -> None:
        for _ in range(copies):
            self.world.put(request_id, name, client, params=params, timeout_ms=patience_ms, **dialect)
            self.sent[client] += 1
        self.world.step()

    @rule(client=st.sampled_from(CLIENTS), count=st.integers(1, 12), name=st.sampled_from(METHODS))
    def flood(self, client: bytes, count: int, name: str) -> None:
        for index in range(count):
            self.world.put(f"f{index}", name, client)
            self.sent[client] += 1
        self.world.step()

    @rule(
        client=st.sampled_from(CLIENTS),
        body=st.sampled_from(
            [
                b"",
                b"{}",
                b"[]",
                b'{"request_id":"1","method":"m","params":"\xff"}',
                b'{"request_id":"1","method":"nope"}',
                b'{"request_id":"1","method":"health.check"}',
                b'{"request_id":1e5,"method":"m"}',
                json.dumps({"request_id": 10**30, "method": "admin.workers"}, indent=1).encode(),
            ]
        ),
    )
    def ask_oddly(self, client: bytes, body: bytes) -> None:
        self.world.send(body, client)
        self.sent[client] += 1
        self.world.step()

    # -- workers -----------------------------------------------------------------------------------

    @rule(
        worker_id=st.sampled_from(["w1", "w2", "w3"]),
        methods=st.sampled_from([("m", "slow", "order"), ("m",), ("slow", "order")]),
        credit=st.integers(1, 3),
        supervisor=st.sampled_from(["s1", "s2"]),
    )
    def join(self, worker_id: str, methods: tuple[str, ...], credit: int, supervisor: str) -> None:
        self.world.worker(worker_id, methods, credit=credit, supervisor=supervisor)

    @rule()
    def join_other_pool(self) -> None:
        self.world.worker("o1", ("other",), pool="other")

    def busy(self) -> list[SimWorker]:
        return [worker for worker in self.world.workers if worker.batches]

    @precondition(lambda self: self.busy())
    @rule(data=st.data(), took_us=st.sampled_from([10, 2_000, 900_000]))
    def answer(self, data: st.DataObject, took_us: int) -> None:
        worker = data.draw(st.sampled_from(self.busy()))
        self.done.append((worker, worker.answer(took_us=took_us)))

    @precondition(lambda self: self.busy())
    @rule(data=st.data())
    def answer_all(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.busy()))
        while worker.batches:
            self.done.append((worker, worker.answer()))

    @precondition(lambda self: self.done)
    @rule(data=st.data(), stranger=st.booleans())
    def answer_again(self, data: st.DataObject, stranger: bool) -> None:
        worker, batch = data.draw(st.sampled_from(self.done))
        (self.world.workers[-1] if stranger else worker).answer(batch)

    @precondition(lambda self: self.busy())
    @rule(data=st.data(), more=st.sampled_from([-1, 1]))
    def answer_a_wrong_number(self, data: st.DataObject, more: int) -> None:
        worker = data.draw(st.sampled_from(self.busy()))
        batch = worker.take()
        worker.answer(batch, replies=len(batch.ids) + more)

    @rule(worker_id=st.sampled_from(["w1", "w2", "w3", "o1"]))
    def die(self, worker_id: str) -> None:
        self.world.died(worker_id)

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data(), how=st.sampled_from(["drain", "leave", "join", "beat"]))
    def tell(self, data: st.DataObject, how: str) -> None:
        getattr(data.draw(st.sampled_from(self.world.workers)), how)()

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data())
    def cut_off(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.world.workers))
        self.world.fleet.unreachable(worker.routing, self.world.now)
        self.world.step()

    # -- everything else ---------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.002, 0.1, 1.0, 2.5, 6.0]), beats=st.booleans())
    def wait(self, seconds: float, beats: bool) -> None:
        self.world.pass_time(seconds, beats=beats)

    @rule()
    def supervise(self) -> None:
        self.world.supervisor()

    @precondition(lambda self: not self.draining)
    @rule(really=st.integers(0, 9))
    def drain(self, really: int) -> None:
        self.draining = self.world.core.draining = really == 0

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def no_reply_is_sent_for_nothing(self) -> None:
        for client, sent in self.sent.items():
            assert len(self.world.inbox[client]) <= sent

    @invariant()
    def each_final_answer_has_its_row(self) -> None:
        replies = sum(len(self.world.inbox[client]) for client in CLIENTS)
        assert sum(row[4] for row in self.world.rows()) == replies

    @invariant()
    def what_waits_and_runs_is_what_is_open(self) -> None:
        core = self.world.core
        for name, pool in core.pools.items():
            states = [each for each in core.methods.values() if each.info.pool == name]
            assert pool.queued == sum(each.depth() for each in states)
        running = sum(worker.in_flight for worker in self.world.fleet.workers.values())
        assert core.in_flight() == sum(pool.queued for pool in core.pools.values()) + running

    @invariant()
    def holds_are_counted_right(self) -> None:
        workers = list(self.world.fleet.workers.values())
        for worker in workers:
            dispatches = list(worker.dispatches.values())
            assert worker.exclusive == any(each.exclusive for each in dispatches)
            assert worker.capped == any(each.capped for each in dispatches)
            assert len(dispatches) <= (1 if worker.exclusive else worker.ready.credit)
            assert all(0 < len(each.entries) <= 4 for each in dispatches)
        for state in self.world.core.methods.values():
            held = [d for w in workers for d in w.dispatches.values() if d.method is state and d.capped]
            assert state.held == len(held)
            assert state.servers == sum(state.info.name in worker.methods for worker in workers)

    def teardown(self) -> None:
        """Without another answer from any worker, time alone answers everything, once."""
        self.world.pass_time(3 * MAX_S + 6.0)
        assert self.world.core.in_flight() == 0
        assert {client: len(self.world.inbox[client]) for client in CLIENTS} == self.sent
        self.each_final_answer_has_its_row()
        self.what_waits_and_runs_is_what_is_open()


Broker.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_broker_when_anything_happens_answers_everything_once = Broker.TestCase
