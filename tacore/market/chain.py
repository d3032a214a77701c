"""Several providers of one market, first preferred: who answers first is the source."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from cachetools import TTLCache

from tacore.errors import NotFound, TacoreError, Unavailable
from tacore.market.history import merge_histories
from tacore.market.timeframes import TIMEFRAMES, refuse_timeframe
from tacore.model import Bar, Fundamentals, Instrument, NewsItem, Quote
from tacore.ports import FundamentalsProvider, MarketDataProvider, NewsProvider

if TYPE_CHECKING:
    from tacore.model.history import History

T = TypeVar("T")
M = TypeVar("M", bound=MarketDataProvider)
_FEW = 20  # more symbols than these are looked up in a provider's whole list, not one by one
_KNOWN_MOST, _KNOWN_S = 50_000, 3600.0
_Rows = list[tuple[int, Instrument]]
_Failures = dict[str, TacoreError]


class Chain:
    """The MarketDataProvider port over several ones.

    Quotes and bars say in ``source`` who gave them, histories in ``sources`` for each row. A provider that
    has not got what is asked (NotFound), or can't give it now (Unavailable), is passed over for the next.
    """

    def __init__(self, market: str, members: Sequence[MarketDataProvider]) -> None:
        self.name = ",".join(each.name for each in members)
        self.simulated = any(each.simulated for each in members)
        self.timeframes = tuple(
            each for each in TIMEFRAMES if any(each in member.timeframes for member in members)
        )
        self._market = market
        self._members = tuple(members)
        self._known: TTLCache[tuple[str, str], Instrument] = TTLCache(_KNOWN_MOST, _KNOWN_S)

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what the first provider that answers trades, ordered by symbol."""
        return self._first(lambda member: self._listed(member, market), self._members)

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument at the first provider that has it.

        NotFound has every provider's reason; so has Unavailable, where one that may have it can't be asked.
        """
        return self._first(lambda member: self._learn(member, member.resolve(symbol, market)), self._members)

    def bars(
        self,
        instrument: Instrument,
        timeframe: str,
        *,
        now: datetime,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        """Give the bars of the first provider that has the instrument and the timeframe."""
        refuse_timeframe(timeframe, self.name, self.timeframes)
        return self._first(
            lambda member: member.bars(
                self._own(member, instrument),
                timeframe,
                now=now,
                start=start,
                end=end,
                limit=limit,
                adjusted=adjusted,
            ),
            [each for each in self._members if timeframe in each.timeframes],
        )

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the first provider's price; NotFound and Unavailable have every provider's reason."""
        return self._first(lambda member: member.quote(self._own(member, instrument), now=now), self._members)

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give each instrument's price at the first provider that has one, None where none has.

        Unavailable where no provider could be asked at all.
        """
        found: list[Quote | None] = [None] * len(instruments)

        def ask(member: MarketDataProvider, rows: _Rows) -> list[int]:
            quotes = member.quotes([own for _, own in rows], now=now)
            for (row, _), quote in zip(rows, quotes, strict=True):
                found[row] = quote
            return [row for (row, _), quote in zip(rows, quotes, strict=True) if quote]

        self._fill(instruments, ask)
        return found

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give each instrument's sessions at the first provider that has any; Unavailable as for quotes."""
        parts: list[tuple[list[int], History]] = []

        def ask(member: MarketDataProvider, rows: _Rows) -> list[int]:
            some = [own for _, own in rows]
            given = member.history(some, now=now, sessions=sessions, closes_only=closes_only)
            filled = [place for place in range(len(rows)) if (given.close[place] == given.close[place]).any()]
            parts.append(([rows[place][0] for place in filled], given.take(filled)))
            return parts[-1][0]

        self._fill(instruments, ask)
        return merge_histories([each.symbol for each in instruments], parts, sessions=sessions)

    def revision(self, market: str) -> str:
        """Name the state of the histories that its providers keep themselves."""
        return ",".join(each.revision(market) for each in self._members)

    def _first(self, call: Callable[[M], T], members: Sequence[M]) -> T:
        failures: _Failures = {}
        for member in members:
            try:
                return call(member)
            except (NotFound, Unavailable) as error:
                failures[member.name] = error
        raise in_one(failures)

    def _fill(
        self, instruments: Sequence[Instrument], ask: Callable[[MarketDataProvider, _Rows], list[int]]
    ) -> None:
        """Ask one provider after the other for the rows that none before it had."""
        left = set(range(len(instruments)))
        failures: _Failures = {}
        for member in self._members:
            try:
                rows = list(self._theirs(member, [(row, instruments[row]) for row in sorted(left)]))
                left -= set(ask(member, rows)) if rows else set()
            except (NotFound, Unavailable) as error:
                failures[member.name] = error
            if not left:
                return
        if len(failures) == len(self._members):
            raise in_one(failures)

    def _theirs(self, member: MarketDataProvider, rows: _Rows) -> Iterator[tuple[int, Instrument]]:
        """Give the rows that a provider knows, with its own instruments."""
        unknown = [each for _, each in rows if (member.name, each.symbol) not in self._known]
        if len(unknown) > _FEW:
            self._listed(member, self._market)
        for row, instrument in rows:
            if len(unknown) > _FEW and (member.name, instrument.symbol) not in self._known:
                continue
            try:
                yield row, self._own(member, instrument)
            except NotFound:
                continue

    def _listed(self, member: MarketDataProvider, market: str) -> Sequence[Instrument]:
        listed = member.instruments(market)
        for each in listed:
            self._learn(member, each)
        return listed

    def _own(self, member: MarketDataProvider, instrument: Instrument) -> Instrument:
        """Give the provider's own instrument of the same symbol."""
        found = self._known.get((member.name, instrument.symbol))
        return found or self._learn(member, member.resolve(instrument.symbol, self._market))

    def _learn(self, member: MarketDataProvider, instrument: Instrument) -> Instrument:
        self._known[member.name, instrument.symbol] = instrument
        return instrument


