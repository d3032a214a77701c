"""The paper venue on the real sample history, with a simple stand-in for the ledger between its calls."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tacore.execution.venues.paper import PaperVenue
from tacore.market.calendars import Calendars
from tacore.market.hours import HOURS
from tacore.market.providers.sample import SampleHistory
from tacore.model import Bar, Instrument, Quote
from tacore.model import trading as settings
from tacore.model.orders import Order, Report
from tacore.ports.venue import Change, Cleared, Moment
from tests.support.calendars import SHARED
from tests.support.gate_cases import OWN_RULES, D, an_order

HISTORY = SampleHistory()
SESSIONS = Calendars(SHARED)
OWN = settings.parse_trading(None).venues["paper"]


def a_venue(**changes: Any) -> PaperVenue:
    """Make the venue of tacore's own settings: 1 bp slippage, a tenth of volume, fees by market."""
    assert isinstance(OWN, settings.PaperVenue)
    told = {**OWN.model_dump(), **changes}
    return PaperVenue("paper", settings.PaperVenue.model_validate(told), OWN_RULES)


def when(text: str) -> datetime:
    """Give a moment; a date is its regular close in New York, where a standing replay is."""
    if len(text) == len("2013-03-01"):
        return HOURS["US"].close(date.fromisoformat(text))
    return datetime.fromisoformat(text).astimezone(UTC)


def session(at: datetime | None) -> str:
    """Give the US session of a moment, by the exchange's calendar."""
    return "" if at is None else SESSIONS.sessions("US", simulated=False).session(at).isoformat()


def after(order: Order, report: Report | None) -> Order:
    """Give an order as it is after a report, by the plainest bookkeeping."""
    if report is None:
        return order
    filled = order.filled_quantity + sum((each.quantity for each in report.fills), D(0))
    return msgspec.structs.replace(
        order,
        status=report.status,
        filled_quantity=filled,
        triggered=order.triggered or bool(report.triggered),
        matched_until=report.matched_until or order.matched_until,
    )


class Replay:
    """One order of a symbol in the sample history; moments are texts, as `when` reads them."""

    def __init__(self, symbol: str = "AAPL", **changes: Any) -> None:
        self.venue = a_venue(**changes)
        self.instrument: Instrument = HISTORY.resolve(symbol, "US")
        self.order: Order = an_order(symbol=symbol)

    def moment(self, at: str) -> Moment:
        now, order = when(at), self.order
        quote: Quote = HISTORY.quote(self.instrument, now=now)
        since = order.matched_until or order.market_time
        bars: Sequence[Bar] = HISTORY.bars(self.instrument, "1d", now=now, start=since)
        calendar = SESSIONS.sessions("US", simulated=False)
        return Moment(
            now=now,
            at_us=0,
            is_open=calendar.is_open(now) or now == quote.as_of,
            session=session(now),
            order_session=session(order.market_time),
            matched_session=session(order.matched_until),
            quote_session=session(quote.as_of),
            quote=quote,
            bars=bars,
        )

    def place(self, at: str, side: str, quantity: str, /, **terms: Any) -> Report:
        """Send an order; it is good till cancelled where nothing else is said."""
        told = {"order_id": "o-7", "time_in_force": "GTC", "market_time": when(at), **terms}
        self.order = an_order(side, quantity, symbol=self.instrument.symbol, **told)
        report = self.venue.submit(Cleared(self.order), self.moment(at))
        self.order = after(self.order, report)
        return report

    def go(self, to: str) -> Report | None:
        """Look again at another time."""
        report = self.venue.follow(self.order, self.moment(to))
        self.order = after(self.order, report)
        return report

    def change(self, at: str, **terms: str) -> Report:
        """Change the order, as the desk does."""
        values: dict[str, Any] = {name: D(value) for name, value in terms.items()}
        whole = {name: getattr(self.order, name) for name in ("quantity", "limit_price", "stop_price")}
        report = self.venue.modify(self.order, Change(**{**whole, **values}), self.moment(at))
        self.order = after(msgspec.structs.replace(self.order, **values), report)
        return report


def trades(*reports: Report | None) -> list[tuple[Decimal, Decimal]]:
    """Give quantity and price of each fill."""
    return [(each.quantity, each.price) for report in reports if report for each in report.fills]
