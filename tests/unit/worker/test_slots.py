"""Which workers a supervisor keeps up, and when one that died may start again."""

from collections import Counter

import pytest

from tacore.worker.restarts import RestartPolicy
from tacore.worker.slots import Slots


class FakeProcess:
    """A process that ends when the test says so."""

    def __init__(self, worker_id: str) -> None:
        self.worker_id = worker_id
        self.calls: Counter[str] = Counter()
        self.over = False

    pid, fd = 1, 0

    def ended(self) -> bool:
        return self.over

    def reason(self) -> str:
        return "killed by signal 9"

    def terminate(self) -> None:
        self.calls["terminate"] += 1

    def kill(self) -> None:
        self.calls["kill"] += 1

    def close(self) -> None:
        self.calls["close"] += 1


class Host:
    """Slots with fake processes, and the time."""

    def __init__(self) -> None:
        self.started: list[FakeProcess] = []
        self.slots = Slots(self._start, lambda n: f"w{n}", lambda: RestartPolicy(0.1, 5.0, 3, 60.0))
        self.now = 100.0

    def _start(self, worker_id: str) -> FakeProcess:
        self.started.append(FakeProcess(worker_id))
        return self.started[-1]

    def up(self) -> list[str]:
        self.slots.due(self.now)
        return [each.worker_id for each in self.slots.running() if isinstance(each, FakeProcess)]

    def latest(self, worker_id: str) -> FakeProcess:
        return [each for each in self.started if each.worker_id == worker_id][-1]

    def end(self, worker_id: str) -> list[tuple[str, str]]:
        self.latest(worker_id).over = True
        return self.slots.reap(self.now)


def test_slots_when_scaled_start_that_many_at_once() -> None:
    host = Host()
    host.slots.scale(3, host.now)
    assert host.slots.next_start() == 100.0
    assert host.up() == ["w1", "w2", "w3"]
    assert host.slots.next_start() is None
    assert host.up() == ["w1", "w2", "w3"]


def test_slots_when_scaled_down_stop_the_newest_in_good_order() -> None:
    host = Host()
    host.slots.scale(3, host.now)
    host.up()
    host.slots.scale(1, host.now)
    assert [host.latest(name).calls["terminate"] for name in ("w1", "w2", "w3")] == [0, 1, 1]
    assert host.end("w3") == [("w3", "killed by signal 9")]
    host.end("w2")
    assert host.up() == ["w1"]
    assert host.slots.restarts == 0
    host.slots.scale(2, host.now)
    assert host.up() == ["w1", "w4"]


def test_slots_when_scaled_down_before_they_started_never_start() -> None:
    host = Host()
    host.slots.scale(3, host.now)
    host.slots.scale(0, host.now)
    assert host.up() == []
    assert host.slots.next_start() is None


def test_worker_when_it_dies_starts_again_after_a_growing_wait() -> None:
    host = Host()
    host.slots.scale(1, host.now)
    host.up()
    assert host.end("w1") == [("w1", "killed by signal 9")]
    assert host.latest("w1").calls["close"] == 1
    for wait in (0.1, 0.2, 0.4):
        assert host.up() == []
        assert host.slots.next_start() == pytest.approx(host.now + wait)
        host.now += wait + 0.001
        assert host.up() == ["w1"]
        host.end("w1")
    assert host.slots.restarts == 4
    assert host.slots.gave_up() == ["w1"]
    assert host.slots.next_start() is None


@pytest.mark.parametrize("how", ["scale", "restart"])
def test_worker_when_given_up_starts_again_only_when_asked(how: str) -> None:
    host = Host()
    host.slots.scale(1, host.now)
    for _ in range(4):
        host.up()
        host.end("w1")
        host.now += 1.0
    assert host.slots.gave_up() == ["w1"]
    host.now += 1_000
    assert host.up() == []
    if how == "scale":
        host.slots.scale(1, host.now)
    else:
        host.slots.restart("w1", host.now)
    assert host.up() == ["w1"]
    assert host.slots.gave_up() == []


def test_worker_when_restarted_ends_in_good_order_and_starts_at_once() -> None:
    host = Host()
    host.slots.scale(1, host.now)
    host.up()
    host.slots.restart("w1", host.now)
    assert host.latest("w1").calls == {"terminate": 1}
    host.end("w1")
    assert host.up() == ["w1"]
    assert (len(host.started), host.slots.restarts) == (2, 0)


def test_worker_when_killed_counts_as_dead() -> None:
    host = Host()
    host.slots.scale(1, host.now)
    host.slots.kill("w1")
    host.up()
    host.slots.kill("w1")
    assert host.latest("w1").calls == {"kill": 1}
    host.end("w1")
    assert host.slots.next_start() == pytest.approx(100.1)


def test_worker_when_retired_leaves_its_slot_empty() -> None:
    host = Host()
    host.slots.scale(2, host.now)
    host.up()
    host.slots.retire("w1")
    host.slots.retire("w1")
    assert host.slots.wanted == 1
    host.end("w1")
    host.now += 100
    assert host.up() == ["w2"]


def test_worker_when_it_dies_while_leaving_is_not_started_again() -> None:
    host = Host()
    host.slots.scale(1, host.now)
    host.up()
    host.slots.restart("w1", host.now)
    host.slots.scale(0, host.now)
    host.end("w1")
    host.now += 100
    assert host.up() == []


def test_orders_when_for_an_unknown_worker_change_nothing() -> None:
    host = Host()
    host.slots.scale(1, host.now)
    host.slots.restart("w9", host.now)
    host.slots.retire("w9")
    host.slots.kill("w9")
    assert host.up() == ["w1"]
    assert host.slots.wanted == 1


def test_reap_when_all_run_finds_nobody() -> None:
    host = Host()
    host.slots.scale(2, host.now)
    host.up()
    assert host.slots.reap(host.now) == []


# -- the policy ------------------------------------------------------------------------------------


def test_policy_when_deaths_follow_each_other_doubles_up_to_its_bound() -> None:
    policy = RestartPolicy(backoff_s=0.1, backoff_max_s=0.5, budget=100)
    waits = [(policy.died(10.0, 10.0) or 0.0) - 10.0 for _ in range(5)]
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])


def test_policy_when_a_worker_was_stable_starts_from_the_beginning() -> None:
    policy = RestartPolicy(backoff_s=0.1, budget=100, stable_s=10.0)
    for _ in range(4):
        policy.died(0.0, 1.0)
    assert policy.died(20.0, 30.0) == pytest.approx(30.1)
    assert policy.died(31.0, 40.9) == pytest.approx(41.1)


def test_policy_when_deaths_are_spread_over_time_never_gives_up() -> None:
    policy = RestartPolicy(budget=3, window_s=60.0)
    assert all(policy.died(at, at) is not None for at in range(0, 2_000, 20))


def test_policy_when_over_budget_within_the_window_gives_up() -> None:
    policy = RestartPolicy(budget=3, window_s=60.0)
    told = [policy.died(at, at) is not None for at in (0.0, 10.0, 20.0, 30.0)]
    assert told == [True, True, True, False]
    assert policy.died(61.0, 61.0) is None
    assert policy.died(200.0, 200.0) is not None


def test_running_ids_name_who_runs_and_not_who_waits_to_start() -> None:
    host = Host()
    host.slots.scale(2, host.now)
    assert host.slots.running_ids() == []
    host.up()
    assert host.slots.running_ids() == ["w1", "w2"]

    host.end("w1")

    assert host.slots.running_ids() == ["w2"]
