"""The one tree of errors, branching by what the caller should do next.

Each class has a stable wire code (the ``error.code`` of a reply). Codes and their meaning are part of the
contract with clients; messages are for people and may change.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class TacoreError(Exception):
    """Anything tacore reports to a caller.

    ``details`` is JSON-ready and names each bad field or the state that led here. A client sets the request's
    ``request_id`` and its ``attempts`` on what it raises.
    """

    code = "internal"
    retryable = False
    request_id: str | int | None = None
    attempts: tuple[Any, ...] = ()

    def __init__(
        self, message: str, *, details: Mapping[str, Any] | None = None, retryable: bool | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        if retryable is not None:
            self.retryable = retryable

    def as_wire(self) -> dict[str, Any]:
        """Give the ``error`` object of a reply."""
        return {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "details": self.details,
        }


class Internal(TacoreError):
    """A defect of ours; the log has the traceback, the caller has the request_id."""


class RequestInvalid(TacoreError):
    """The caller must change the request before sending it again."""

    code = "invalid_request"


class InvalidParams(RequestInvalid):
    """A param has a wrong type or value; ``details`` maps each field to what is allowed."""

    code = "invalid_params"


def bad_param(
    field: str,
    problem: str,
    *,
    value: object = None,
    allowed: Iterable[Any] | str | None = None,
    near: str | None = None,
) -> InvalidParams:
    """Make the InvalidParams of one field; ``near`` is the word to find the nearest allowed name for."""
    said: dict[str, Any] = {"problem": problem, "value": value}
    message = f"{field}: {problem}"
    if allowed is not None:
        said["allowed"] = allowed if isinstance(allowed, str) else list(allowed)
        shown = allowed if isinstance(allowed, str) else ", ".join(map(str, said["allowed"]))
        message += f"; allowed: {shown}"
    names = {} if isinstance(allowed, str) else {str(name).lower(): name for name in allowed or ()}
    close = difflib.get_close_matches(near.lower(), names, n=1) if near else []
    if close:
        said["nearest"] = names[close[0]]
        message += f"; did you mean {said['nearest']}?"
    return InvalidParams(message, details={field: said})


class UnknownMethod(RequestInvalid):
    """No method has that name."""

    code = "unknown_method"


class NotFound(RequestInvalid):
    """The thing asked for does not exist."""

    code = "not_found"


class IdempotencyMismatch(RequestInvalid):
    """The idempotency key was used before with other params."""

    code = "idempotency_mismatch"


class Unauthorized(TacoreError):
    """The caller is not known."""

    code = "unauthorized"


class Forbidden(TacoreError):
    """The caller is known and may not do this."""

    code = "forbidden"


class Unavailable(TacoreError):
    """Nothing is wrong with the request: retry later."""

    code = "unavailable"
    retryable = True


class Overloaded(Unavailable):
    """A bounded queue is full; ``details.retry_after_ms`` says when to come back."""

    code = "overloaded"


class DeadlineExceeded(Unavailable):
    """The client's patience ran out; ``details.dispatched`` says whether a worker had seen the request."""

    code = "deadline_exceeded"


def too_late() -> DeadlineExceeded:
    """Refuse a request for whose answer nobody waits any more."""
    details = {"dispatched": True, "started": False}
    return DeadlineExceeded("it came too late to be worth starting", details=details)


class WorkerLost(Unavailable):
    """Every worker that took the request died with it."""

    code = "worker_lost"


class Denied(TacoreError):
    """Our own risk rules said no; nothing was sent to a venue."""

    code = "denied"


class TradingHalted(Denied):
    """Trading is halted or reducing."""

    code = "trading_halted"


class Rejected(TacoreError):
    """The venue said no."""

    code = "rejected"


class OutcomeUnknown(TacoreError):
    """It may or may not have happened: ask, do not send it again under another key."""

    code = "outcome_unknown"
    retryable = True


class NoAnswer(TacoreError):
    """A client's attempts are used up without an answer (never on the wire)."""

    code = "no_answer"
    retryable = True


class NoBroker(NoAnswer):
    """No broker listens at any of the endpoints (never on the wire)."""

    code = "no_broker"


class ConfigurationError(TacoreError):
    """A setting is wrong; the process does not start (never on the wire)."""

    code = "configuration"


def _tree(cls: type[TacoreError]) -> list[type[TacoreError]]:
    return [cls, *(each for sub in cls.__subclasses__() for each in _tree(sub))]


BY_CODE: Mapping[str, type[TacoreError]] = {cls.code: cls for cls in _tree(Internal) + _tree(TacoreError)[1:]}


def from_wire(error: Mapping[str, Any]) -> TacoreError:
    """Rebuild the error that a reply carries; an unknown code becomes a plain TacoreError with that code."""
    code = str(error.get("code", "internal"))
    cls = BY_CODE.get(code, TacoreError)
    made = cls(
        str(error.get("message", code)),
        details=error.get("details") or {},
        retryable=bool(error.get("retryable", cls.retryable)),
    )
    made.code = code
    return made
