"""The dead-man's switch: a client that traded and gives no sign of life any more halts trading."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tacore.execution.desk.state import Shared, log
from tacore.ports import Later
from tacore.ports.orders import Asker, Only

NAME = "deadman"


@dataclass(slots=True)
class DeadMan:
    """Watches who placed orders; any call to the desk is a sign of life."""

    shared: Shared
    cancel_all: Callable[[Only, Asker], object]
    _seen: dict[str, float] = field(default_factory=dict)

    def traded(self, principal: str) -> None:
        """Watch a client from now on."""
        self._seen[principal] = self.shared.clock.monotonic()

    def alive(self, principal: str) -> None:
        """Take note of a sign of life."""
        if principal in self._seen:
            self._seen[principal] = self.shared.clock.monotonic()

    def due(self) -> float | None:
        """Tell when the next client is late (monotonic seconds)."""
        after = self.shared.setup.trading.deadman_s
        return None if after is None or not self._seen else min(self._seen.values()) + after

    def turn(self, now: float) -> None:
        """Halt trading where a client is late."""
        due = self.due()
        if due is None or now < due:
            return
        late = min(self._seen, key=self._seen.__getitem__)
        self._seen.clear()
        reason = f"no sign of life from {late} for {self.shared.setup.trading.deadman_s:g} s"
        log.error("deadman_switch", extra={"principal": late})
        self.shared.write(lambda tx: tx.set_trading_state("halted", NAME, reason), Later(), urgency=0)
        if self.shared.setup.trading.deadman_cancel:
            self.cancel_all(Only(limit=1_000_000), Asker(NAME, now + 60))
