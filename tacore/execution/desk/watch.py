"""The dead-man's switch: a client that traded and gives no sign of life any more halts trading."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tacore.errors import TacoreError
from tacore.execution.desk.state import Shared, log
from tacore.model.orders import TradingState
from tacore.ports import Later
from tacore.ports.orders import Asker, Only

NAME = "deadman"
AGAIN_S = 1.0
"""How soon to try again to halt, while the ledger can't be written."""


@dataclass(slots=True)
class DeadMan:
    """Watches who placed orders; any call to the desk is a sign of life."""

    shared: Shared
    cancel_all: Callable[[Only, Asker], object]
    _seen: dict[str, float] = field(default_factory=dict)
    _owed: str = ""
    """Why trading is still to be halted."""
    _again_at: float = 0.0

    def traded(self, principal: str) -> None:
        """Watch a client from now on."""
        self._seen[principal] = self.shared.clock.monotonic()

    def alive(self, principal: str) -> None:
        """Take note of a sign of life."""
        if principal in self._seen:
            self._seen[principal] = self.shared.clock.monotonic()

    def due(self) -> float | None:
        """Tell when the next client is late, or the next try is due (monotonic seconds)."""
        if self._owed:
            return self._again_at
        after = self.shared.setup.trading.deadman_s
        return None if after is None or not self._seen else min(self._seen.values()) + after

    def turn(self, now: float) -> None:
        """Halt trading where a client is late, until that is written."""
        due = self.due()
        if due is None or now < due:
            return
        again = bool(self._owed)
        if not again:
            self._trip()
        self._again_at = now + AGAIN_S
        halted: Later[TradingState] = Later()
        reason = self._owed
        self.shared.write(lambda tx: tx.set_trading_state("halted", NAME, reason), halted, urgency=0)
        halted.then(lambda _, error: self._halted(error, again=again))
        if not again:
            self._cancel()

    def _trip(self) -> None:
        late = min(self._seen, key=self._seen.__getitem__)
        self._seen.clear()
        self._owed = f"no sign of life from {late} for {self.shared.setup.trading.deadman_s:g} s"
        log.error("deadman_switch", extra={"principal": late})

    def _halted(self, error: TacoreError | None, *, again: bool) -> None:
        """Cancel once more where the halt was late: what is simulated could not be cancelled before."""
        if error is None:
            self._owed = ""
            if again:
                self._cancel()

    def _cancel(self) -> None:
        if self.shared.setup.trading.deadman_cancel:
            self.cancel_all(Only(limit=1_000_000), Asker(NAME, self.shared.clock.monotonic() + 60))
