"""The slots of a supervisor: which worker processes shall run, and what to do when one ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tacore.worker.restarts import RestartPolicy


class Process(Protocol):
    """A worker process, wherever its engine runs it."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def fd(self) -> int:
        """A descriptor that turns readable when it ends."""
        ...

    def ended(self) -> bool:
        """Tell whether it has ended."""
        ...

    def reason(self) -> str:
        """Tell how it ended."""
        ...

    def terminate(self) -> None:
        """Ask it to finish and end."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def close(self) -> None:
        """Reap it."""
        ...


@dataclass(slots=True)
class Slot:
    """A place for one worker; ``start_at`` is None while it runs or has been given up."""

    worker_id: str
    policy: RestartPolicy
    process: Process | None = None
    started: float = 0.0
    start_at: float | None = 0.0
    wanted: bool = True
    restarting: bool = False
    gave_up: bool = False


@dataclass(slots=True)
class Slots:
    """All slots of a supervisor, with no clock or process of their own.

    ``start`` begins a worker process by its id; ``name`` makes the id of the slot with that number.
    """

    start: Callable[[str], Process]
    name: Callable[[int], str]
    policy: Callable[[], RestartPolicy] = RestartPolicy
    wanted: int = 0
    restarts: int = 0
    _slots: dict[str, Slot] = field(default_factory=dict)
    _numbers: int = 0

    def scale(self, wanted: int, now: float) -> None:
        """Keep that many workers: open slots, or stop the newest in good order; slots given up try again."""
        self.wanted = wanted
        kept = [slot for slot in self._slots.values() if slot.wanted]
        for slot in kept:
            if slot.gave_up:
                self._revive(slot, now)
        for slot in kept[wanted:]:
            self._retire(slot)
        for _ in range(wanted - len(kept)):
            self._numbers += 1
            worker_id = self.name(self._numbers)
            self._slots[worker_id] = Slot(worker_id, self.policy(), start_at=now)

    def restart(self, worker_id: str, now: float) -> None:
        """Stop a worker in good order and start it again at once."""
        slot = self._slots.get(worker_id)
        if slot is None:
            return
        if slot.process is None:
            self._revive(slot, now)
        else:
            slot.restarting = True
            slot.process.terminate()

    def retire(self, worker_id: str) -> None:
        """Stop a worker in good order and close its slot."""
        slot = self._slots.get(worker_id)
        if slot is not None and slot.wanted:
            self.wanted -= 1
            self._retire(slot)

    def kill(self, worker_id: str) -> None:
        """End a worker at once; its slot starts another."""
        slot = self._slots.get(worker_id)
        if slot is not None and slot.process is not None:
            slot.process.kill()

    def due(self, now: float) -> None:
        """Start the workers whose time has come."""
        for slot in self._slots.values():
            if slot.process is None and slot.start_at is not None and slot.start_at <= now:
                slot.process = self.start(slot.worker_id)
                slot.started, slot.start_at = now, None

    def reap(self, now: float) -> list[tuple[str, str]]:
        """Take note of the workers that ended; give their ids and reasons."""
        ended = []
        for slot in list(self._slots.values()):
            if slot.process is None or not slot.process.ended():
                continue
            ended.append((slot.worker_id, slot.process.reason()))
            slot.process.close()
            slot.process = None
            self._after_end(slot, now)
        return ended

    def next_start(self) -> float | None:
        """Tell when the next start is due."""
        return min((s.start_at for s in self._slots.values() if s.start_at is not None), default=None)

    def running(self) -> list[Process]:
        """List the processes that run."""
        return [slot.process for slot in self._slots.values() if slot.process is not None]

    def running_ids(self) -> list[str]:
        """List the workers whose processes run."""
        return [slot.worker_id for slot in self._slots.values() if slot.process is not None]

    def gave_up(self) -> list[str]:
        """List the workers that died too often to be started again."""
        return [slot.worker_id for slot in self._slots.values() if slot.gave_up]

    def _after_end(self, slot: Slot, now: float) -> None:
        if not slot.wanted:
            del self._slots[slot.worker_id]
        elif slot.restarting:
            slot.restarting = False
            slot.start_at = now
        else:
            self.restarts += 1
            slot.start_at = slot.policy.died(slot.started, now)
            slot.gave_up = slot.start_at is None

    def _revive(self, slot: Slot, now: float) -> None:
        slot.policy, slot.gave_up, slot.start_at = self.policy(), False, now

    def _retire(self, slot: Slot) -> None:
        slot.wanted = False
        slot.start_at = None
        if slot.process is None:
            del self._slots[slot.worker_id]
        else:
            slot.process.terminate()
