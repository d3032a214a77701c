"""Errors as HTTP answers: a status, and the error object of the service's own replies."""

import logging
from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tacore import errors
from tacore.monitor.shown import Shown

STATUSES: tuple[tuple[type[errors.TacoreError], int], ...] = (
    (errors.NotFound, 404),
    (errors.IdempotencyMismatch, 409),
    (errors.RequestInvalid, 400),
    (errors.Unauthorized, 401),
    (errors.Forbidden, 403),
    (errors.Denied, 409),
    (errors.Rejected, 409),
    (errors.DeadlineExceeded, 504),
    (errors.WorkerLost, 502),
    (errors.Unavailable, 503),
    (errors.NoBroker, 503),
    (errors.NoAnswer, 504),
    (errors.OutcomeUnknown, 504),
)
"""The first that fits counts; anything else is 502, for it came from the service."""
_log = logging.getLogger(__name__)


class Error(Shown):
    """Why there is no answer."""

    code: str
    """The service's code of it: not_found, invalid_params, unavailable, no_broker ..."""
    message: str
    """What, why, and what to do."""
    retryable: bool
    """Whether the same may succeed later."""
    details: dict[str, Any]
    """Each bad field: what was wrong, the value, what is allowed."""


class Problem(Shown):
    """An answer that is none."""

    error: Error


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "The request is wrong, or not allowed"},
    "5XX": {"model": Problem, "description": "The service can't be asked at present"},
}
"""What every endpoint may answer beside its own."""


def status_of(error: errors.TacoreError) -> int:
    """Give the HTTP status of an error; a journal that is not there yet may come."""
    if isinstance(error, errors.NotFound) and "journal" in error.details:
        return 503
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 502)


def answer(error: errors.TacoreError, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make the answer."""
    made = dict(headers or {})
    wait_ms = error.details.get("retry_after_ms")
    if isinstance(wait_ms, int | float):
        made["Retry-After"] = str(max(1, round(wait_ms / 1000)))
    body = Problem(error=Error.model_validate(error.as_wire()))
    return JSONResponse(body.model_dump(mode="json"), status, made)


def install(app: FastAPI) -> None:
    """Have an app answer so."""
    app.add_exception_handler(errors.TacoreError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)


async def _told(_request: Request, error: Exception) -> JSONResponse:
    told = cast("errors.TacoreError", error)
    return answer(told, status_of(told))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    details: dict[str, Any] = {}
    for each in cast("RequestValidationError", error).errors():
        name = ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0])
        details[name] = {"problem": each["msg"], "value": _plain(each.get("input"))}
    said = "; ".join(f"{name}: {each['problem']}" for name, each in details.items())
    return answer(errors.InvalidParams(said or "the request is wrong", details=details), 400)


async def _http(request: Request, error: Exception) -> JSONResponse:
    told = cast("HTTPException", error)
    path = request.url.path
    if told.status_code == 404:  # noqa: PLR2004 - HTTP's own
        made: errors.TacoreError = errors.NotFound(f"there is nothing at {path}", details={"path": path})
    else:
        made = errors.RequestInvalid(f"{request.method} {path}: {told.detail}")
    return answer(made, told.status_code, told.headers)


async def _defect(request: Request, error: Exception) -> JSONResponse:
    _log.error("request_failed", exc_info=error, extra={"path": request.url.path})
    return answer(errors.Internal("a defect of the monitor: its log says more"), 500)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
