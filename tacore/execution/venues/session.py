"""An HTTP session (requests) for brokerages' libraries: one attempt, bounded in time, and honest about it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

# 418 is Binance's ban of an address that ignored 429.
_TOO_OFTEN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.IM_A_TEAPOT})
# A 4xx says no, but for these: 408 gave up waiting, and 409 is also said of what was done in part.
_UNSURE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT})
CONNECTIONS = 32
"""How many stay open to a venue: more than the threads that ask it, so that none is opened for one order."""


class Lost(Exception):
    """A request without a usable answer; ``maybe`` tells whether it may have been carried out."""

    def __init__(
        self, reason: str, *, maybe: bool, what: str = "", retry_after_ms: int | None = None
    ) -> None:
        super().__init__(f"{reason}: {what}" if what else reason)
        self.reason = reason
        self.maybe = maybe
        self.what = what
        self.retry_after_ms = retry_after_ms


class OneTry(requests.Session):
    """What a library sends its requests through.

    It raises `Lost`, which is no requests exception, so that no library takes it for a reason to sleep and
    send again. Refusals (4xx) pass, for the library to read. Proxies and .netrc of the environment do not
    count, nor do redirects: an order goes to the address in the settings, or nowhere.
    """

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self._timeout_s = timeout_s
        self.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
        self.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        **asked: Any,  # noqa: ANN401 - whatever requests takes
    ) -> requests.Response:
        """Ask once."""
        asked["timeout"] = self._timeout_s
        asked["allow_redirects"] = False
        asked.pop("proxies", None)
        try:
            answer = super().request(method, url, **asked)
        except requests.Timeout as error:
            raise Lost("timeout", maybe=not _unsent(error), what=f"{self._timeout_s:g} s") from error
        except requests.RequestException as error:
            raise Lost("connection", maybe=not _unsent(error)) from error
        _refuse(answer)
        return answer


def _refuse(answer: requests.Response) -> None:
    status = answer.status_code
    what = f"HTTP {status}"
    if status in _TOO_OFTEN:
        raise Lost("rate_limited", maybe=False, what=what, retry_after_ms=_wait(answer))
    if status == HTTPStatus.UNAUTHORIZED:
        raise Lost("unauthorized", maybe=False, what=what)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _UNSURE:
        raise Lost("server_error", maybe=True, what=what)
    if status >= HTTPStatus.BAD_REQUEST or status == HTTPStatus.NO_CONTENT:
        return
    if not answer.ok or status >= HTTPStatus.MULTIPLE_CHOICES:
        raise Lost("malformed", maybe=True, what=what)
    try:
        answer.json()
    except ValueError as error:
        raise Lost("malformed", maybe=True, what="no JSON") from error


def _wait(answer: requests.Response) -> int | None:
    seconds = str(answer.headers.get("Retry-After", ""))
    return int(seconds) * 1000 if seconds.isdigit() else None


def _unsent(error: BaseException) -> bool:
    """Tell whether no connection was made, so that nothing can have been sent."""
    return any(isinstance(each, NewConnectionError | ConnectTimeoutError) for each in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give what requests and urllib3 wrapped: their reasons lie in args and ``reason``, not in __cause__."""
    yield error
    for each in (*error.args, getattr(error, "reason", None)):
        if isinstance(each, BaseException):
            yield from _causes(each)
