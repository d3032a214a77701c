"""The machine that keeps children up, with a clock in hand."""

from dataclasses import dataclass, field

import pytest

from tacore.cli.supervision import SPARE_S, Part, Supervision
from tacore.worker.restarts import RestartPolicy


@dataclass
class FakeProcess:
    pid: int
    status: int | None = None
    calls: list[str] = field(default_factory=list)
    fd: int = -1

    def ended(self) -> bool:
        return self.status is not None

    def reason(self) -> str:
        return f"exited with status {self.status}"

    def terminate(self) -> None:
        self.calls.append("terminate")

    def kill(self) -> None:
        self.calls.append("kill")

    def wait(self, timeout_s: float) -> bool:
        return self.ended()

    def close(self) -> None:
        self.calls.append("close")


class Starter:
    """Starts fake processes, numbered from 1."""

    def __init__(self) -> None:
        self.started: list[FakeProcess] = []

    def __call__(self) -> FakeProcess:
        self.started.append(FakeProcess(len(self.started) + 1))
        return self.started[-1]


def make(**policy: float) -> tuple[Supervision, Part, Starter]:
    starter = Starter()
    made = RestartPolicy(backoff_s=1.0, backoff_max_s=4.0, budget=int(policy.get("budget", 20)))
    part = Part("broker", starter, stop_s=10.0, policy=made)
    return Supervision([part]), part, starter


def test_part_when_due_starts_once() -> None:
    supervision, part, starter = make()

    assert supervision.due(0.0) == [part]
    assert supervision.due(5.0) == []
    assert len(starter.started) == 1
    assert supervision.running() == [starter.started[0]]


def test_part_when_its_process_ends_is_reaped_and_planned_again() -> None:
    supervision, part, starter = make()
    supervision.due(0.0)
    starter.started[0].status = -9

    (news,) = supervision.reap(2.0)

    assert (news.part, news.pid, news.again_s) == (part, 1, 1.0)
    assert starter.started[0].calls == ["close"]
    assert supervision.running() == []
    assert supervision.next_start() == 3.0
    assert supervision.due(2.9) == []
    assert supervision.due(3.0) == [part]
    assert part.starts == 2


def test_part_when_it_keeps_dying_waits_longer_each_time() -> None:
    supervision, _, starter = make()
    now, waits = 0.0, []
    for _ in range(5):
        supervision.due(now)
        starter.started[-1].status = 1
        (news,) = supervision.reap(now)
        assert news.again_s is not None
        waits.append(news.again_s)
        now += news.again_s

    assert waits == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_part_when_its_budget_is_used_up_fails_the_service() -> None:
    supervision, _, starter = make(budget=1)
    supervision.due(0.0)
    starter.started[0].status = 1
    supervision.reap(0.0)
    supervision.due(1.0)
    starter.started[1].status = 1

    (news,) = supervision.reap(1.0)

    assert news.again_s is None
    assert supervision.failed == 1
    assert supervision.next_start() is None


@pytest.mark.parametrize(("status", "failed"), [(6, 6), (0, None), (1, None), (16, None)])
def test_part_when_it_ends_by_its_configuration_is_final(status: int, failed: int | None) -> None:
    supervision, _, starter = make()
    supervision.due(0.0)
    starter.started[0].status = status

    (news,) = supervision.reap(0.0)

    assert supervision.failed == failed
    assert (news.again_s is None) == (failed is not None)


def test_parts_when_several_run_are_listed_in_the_order_of_their_end() -> None:
    first, second = Starter(), Starter()
    supervision = Supervision([Part("broker", first, 1.0), Part("workers", second, 1.0)])

    supervision.due(0.0)

    assert supervision.running() == [first.started[0], second.started[0]]


def test_part_when_it_is_not_vital_never_ends_the_service_once_it_ran() -> None:
    supervision, part, starter = make(budget=2)
    part.vital = False
    now, waits = 0.0, []
    for status in (1, 6, 1, 6, 1):
        supervision.due(now)
        starter.started[-1].status = status
        (news,) = supervision.reap(now)
        assert news.again_s is not None
        waits.append(news.again_s)
        now += news.again_s
    assert supervision.failed is None
    assert waits[:3] == [1.0, 2.0, SPARE_S]


def test_part_when_it_is_not_vital_and_can_not_start_at_first_ends_the_service() -> None:
    supervision, part, starter = make()
    part.vital = False
    supervision.due(0.0)
    starter.started[-1].status = 6
    supervision.reap(1.0)
    assert supervision.failed == 6