class ChainWithFigures(Chain):
    """A chain of which at least one provider knows companies' figures."""

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        """Give the figures of the first that has any; NotFound and Unavailable have the reason of each."""
        return self._first(
            lambda member: member.fundamentals(self._own(member, instrument), now=now),
            [each for each in self._members if isinstance(each, FundamentalsProvider)],
        )


class ChainWithNews(Chain):
    """A chain of which at least one provider has news."""

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the news of the first that has any; none where one has none and no other has any.

        NotFound and Unavailable, where no provider answered, have the reason of each.
        """
        failures: _Failures = {}
        answered = False
        for member in self._members:
            if not isinstance(member, NewsProvider):
                continue
            try:
                if found := member.news(self._own(member, instrument), now=now, limit=limit):
                    return found
                answered = True
            except (NotFound, Unavailable) as error:
                failures[member.name] = error
        if answered:
            return []
        raise in_one(failures)


class ChainWithFiguresAndNews(ChainWithFigures, ChainWithNews):
    """A chain that has both."""


_CHAINS = {
    (False, False): Chain,
    (True, False): ChainWithFigures,
    (False, True): ChainWithNews,
    (True, True): ChainWithFiguresAndNews,
}


def chained(market: str, members: Sequence[MarketDataProvider]) -> Chain:
    """Make a chain that offers what any of its members does."""
    figured = any(isinstance(each, FundamentalsProvider) for each in members)
    reported = any(isinstance(each, NewsProvider) for each in members)
    return _CHAINS[figured, reported](market, members)


def in_one(failures: Mapping[str, TacoreError]) -> TacoreError:
    """Make one error of every provider's: NotFound where all said so, else Unavailable."""
    reasons = {
        name: {"code": each.code, "message": each.message, **each.details} for name, each in failures.items()
    }
    message = "; ".join(f"{name}: {each.message}" for name, each in failures.items())
    if all(isinstance(each, NotFound) for each in failures.values()):
        return NotFound(message, details={"providers": reasons})
    waits = [each["retry_after_ms"] for each in reasons.values() if "retry_after_ms" in each]
    details = {"providers": reasons} | ({"retry_after_ms": min(waits)} if waits else {})
    retryable = any(each.retryable for each in failures.values())
    return Unavailable(f"no provider could answer: {message}", details=details, retryable=retryable)
