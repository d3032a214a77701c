"""An HTTP session (requests) for vendors' libraries: bounded in time, without retries, with our errors."""

from collections.abc import Mapping
from typing import Any

import requests

from tacore.market.vendors.faults import fault, refuse_status
from tacore.market.vendors.options import elsewhere


class VendorSession(requests.Session):
    """What a vendor's library sends its questions through.

    It raises our errors for a refusal, a timeout or a lost connection. They are no requests exceptions, so
    that no library takes them for a reason to sleep and ask again.
    """

    def __init__(self, vendor: str, timeout_s: float, base_url: str | None = None) -> None:
        super().__init__()
        self._vendor = vendor
        self._timeout_s = timeout_s
        self._base_url = base_url

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        **asked: Any,  # noqa: ANN401 - whatever requests takes
    ) -> requests.Response:
        """Ask once."""
        asked["timeout"] = self._timeout_s
        try:
            answer = super().request(method, elsewhere(url, self._base_url), **asked)
        except requests.Timeout as error:
            raise fault(self._vendor, "timeout", f"{self._timeout_s:g} s") from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise fault(self._vendor, "connection") from error
        headers: Mapping[str, str] = answer.headers
        refuse_status(self._vendor, answer.status_code, headers)
        if answer.ok:
            self.check(self._read(answer))
        return answer

    def check(self, said: object) -> None:
        """Look at the JSON of a success before the library does; it may raise."""

    def _read(self, answer: requests.Response) -> object:
        # ccxt takes a page for people, or half an answer, for an empty list.
        try:
            said: object = answer.json()
        except ValueError as error:
            raise fault(self._vendor, "malformed", "no JSON") from error
        return said
