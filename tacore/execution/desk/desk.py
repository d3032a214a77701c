"""The order desk: one thread, one ledger; calls in, outcomes out after their commit."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from tacore.clock import Clock
from tacore.errors import TacoreError, bad_param
from tacore.execution.desk.cancelling import Cancelling
from tacore.execution.desk.config import Setup
from tacore.execution.desk.following import Following
from tacore.execution.desk.modifying import Modifying
from tacore.execution.desk.placing import Placing
from tacore.execution.desk.prices import Need, PriceDesk, Prices
from tacore.execution.desk.reconciling import Reconciling
from tacore.execution.desk.sending import Sending
from tacore.execution.desk.state import Shared, log
from tacore.execution.desk.valuing import Valuation
from tacore.execution.desk.watch import DeadMan
from tacore.execution.ledger import Ledger, Transaction
from tacore.model.orders import Order, OrderRequest, State, TradingState
from tacore.ports import Later, MarketData
from tacore.ports.orders import AccountView, Asker, Key, Only, Reconciled, Story, Verdict, Which


class Desk:
    """Implements `tacore.ports.OrderDesk`.

    ``turn`` does what is due and writes what waits; call it after every group of calls, when woken, and when
    `due` has come. ``wake`` is called from other threads. Everything else belongs to one thread. ``pool``
    makes the threads that ask providers and venues, from how many and their name.
    """

    def __init__(
        self,
        ledger: Ledger,
        setup: Setup,
        data: MarketData,
        clock: Clock,
        wake: Callable[[], None],
        pool: Callable[[int, str], Executor] = ThreadPoolExecutor,
    ) -> None:
        self._arrived: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake = wake
        self._ledger = ledger
        self._setup = setup
        limited = frozenset(name for name, rules in setup.trading.rules.items() if rules.price_limit_pct)
        prices = PriceDesk(data, self._hand_over, pool(8, "prices"), limited)
        self._shared = Shared(ledger, setup, data, clock, prices)
        self._fenced = False
        self._sending = Sending(self._shared, self._hand_over, lambda: self._fenced, pool(16, "venue"))
        trading = setup.trading
        self._placing = Placing(self._shared, self._sending)
        self._cancelling = Cancelling(self._shared, self._sending)
        self._modifying = Modifying(self._shared)
        self._following = Following(self._shared, self._sending, trading.poll_s, trading.reconcile_s)
        self._reconciling = Reconciling(self._shared, self._sending, trading.reconcile_s)
        self._deadman = DeadMan(self._shared, self.cancel_all)
        self._unopened = True
        self._trouble = ""
        self._reconciling.start()

    def _open_accounts(self) -> None:
        """Book what accounts open with, which happens once in a ledger's life."""
        opened: Later[None] = Later()
        self._shared.write(self._opened, opened, urgency=0)
        opened.then(lambda _, error: setattr(self, "_unopened", error is not None))

    def _opened(self, tx: Transaction) -> None:
        for name, account in self._setup.accounts.items():
            tx.open_account(name, account.settings.cash)

    def _hand_over(self, call: Callable[[], None]) -> None:
        self._arrived.put(call)
        self._wake()

    # -- the thread's own ------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do what is due. Raises Fenced where the ledger belongs to a successor: the process must end."""
        now = self._shared.clock.monotonic()
        self._take_in()
        if self._unopened:
            self._open_accounts()
        for part in (self._deadman, self._following, self._reconciling, self._sending):
            self._have_turn(partial(part.turn, now))
        try:
            self._shared.commits.run()
        except BaseException:
            self._fenced = True
            raise
        self._shared.fetch()

    def _have_turn(self, turn: Callable[[], None]) -> None:
        """Let a part do what is due or has come in; where it can't read the ledger now, the desk goes on."""
        try:
            turn()
        except TacoreError as error:
            if error.message != self._trouble:
                log.error("desk_part_failed", extra={"reason": error.message})
            self._trouble = error.message

    def due(self) -> float | None:
        """Tell when to turn next (monotonic seconds)."""
        times = [
            self._following.due(),
            self._reconciling.due(),
            self._sending.due(),
            self._deadman.due(),
        ]
        return min(each for each in times if each is not None)

    def leave(self) -> None:
        """Nothing here only waits."""

    def close(self) -> None:
        """Send and ask nothing more."""
        self._fenced = True
        self._shared.prices.close()
        self._sending.close()
        for venue in self._setup.venues.values():
            venue.close()

    def _take_in(self) -> None:
        while True:
            try:
                call = self._arrived.get_nowait()
            except Empty:
                return
            self._have_turn(call)

    # -- orders ----------------------------------------------------------------------------------------

    def execute(self, request: OrderRequest, key: Key, asker: Asker) -> Later[Story]:
        """Place an order, or find it by its key."""
        placed = self._placing.execute(request, key, asker)
        self._deadman.traded(asker.principal)
        return placed

    def examine(self, request: OrderRequest, asker: Asker) -> Later[Verdict]:
        """Run the gate and change nothing."""
        self._deadman.alive(asker.principal)
        return self._placing.examine(request, asker)

    def cancel(self, which: Which, asker: Asker) -> Later[Story]:
        """Cancel an order."""
        self._deadman.alive(asker.principal)
        return self._cancelling.cancel(which, asker)

    def cancel_all(self, only: Only, asker: Asker) -> Later[Sequence[Story]]:
        """Cancel what is open; a story's warnings say why an order could not be."""
        self._deadman.alive(asker.principal)
        wanted = [each for each in self._ledger.open_orders(self._known(only.account)) if _fits(each, only)]
        return _gathered([self._one_of_all(order, asker) for order in wanted])

    def _one_of_all(self, order: Order, asker: Asker) -> Later[Story]:
        told: Later[Story] = Later()

        def settle(story: Story | None, error: TacoreError | None) -> None:
            if story is None:
                warnings = [error.message] if error else []
                story = msgspec.structs.replace(self._shared.known(order), warnings=warnings)
            told.resolve(story)

        try:
            self._cancelling.cancel(Which(order_id=order.order_id), asker).then(settle)
        except TacoreError as error:
            settle(None, error)
        return told

    def modify(self, which: Which, change: Mapping[str, Decimal], asker: Asker) -> Later[Story]:
        """Change a working order."""
        self._deadman.alive(asker.principal)
        return self._modifying.modify(which, change, asker)

    def decide(self, which: Which, outcome: str, reason: str, asker: Asker) -> Later[Story]:
        """Book an operator's decision on an unknown order."""
        self._deadman.alive(asker.principal)
        return self._reconciling.decide(which, outcome, reason, asker)

    def reconcile(self, asker: Asker) -> Later[Reconciled]:
        """Ask the venues for what is unknown, and check the ledger against its fills."""
        self._deadman.alive(asker.principal)
        looked: Later[Reconciled] = Later()
        told: Later[Reconciled] = Later()
        self._reconciling.look(looked)
        looked.then(lambda found, _: self._check(found, told) if found else None)
        return told

    def _check(self, found: Reconciled, told: Later[Reconciled]) -> None:
        """Check the ledger on a thread, over a connection of its own: that takes long where it is long."""

        def check() -> None:
            try:
                problems = self._ledger.checked_apart()
            except TacoreError as error:
                self._hand_over(partial(told.fail, error))
                return
            whole = msgspec.structs.replace(found, ledger_ok=not problems, problems=problems)
            self._hand_over(partial(told.resolve, whole))

        self._shared.prices.threads.submit(check)

    # -- reading ---------------------------------------------------------------------------------------

    def order(self, which: Which, asker: Asker) -> Later[Story]:
        """Tell an order's story."""
        self._deadman.alive(asker.principal)
        found = self._ledger.order(which)
        return self._following.refreshed(found.account).map(lambda _: self._shared.story(found))

    def orders(self, only: Only, asker: Asker) -> Later[Sequence[Order]]:
        """List orders, newest first."""
        self._deadman.alive(asker.principal)
        account = self._known(only.account)
        return self._following.refreshed(account).map(lambda _: self._ledger.orders(only))

    def account(self, name: str | None, as_of: datetime | None, asker: Asker) -> Later[AccountView]:
        """Show an account, now or as it was."""
        self._deadman.alive(asker.principal)
        account = self._setup.account(name or self._setup.trading.default_account)
        as_of_us = None if as_of is None else round(as_of.timestamp() * 1e6)
        if as_of_us is not None and as_of_us > self._shared.clock.wall_us():
            raise bad_param("as_of", "lies in the future", value=str(as_of), allowed="a time that has passed")
        shown: Later[AccountView] = Later()
        refreshed = self._following.refreshed(account.name)
        refreshed.then(lambda _, __: _tell(lambda: self._value(account.name, as_of_us, asker, shown), shown))
        return shown

    def _value(self, name: str, as_of_us: int | None, asker: Asker, shown: Later[AccountView]) -> None:
        positions = self._ledger.positions(name, as_of_us)
        needs = [Need(each.market, each.symbol) for each in positions if each.quantity]
        if not needs:
            shown.resolve(self._view(name, as_of_us, {}))
            return
        self._shared.prices.ask(
            needs,
            lambda prices: _tell(lambda: shown.resolve(self._view(name, as_of_us, prices)), shown),
            deadline=asker.deadline,
            at_us=as_of_us,
        )

    def _view(self, name: str, as_of_us: int | None, prices: Prices) -> AccountView:
        account, ledger = self._setup.account(name), self._ledger
        venue = self._setup.venues[account.settings.venue]
        open_orders = ledger.open_orders(name) if as_of_us is None else []
        valuation = Valuation(account, prices)
        return valuation.view(
            (venue.name, venue.paper),
            self._shared.clock.wall_us() if as_of_us is None else as_of_us,
            ledger.cash(name, as_of_us),
            ledger.positions(name, as_of_us),
            (len(open_orders), _reserved(open_orders, account.rates)),
        )

    # -- trading state ---------------------------------------------------------------------------------

    def trading_state(self, asker: Asker) -> TradingState:
        """Tell whether orders are taken."""
        self._deadman.alive(asker.principal)
        return self._ledger.trading_state()

    def is_live(self) -> bool:
        """Tell whether any account trades where money is real."""
        used = {each.settings.venue for each in self._setup.accounts.values()}
        return any(not self._setup.venues[name].paper for name in used)

    def set_trading_state(self, state: State, reason: str, asker: Asker) -> Later[TradingState]:
        """Take orders, only reducing ones, or none."""
        self._deadman.alive(asker.principal)
        told: Later[TradingState] = Later()
        self._shared.write(lambda tx: tx.set_trading_state(state, asker.principal, reason), told, urgency=0)
        return told

    def defaults(self) -> tuple[str, Mapping[str, str]]:
        """Give the default account, and the venue of each account by its name."""
        venues = {name: each.settings.venue for name, each in self._setup.accounts.items()}
        return self._setup.trading.default_account, venues

    def _known(self, account: str | None) -> str | None:
        return None if account is None else self._setup.account(account).name


def _fits(order: Order, only: Only) -> bool:
    return (only.market is None or order.market == only.market) and (
        only.symbol is None or order.symbol == only.symbol
    )


def _tell(tell: Callable[[], None], later: Later[Any]) -> None:
    """Tell something out of the ledger, or why it can't be read."""
    try:
        tell()
    except TacoreError as error:
        later.fail(error)


def _reserved(orders: Sequence[Order], rates: Mapping[str, Decimal]) -> Decimal | None:
    total = Decimal(0)
    for each in orders:
        if each.side == "buy":
            rate = rates.get(each.currency)
            if rate is None:
                return None
            total += each.left * each.reserve_price * rate
    return total


def _gathered(parts: Sequence[Later[Any]]) -> Later[Sequence[Any]]:
    """Give all values once the last of them is there; none of the parts fails."""
    whole: Later[Sequence[Any]] = Later()
    values: dict[int, Any] = {}

    def settle(index: int, value: object) -> None:
        values[index] = value
        if len(values) == len(parts):
            whole.resolve([values[each] for each in range(len(parts))])

    if not parts:
        whole.resolve([])
    for index, part in enumerate(parts):
        part.then(lambda value, _, index=index: settle(index, value))  # type: ignore[misc]
    return whole
