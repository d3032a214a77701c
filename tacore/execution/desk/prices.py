"""Prices for the desk, asked for on threads of their own so that the ledger's thread never waits for them."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tacore.clock import DEADLINE
from tacore.errors import InvalidParams, NotFound, TacoreError, Unavailable
from tacore.model import Bar, Instrument, Quote
from tacore.ports import MarketData, MarketDataProvider

log = logging.getLogger("tacore.execution")
EPOCH = datetime.fromtimestamp(0, UTC)
Place = tuple[str, str]
"""A market ("" where it follows from the symbol) and a symbol in it."""


@dataclass(frozen=True, slots=True)
class Need:
    """A price to ask for; ``since`` also asks for the daily bars that ended after it."""

    market: str
    symbol: str
    since: datetime | None = None

    @property
    def place(self) -> Place:
        """Give what it is the price of."""
        return self.market, self.symbol


@dataclass(frozen=True, slots=True)
class Priced:
    """What the market says of an instrument; without one or without a quote ``problem`` says why."""

    market: str
    symbol: str
    now: datetime
    is_open: bool
    session: str
    instrument: Instrument | None = None
    quote: Quote | None = None
    stale: bool = True
    age_s: float | None = None
    is_replay: bool = False
    previous_close: Decimal | None = None
    bars: Sequence[Bar] = ()
    problem: TacoreError | None = None

    def bars_after(self, moment: datetime) -> list[Bar]:
        """Give the bars that ended after a moment."""
        return [bar for bar in self.bars if bar.time > moment]


Prices = Mapping[Place, Priced]
Tell = Callable[[Prices], None]


@dataclass(slots=True)
class _Found:
    instrument: Instrument | None = None
    quote: Quote | None = None
    daily: Sequence[Bar] = ()
    problem: TacoreError | None = None


@dataclass(slots=True)
class PriceDesk:
    """Asks the providers; ``hand_over`` brings what was found back to the desk's thread.

    ``limited`` are the markets whose daily price limit needs the close before.
    """

    data: MarketData
    hand_over: Callable[[Callable[[], None]], None]
    threads: Executor
    limited: frozenset[str] = frozenset()

    def ask(self, needs: Iterable[Need], tell: Tell, *, deadline: float, at_us: int | None = None) -> None:
        """Ask for prices, each place once; ``tell`` is called on the desk's thread with all of them.

        They are those of a wall time where ``at_us`` (epoch microseconds) names one.
        """
        wanted: dict[Place, Need] = {}
        for need in needs:
            known = wanted.get(need.place)
            if known is None or (need.since is not None and (not known.since or need.since < known.since)):
                wanted[need.place] = need
        self.threads.submit(self._fetch, list(wanted.values()), tell, deadline, at_us)

    def close(self) -> None:
        """Stop asking."""
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _fetch(self, needs: list[Need], tell: Tell, deadline: float, at_us: int | None) -> None:
        DEADLINE.set(deadline)
        try:
            found = self._found(needs, at_us)
        except Exception as error:
            log.exception("prices_failed", exc_info=error)
            problem = Unavailable(f"prices can't be told: {type(error).__name__}")
            found = {need.place: self._unknown(need, problem) for need in needs}
        self.hand_over(lambda: tell(found))

    def _found(self, needs: Sequence[Need], at_us: int | None) -> dict[Place, Priced]:
        found: dict[Place, Priced] = {}
        markets: defaultdict[str, list[Need]] = defaultdict(list)
        for need in needs:
            try:
                markets[need.market or self.data.infer_market([need.symbol])].append(need)
            except TacoreError as error:
                found[need.place] = self._unknown(need, error)
        for market, group in markets.items():
            found |= self._of_market(market, group, at_us)
        return found

    def _unknown(self, need: Need, error: TacoreError) -> Priced:
        return Priced(need.market, need.symbol, EPOCH, is_open=False, session="", problem=error)

    def _of_market(self, market: str, needs: Sequence[Need], at_us: int | None) -> dict[Place, Priced]:
        try:
            provider, now = self.data.provider(market), self.data.now(market, at_us)
        except InvalidParams as error:
            return {need.place: self._unknown(need, error) for need in needs}
        asked = {need.place: self._asked(provider, market, need, now) for need in needs}
        self._quote(provider, now, [each for each in asked.values() if each.instrument is not None])
        return {need.place: self._priced(market, need, asked[need.place], now) for need in needs}

    def _asked(self, provider: MarketDataProvider, market: str, need: Need, now: datetime) -> _Found:
        found = _Found()
        try:
            found.instrument = provider.resolve(need.symbol, market)
            if need.since is not None:
                found.daily = provider.bars(found.instrument, "1d", now=now, start=need.since)
            elif market in self.limited:
                found.daily = provider.bars(found.instrument, "1d", now=now, limit=2)
        except TacoreError as error:
            found.problem = error
        return found

    def _quote(self, provider: MarketDataProvider, now: datetime, asked: Sequence[_Found]) -> None:
        try:
            quotes = provider.quotes([each.instrument for each in asked if each.instrument], now=now)
        except TacoreError as error:
            for each in asked:
                each.problem = each.problem or error
            return
        for each, quote in zip(asked, quotes, strict=True):
            each.quote = quote
            if quote is None:
                name = each.instrument.symbol if each.instrument else ""
                each.problem = each.problem or NotFound(f"{name} has no price yet at {now.isoformat()}")

    def _priced(self, market: str, need: Need, found: _Found, now: datetime) -> Priced:
        data, quote = self.data, found.quote
        session = data.session(market, now)
        before = [bar for bar in found.daily if bar.session < session]
        return Priced(
            market=market,
            symbol=found.instrument.symbol if found.instrument else need.symbol,
            now=now,
            is_open=data.is_open(market),
            session=session,
            instrument=found.instrument,
            quote=quote,
            stale=quote is None or data.is_stale(market, quote.as_of),
            age_s=None if quote is None else data.traded_s(market, quote.as_of),
            is_replay=data.is_replay(market),
            previous_close=before[-1].close if before else None,
            bars=found.daily if need.since is not None else (),
            problem=found.problem,
        )


def is_passing(problem: TacoreError | None) -> bool:
    """Tell whether what kept a price away may be over soon: the order is worth a retry under the same key."""
    return isinstance(problem, Unavailable) and problem.retryable
