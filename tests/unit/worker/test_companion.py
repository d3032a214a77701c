"""One process of a kind on a host: started under a lock, started again with back-off, taken over."""

from pathlib import Path

from tacore.worker.companion import TRY_S, Companion
from tacore.worker.restarts import RestartPolicy


class Fake:
    """A process without a process."""

    def __init__(self) -> None:
        self.pid, self.fd = 1, 0
        self.has_ended = self.asked = self.killed = False

    def ended(self) -> bool:
        return self.has_ended

    def reason(self) -> str:
        return "exited with status 1"

    def terminate(self) -> None:
        self.asked = True

    def kill(self) -> None:
        self.killed = self.has_ended = True

    def close(self) -> None:
        pass


class Host:
    """A companion and the processes that it started."""

    def __init__(self, lock: Path) -> None:
        self.started: list[Fake] = []
        self.companion = Companion("thing", lock, self._start, RestartPolicy(backoff_s=1.0, budget=1))

    def _start(self) -> Fake:
        self.started.append(Fake())
        return self.started[-1]


def test_companion_when_the_lock_is_free_is_started_once(tmp_path: Path) -> None:
    host = Host(tmp_path / "lock")
    for now in (0.0, 0.1, 5.0):
        host.companion.turn(now)
    assert len(host.started) == 1


def test_companion_when_another_holds_the_lock_waits_and_takes_over(tmp_path: Path) -> None:
    first, second = Host(tmp_path / "lock"), Host(tmp_path / "lock")
    first.companion.turn(0.0)
    second.companion.turn(0.0)
    assert not second.started
    first.companion.stop()
    assert not first.companion.gone()
    first.started[0].has_ended = True
    assert first.companion.gone()
    second.companion.turn(TRY_S / 2)
    assert not second.started
    second.companion.turn(TRY_S)
    assert len(second.started) == 1


def test_companion_when_it_dies_is_started_again_after_the_back_off_and_never_given_up(
    tmp_path: Path,
) -> None:
    host, now = Host(tmp_path / "lock"), 0.0
    for times in range(1, 5):
        host.companion.turn(now)
        assert len(host.started) == times
        host.started[-1].has_ended = True
        host.companion.turn(now + 0.1)
        host.companion.turn(now + 0.2)
        assert len(host.started) == times
        now += 10.0


def test_companion_when_stopped_is_asked_to_end_and_starts_no_more(tmp_path: Path) -> None:
    host = Host(tmp_path / "lock")
    host.companion.turn(0.0)
    host.companion.stop()
    assert host.started[0].asked
    host.companion.kill()
    assert (tmp_path / "lock").exists()
    assert host.companion.gone()
    assert not (tmp_path / "lock").exists()
    host.companion.turn(100.0)
    assert len(host.started) == 1


def test_companion_when_never_started_is_gone(tmp_path: Path) -> None:
    host = Host(tmp_path / "lock")
    (tmp_path / "lock").touch()
    host.companion.stop()
    assert host.companion.gone()
    assert (tmp_path / "lock").exists()  # it was another's
