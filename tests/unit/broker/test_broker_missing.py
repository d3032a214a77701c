"""Workers whose process runs and who never register: stopped, or stuck in their start."""

from collections.abc import Iterable

from tacore.broker.limits import Limits
from tests.support.broker_world import KILL, World, frame


class Host:
    """A supervisor that repeats itself each second while time goes by."""

    def __init__(self, start_s: float = 10.0) -> None:
        self.world = World(limits=Limits(start_s=start_s))
        self.routing = b""

    def wait(self, seconds: int, running: Iterable[str] | None) -> None:
        for _ in range(seconds):
            self.routing = self.world.supervisor(running=running)
            self.world.pass_time(1.0)

    @property
    def killed(self) -> list[bytes]:
        return [each for each in self.world.supervised[self.routing] if each[:1] == KILL]


def test_worker_when_it_runs_and_never_registers_is_killed_after_its_time_to_start() -> None:
    host = Host()
    host.wait(10, ["w1"])
    assert host.killed == []

    host.wait(1, ["w1"])

    assert host.killed == [frame(KILL, "w1")]


def test_worker_when_killed_and_still_there_is_killed_again_after_as_long() -> None:
    host = Host()
    host.wait(11, ["w1"])
    host.wait(9, ["w1"])
    assert len(host.killed) == 1

    host.wait(2, ["w1"])

    assert len(host.killed) == 2


def test_worker_when_its_process_died_has_all_its_time_again() -> None:
    host = Host()
    host.wait(9, ["w1"])
    host.world.died("w1")

    host.wait(9, ["w1"])

    assert host.killed == []


def test_worker_when_registered_is_not_missed_however_long_it_runs() -> None:
    host = Host()
    host.wait(5, ["w1"])
    host.world.worker("w1")

    host.wait(30, ["w1"])

    assert host.killed == []


def test_worker_when_it_registers_at_the_last_moment_is_left_alone() -> None:
    host = Host()
    host.wait(10, ["w1"])
    host.world.worker("w1")

    host.world.pass_time(2.0)

    assert host.killed == []


def test_worker_when_no_longer_named_is_not_missed() -> None:
    host = Host()
    host.wait(9, ["w1"])
    host.wait(1, [])

    host.wait(9, ["w1"])

    assert host.killed == []


def test_supervisor_when_of_an_earlier_version_names_nobody_and_stays() -> None:
    host = Host()

    host.wait(30, None)

    assert host.killed == []
    assert list(host.world.fleet.supervisors) == ["s1"]
