"""Supervisors that went silent without a word: nobody restarts or scales their workers."""

from tacore.wire.backend import Fleet

REMEMBERED_S = 3600.0
"""A host that was taken away for good is no news after that."""


class Silent:
    """Who went silent and since when, in monotonic seconds; until heard again, replaced or long ago."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Fleet, float]] = {}

    def add(self, fleet: Fleet, now: float) -> None:
        """Note a supervisor that is not heard any more."""
        self._since[fleet.supervisor_id] = (fleet, now)

    def heard(self, fleet: Fleet) -> None:
        """Forget it, and whoever it stands in for: the silent ones of its pool on its host."""
        place = fleet.pool, fleet.host
        stands_for = [name for name, (lost, _) in self._since.items() if (lost.pool, lost.host) == place]
        for name in (fleet.supervisor_id, *stands_for):
            self._since.pop(name, None)

    def left(self, supervisor_id: str) -> None:
        """Forget one that said goodbye."""
        self._since.pop(supervisor_id, None)

    def reasons(self, now: float) -> list[str]:
        """Say of each what it means."""
        self._since = {name: each for name, each in self._since.items() if now - each[1] < REMEMBERED_S}
        return [
            f"the supervisor of pool {lost.pool} on {lost.host} (pid {lost.pid}) has been silent for "
            f"{now - since:.0f} s: nobody restarts its workers"
            for lost, since in self._since.values()
        ]
