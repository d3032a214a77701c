"""Ask the models' server: what models it has, and one token of an answer. Its key is in no message."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tacore.errors import ConfigurationError, NotFound, TacoreError, Unauthorized, Unavailable

HIDDEN = "[key]"
_PIECE = 8  # letters of a key that are too many to show
_MOST_BYTES = 4_000_000
_MOST_SHOWN = 200
_MOST_READ = 4000
_KEY_REFUSED = (401, 403)
_NO_SUCH = (404, 405, 501)


class Used(NamedTuple):
    """What a call took by the server's own count; None where it does not tell."""

    input_tokens: int | None
    output_tokens: int | None


class ModelServer:
    """A server that speaks OpenAI's chat completions; it is asked directly, and never followed elsewhere.

    A key that can't be sent is a ConfigurationError.
    """

    def __init__(self, base_url: str, key: str, timeout_s: float) -> None:
        if not (key.isascii() and key.isprintable()):
            raise ConfigurationError("the key has letters that no HTTP header can carry")
        self._base = base_url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))

    @property
    def shown(self) -> str:
        """Give its address without any name or password in it."""
        return self._scrubbed(without_user(self._base))

    def models(self) -> Sequence[str]:
        """List its models; NotFound where it has no list. Unauthorized, Unavailable."""
        told = self._ask("models", None)
        listed = told.get("data")
        if not isinstance(listed, list):
            raise NotFound(f"{self.shown}/models has no list of models")
        return [str(each["id"]) for each in listed if isinstance(each, Mapping) and "id" in each]

    def one_token(self, model: str) -> Used:
        """Have a model answer with one token: it costs money. NotFound, Unauthorized, Unavailable."""
        asked = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "Say ok."}]}
        told = self._ask("chat/completions", asked)
        if not told.get("choices"):
            raise Unavailable(f"{self.shown} answered without a choice: it speaks no chat completions")
        usage = told.get("usage")
        counts = usage if isinstance(usage, Mapping) else {}
        return Used(_count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens")))

    def _ask(self, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the settings allow http and https alone
            f"{without_user(self._base)}/{path}", data=data, headers=headers
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as reply:
                told = json.loads(reply.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(path, error.code, error.read(_MOST_BYTES)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = self._scrubbed(str(getattr(error, "reason", error)) or type(error).__name__)
            raise Unavailable(f"{self.shown} can't be reached: {reason}") from None
        except ValueError:
            raise Unavailable(f"{self.shown}/{path} answered with something else than JSON") from None
        if not isinstance(told, Mapping):
            raise Unavailable(f"{self.shown}/{path} answered with something else than an object")
        return told

    def _refused(self, path: str, code: int, body: bytes) -> TacoreError:
        """Make an error of a refusal; of one for its key, a server's words may show a part of that."""
        where = f"{self.shown}/{path}"
        if code in _KEY_REFUSED:
            return Unauthorized(f"{where} refuses the key ({code})")
        said = self._scrubbed(_message(body))[:_MOST_SHOWN]
        if code in _NO_SUCH:
            return NotFound(f"{where} is not there ({code}): {said}")
        return Unavailable(f"{where} answered {code}: {said}")

    def _scrubbed(self, text: str) -> str:
        """Take the key out, and whatever piece of it is long enough to be of use."""
        for size in range(len(self._key), _PIECE - 1, -1):
            for start in range(len(self._key) - size + 1):
                text = text.replace(self._key[start : start + size], HIDDEN)
        return text.replace(self._key, HIDDEN) if self._key else text


def without_user(url: str) -> str:
    """Give an address without the name and password before its host."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the key would go along."""

    def redirect_request(self, *_asked: object) -> None:
        """Follow nothing."""


def _message(body: bytes) -> str:
    text = body[:_MOST_READ].decode(errors="replace")
    try:
        told = json.loads(text)
        error = told.get("error", told)
        text = str(error.get("message", error) if isinstance(error, Mapping) else error)
    except (ValueError, AttributeError):
        pass
    return " ".join(text.split()) or "no reason was given"


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
