"""As much of openai's client as the stand-ins use: chat completions over http.client, with retries."""

import http.client
import json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

FIRST_WAIT_S = 0.05


class OpenAIError(Exception):
    pass


class APIError(OpenAIError):
    def __init__(self, message: str, body: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.body = body


class APIConnectionError(APIError):
    pass


class APITimeoutError(APIConnectionError):
    pass


class Response:
    def __init__(self, status_code: int, headers: Mapping[str, str]) -> None:
        self.status_code = status_code
        self.headers = {name.lower(): value for name, value in headers.items()}


class APIStatusError(APIError):
    def __init__(self, message: str, *, response: Response, body: object) -> None:
        super().__init__(message, body)
        self.response = response
        self.status_code = response.status_code


class AuthenticationError(APIStatusError):
    pass


class RateLimitError(APIStatusError):
    pass


class BadRequestError(APIStatusError):
    pass


class InternalServerError(APIStatusError):
    pass


OF_STATUS = {400: BadRequestError, 401: AuthenticationError, 429: RateLimitError}


class OpenAI:
    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | None = 600.0,
        max_retries: int = 2,
    ) -> None:
        key = api_key or os.environ.get("OPENAI_API_KEY")
        if key is None:
            raise OpenAIError("The api_key client option must be set, or OPENAI_API_KEY")
        self.api_key = key
        self.base_url = base_url or "https://api.openai.com/v1"
        self.timeout = timeout
        self.max_retries = max_retries
        self.chat = Chat(self)
        self._line: http.client.HTTPConnection | None = None

    def post(self, path: str, payload: Mapping[str, Any]) -> Any:
        for attempt in range(self.max_retries + 1):
            try:
                return self._post_once(path, payload)
            except (APIConnectionError, RateLimitError, InternalServerError) as error:
                if attempt == self.max_retries:
                    raise
                headers = error.response.headers if isinstance(error, APIStatusError) else {}
                time.sleep(float(headers.get("retry-after", FIRST_WAIT_S * 2**attempt)))
        raise OpenAIError("no attempt was allowed")

    def _post_once(self, path: str, payload: Mapping[str, Any]) -> Any:
        at = urlsplit(self.base_url)
        if self._line is None:
            self._line = http.client.HTTPConnection(at.hostname or "", at.port, timeout=self.timeout)
        headers = {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"}
        try:
            self._line.request("POST", at.path + path, json.dumps(payload).encode(), headers)
            reply = self._line.getresponse()
            raw = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            self._line = None
            if isinstance(error, socket.timeout):
                raise APITimeoutError("Request timed out.") from error
            raise APIConnectionError("Connection error.") from error
        if reply.status != http.client.OK:
            kind = OF_STATUS.get(reply.status, InternalServerError)
            message = f"Error code: {reply.status} - {raw.decode()}"
            raise kind(message, response=Response(reply.status, dict(reply.getheaders())), body=raw)
        return json.loads(raw)


class Chat:
    def __init__(self, client: OpenAI) -> None:
        self.completions = Completions(client)


class Completions:
    def __init__(self, client: OpenAI) -> None:
        self._client = client

    def create(self, **payload: Any) -> Any:
        return self._client.post("/chat/completions", payload)
