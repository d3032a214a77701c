"""The session (curl_cffi) that yfinance asks Yahoo through, and yfinance's parts that ask."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from curl_cffi import requests
from curl_cffi.requests.exceptions import RequestException, Timeout

from tacore.errors import NotFound
from tacore.market.vendors.faults import fault, refuse_status
from tacore.market.vendors.options import elsewhere, library

_VENDOR = "yahoo"
_NEWS = "/xhr/"
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class YahooSession(requests.Session[requests.Response]):
    """A browser's session that is bounded in time, with our errors for what the data pages refuse.

    401 and 403 are left to yfinance, which fetches another crumb and asks once more; so is all that goes
    wrong with cookies, which it can do without.
    """

    def __init__(self, timeout_s: float, base_url: str | None, cache_dir: Path) -> None:
        super().__init__(impersonate="chrome")
        self._timeout_s = timeout_s
        self._base_url = base_url
        self._cache_dir = cache_dir

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        **asked: Any,  # noqa: ANN401 - whatever curl_cffi takes
    ) -> requests.Response:
        """Ask once."""
        asked["timeout"] = self._timeout_s
        there = elsewhere(url, self._base_url)
        answer: requests.Response = super().request(method, there, **asked)  # type: ignore[arg-type]
        status = answer.status_code
        path = urlsplit(url).path
        if ("/finance/" in path or path.startswith(_NEWS)) and status not in _REFUSED:
            headers: Mapping[str, str] = answer.headers  # type: ignore[assignment]
            refuse_status(_VENDOR, status, headers)
            if status == HTTPStatus.NOT_FOUND and not path.startswith(_NEWS):
                raise NotFound("yahoo has no such symbol")
        return answer

    def library(self) -> tuple[Any, Any, Any]:
        """Give yfinance's way to ask, on this session, its exceptions, and its reader of charts."""
        yf, cache, data, errors, history = library(
            _VENDOR,
            "yfinance",
            "yfinance.cache",
            "yfinance.data",
            "yfinance.exceptions",
            "yfinance.scrapers.history",
        )
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        cache.set_cache_location(str(self._cache_dir))
        # The session has its cookies; on disk they would be one SQLite connection for each thread that asks.
        cache._CookieCacheManager._Cookie_cache = cache._CookieCacheDummy()  # noqa: SLF001
        yf.config.debug.hide_exceptions = False
        # Past its singleton: one session for all would give every market the address of the last.
        return _Checked(type.__call__(data.YfData, self), self._timeout_s), errors, history.PriceHistory

    @staticmethod
    def reason(error: BaseException) -> str | None:
        """Name what is wrong with a connection."""
        if isinstance(error, requests.exceptions.JSONDecodeError):
            return "malformed"
        if isinstance(error, Timeout):
            return "timeout"
        return "connection" if isinstance(error, RequestException) else None


class _Checked:
    """yfinance's way to ask, but that a refusal is an error.

    Nothing comes from its memory of earlier answers either, which keeps refusals too.
    """

    def __init__(self, data: Any, timeout_s: float) -> None:  # noqa: ANN401 - yfinance has no types
        self._data = data
        self._timeout_s = timeout_s

    def get(self, url: str, params: Mapping[str, Any], timeout: float | None = None) -> requests.Response:
        """Ask, and refuse what is no success."""
        return _accepted(self._data.get(url, params=dict(params), timeout=self._timeout_s))

    def post(self, url: str, params: Mapping[str, Any], body: Mapping[str, Any]) -> requests.Response:
        """Do the same with a question that has a body of JSON."""
        asked = self._data.post(url, params=dict(params), body=dict(body), timeout=self._timeout_s)
        return _accepted(asked)

    cache_get = get


def _accepted(answer: requests.Response) -> requests.Response:
    refuse_status(_VENDOR, answer.status_code, {})
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        raise fault(_VENDOR, "refused", f"HTTP {answer.status_code}")
    return answer
