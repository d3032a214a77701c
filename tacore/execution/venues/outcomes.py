"""What became of a call to a venue, as the errors and reports of the port."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Literal, cast, get_args

from tacore.errors import OutcomeUnknown, Rejected, TacoreError, Unavailable
from tacore.execution.venues.session import Lost
from tacore.model.orders import Order, Report, VenueFill

Phase = Literal["asking", "sending", "sent"]
"""asking changes nothing at the venue; sending does; sent looks at what a send did."""
Verdict = Literal["refused", "away", "unknown"]
"""refused and away: nothing was placed."""
Status = Literal["accepted", "partially_filled", "filled", "cancelled", "expired", "rejected"]

_SAID: Mapping[str, str] = MappingProxyType(
    {
        "rate_limited": "it was asked too often",
        "server_error": "it has trouble of its own",
        "timeout": "it did not answer in time",
        "connection": "it could not be reached, or the line broke",
        "malformed": "its answer makes no sense",
        "unauthorized": "it refuses the key",
        "not_found": "it does not know the order",
    }
)
_LASTING = frozenset({"unauthorized", "not_found", "refused"})
_WORDS = 300  # of a venue's own, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a library's exception means: the venue refused, could not take it up, or nobody knows."""

    verdict: Verdict
    reason: str
    words: str = ""


@contextmanager
def mapped(venue: str, phase: Phase, judge: Callable[[Exception], Said]) -> Iterator[None]:
    """Turn what a library raises into the errors of the port, by what the call was about to do."""
    try:
        yield
    except TacoreError:
        raise
    except Lost as lost:
        said = Said(verdict="unknown" if lost.maybe else "away", reason=lost.reason, words=lost.what)
        raise _error(venue, phase, said, lost.retry_after_ms) from lost
    except Exception as error:
        raise _error(venue, phase, judge(error)) from error


def _error(venue: str, phase: Phase, said: Said, retry_after_ms: int | None = None) -> TacoreError:
    details = {"venue": venue, "reason": said.reason}
    if retry_after_ms is not None:
        details["retry_after_ms"] = str(retry_after_ms)
    text = f"{venue}: {_SAID.get(said.reason, said.words)}"
    if said.reason in _SAID and said.words:
        text += f" ({said.words})"
    if phase == "asking" or (phase == "sending" and said.verdict == "away"):
        return Unavailable(text, details=details, retryable=said.reason not in _LASTING)
    if phase == "sending" and said.verdict == "refused":
        return Rejected(text, details=details)
    return OutcomeUnknown(text, details=details)


def plain(words: object, secrets: Iterable[str]) -> str:
    """Give a venue's words on one line, short, and without a key that it may quote."""
    text = " ".join(str(words).split())
    for each in secrets:
        text = text.replace(each, "***")
    return text[:_WORDS]


def exact(value: object) -> Decimal:
    """Read a number of a venue by its digits; raise Lost where it is none."""
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise Lost("malformed", maybe=True, what=f"a number is {str(value)[:40]!r}") from error
    if not number.is_finite():
        raise Lost("malformed", maybe=True, what=f"a number is {value}")
    return number


def told(
    status: str, venue_order_id: str, filled: Decimal, fills: Iterable[VenueFill], reason: str = ""
) -> Report:
    """Make a report that says no more than its fills prove.

    A venue may show an order as done before it shows its trades. Nobody asks for those of a finished order
    any more, so an end is told only with all of them; ``filled`` is the quantity that the venue says.
    """
    whole = {each.trade_id: each for each in fills}
    known = sum((each.quantity for each in whole.values()), Decimal(0))
    if status not in get_args(Status):
        raise Lost("malformed", maybe=True, what=f"a status is {status[:40]!r}")
    said = cast("Status", status)
    if said in ("accepted", "partially_filled") or known < filled:
        said = "partially_filled" if known else "accepted"
    elif said == "rejected" and known:
        said = "cancelled"
    return Report(status=said, venue_order_id=venue_order_id, fills=tuple(whole.values()), reason=reason)


def news(order: Order, report: Report) -> Report | None:
    """Give a report that tells something new of an order, else None."""
    known = sum((each.quantity for each in report.fills), Decimal(0))
    same = report.status == order.status and known == order.filled_quantity
    return None if same and report.venue_order_id == order.venue_order_id else report


def adopt(venue: str, order: Order, find: Callable[[Order], Report | None]) -> Report:
    """Resolve a refusal that says the client_order_id is there already: the order was placed before."""
    details = {"venue": venue, "reason": "duplicate"}
    text = f"{venue}: it has {order.client_order_id} already"
    try:
        found = find(order)
    except TacoreError as error:
        raise OutcomeUnknown(f"{text}, and does not show it", details=details) from error
    if found is None:
        raise OutcomeUnknown(f"{text}, and does not find it", details=details)
    return found


def is_duplicate(words: str) -> bool:
    """Tell whether a refusal means that the client_order_id was used before."""
    return re.search(r"duplicat|client[\s_-]?order[\s_-]?id must be unique", words, re.I) is not None
