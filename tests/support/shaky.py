"""A provider that answers, fails or refuses as a test says, with the prices of the synthetic market."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tacore.errors import NotFound, TacoreError
from tacore.market.history import history_of
from tacore.market.synthetic.market import SyntheticMarket
from tacore.model import Bar, Fundamentals, Instrument, NewsItem, Quote
from tacore.model.markets import SyntheticSettings

if TYPE_CHECKING:
    from tacore.model.history import History


class Shaky:
    """Knows the symbols it is given; while ``failure`` is set every call raises it. Counts its calls.

    With ``sign`` its quotes and bars name it, as those of a local provider do.
    """

    simulated = False

    def __init__(
        self, name: str, *symbols: str, timeframes: tuple[str, ...] = ("1d", "1w"), sign: bool = False
    ) -> None:
        self.name = name
        self._own: dict[str, Any] = {"source": name} if sign else {}
        self.timeframes = timeframes
        self.failure: TacoreError | None = None
        self.calls: list[str] = []
        self._symbols = symbols
        self._prices = SyntheticMarket("SIM", SyntheticSettings(size=50))

    def instruments(self, market: str) -> Sequence[Instrument]:
        self._called("instruments")
        return [each for each in self._prices.instruments(market) if each.symbol in self._symbols]

    def resolve(self, symbol: str, market: str) -> Instrument:
        self._called("resolve")
        if symbol.upper() not in self._symbols:
            raise NotFound(f"{symbol} is not at {self.name}")
        return self._prices.resolve(symbol, market)

    def bars(self, instrument: Instrument, timeframe: str, *, now: datetime, **more: Any) -> Sequence[Bar]:
        self._called("bars")
        found = self._prices.bars(instrument, timeframe, now=now, **more)
        kept = [name for name in Bar.__struct_fields__ if name != "source"]
        return [Bar(**{name: getattr(each, name) for name in kept}, **self._own) for each in found]

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        found = self.quotes([instrument], now=now)[0]
        if found is None:
            raise NotFound(f"{instrument.symbol} has no price at {self.name}")
        return found

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        self._called("quotes")
        kept = [name for name in Quote.__struct_fields__ if name not in ("source", "simulated")]
        found = self._prices.quotes(instruments, now=now)
        return [each and Quote(**{name: getattr(each, name) for name in kept}, **self._own) for each in found]

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        self._called("history")
        bars = [self._prices.bars(each, "1d", now=now, limit=sessions) for each in instruments]
        symbols = [each.symbol for each in instruments]
        return history_of(symbols, bars, source=self.name, simulated=False, sessions=sessions)

    def revision(self, market: str) -> str:
        return self.name

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.failure is not None:
            raise self.failure


class ShakyWithFigures(Shaky):
    """Knows companies' figures too, as of the day before."""

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        self._called("fundamentals")
        return Fundamentals(as_of=now - timedelta(days=1), price_to_earnings=10.0, **self._own)


class ShakyWithNews(Shaky):
    """Has so many articles too, one for each hour before now."""

    articles = 3

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        self._called("news")
        made = [
            NewsItem(published=now - timedelta(hours=n), title=f"{instrument.symbol} {n}", **self._own)
            for n in range(self.articles)
        ]
        return made[:limit]


class ShakyWithBoth(ShakyWithFigures, ShakyWithNews):
    """Knows figures and has news."""
