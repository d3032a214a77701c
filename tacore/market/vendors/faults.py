"""What can go wrong with a vendor, as errors that say whether to ask again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from tacore.errors import TacoreError, Unavailable

# Binance's own "I'm a teapot" bans an address that ignored 429.
_RATE_LIMITED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.IM_A_TEAPOT})
_UNAUTHORIZED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SAID: Mapping[str, str] = {
    "rate_limited": "it was asked too often",
    "server_error": "it has trouble of its own",
    "timeout": "it did not answer in time",
    "connection": "it could not be reached",
    "empty": "it gave nothing where data must be",
    "malformed": "its answer makes no sense",
    "unauthorized": "it refuses the key, or a key is needed",
    "refused": "it refuses the question",
}
_PASSING = frozenset({"rate_limited", "server_error", "timeout", "connection", "empty", "malformed"})
Classify = Callable[[BaseException], str | None]


def fault(vendor: str, reason: str, what: str = "", **details: object) -> Unavailable:
    """Make the error of a vendor that gave no usable answer; ``details`` has vendor and reason.

    Its text never has the vendor's own: that may quote the address asked, and with it a key.
    """
    said = f"{vendor}: {_SAID[reason]}" + (f" ({what})" if what else "")
    return Unavailable(
        said, details={"vendor": vendor, "reason": reason, **details}, retryable=reason in _PASSING
    )


def refuse_status(vendor: str, status: int, headers: Mapping[str, str]) -> None:
    """Raise the error of an HTTP status that says not to go on; what else is no success is the caller's."""
    if status in _RATE_LIMITED:
        wait = retry_after_ms(headers.get("Retry-After"))
        waits = {} if wait is None else {"retry_after_ms": wait}
        raise fault(vendor, "rate_limited", f"HTTP {status}", **waits)
    if status in _UNAUTHORIZED:
        raise fault(vendor, "unauthorized", f"HTTP {status}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise fault(vendor, "server_error", f"HTTP {status}")


def retry_after_ms(header: str | None) -> int | None:
    """Read a Retry-After header, seconds or a date (RFC 9110, 10.2.3); None where it says nothing."""
    if not header:
        return None
    if header.strip().isdigit():
        return int(header) * 1000
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    wait = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return max(0, round(wait.total_seconds() * 1000))


@contextmanager
def mapped(vendor: str, classify: Classify) -> Iterator[None]:
    """Turn what a vendor's library raises into our errors; ``classify`` names the reason of those it knows.

    A library that stumbles over an answer (a missing key, a wrong type, text that is no number) has met one
    that is malformed.
    """
    try:
        yield
    except TacoreError:
        raise
    except Exception as error:
        reason = classify(error)
        if reason is None and isinstance(error, ValueError | TypeError | LookupError | ArithmeticError):
            reason = "malformed"
        if reason is None and isinstance(error, AttributeError):
            reason = "malformed"  # None where the library expects an object
        if reason is None:
            raise
        raise fault(vendor, reason, type(error).__name__) from error
