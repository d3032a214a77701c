from collections.abc import Iterator
from typing import Any

import pytest

from tacore.analysis.agents.model_server import ModelServer, Used
from tacore.errors import ConfigurationError, NotFound, TacoreError, Unauthorized, Unavailable
from tests.support.scripted_models import KEY, Models, serving


@pytest.fixture
def models() -> Iterator[Models]:
    with serving(Models()) as running:
        yield running


def test_server_when_asked_lists_its_models_and_gives_a_token(models: Models) -> None:
    server = ModelServer(models.url + "/", KEY, 20)
    assert server.models() == ["quick-1", "deep-1"]
    assert server.one_token("quick-1") == Used(9, 1)
    path, body = models.asked[-1]
    assert (path, body["model"], body["max_tokens"]) == ("/v1/chat/completions", "quick-1", 1)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (401, {"error": {"message": f"bad key {KEY}"}}, Unauthorized, "refuses the key (401)"),
        (403, {}, Unauthorized, "refuses the key (403)"),
        (404, {"error": {"message": "no such path"}}, NotFound, "is not there (404): no such path"),
        (500, {"error": {"message": f"broken for {KEY}!"}}, Unavailable, "answered 500: broken for [key]!"),
        (500, {"error": f"broken for {KEY[:12]}…"}, Unavailable, "answered 500: broken for [key]…"),
        (429, b"<html>slow</html>", Unavailable, "answered 429: <html>slow</html>"),
        (200, b"<html>hi</html>", Unavailable, "something else than JSON"),
        (200, ["x"], Unavailable, "something else than an object"),
        (200, {"models": []}, NotFound, "has no list of models"),
        (500, b"", Unavailable, "answered 500: no reason was given"),
        (500, [1], Unavailable, "answered 500: [1]"),
    ],
)
def test_server_when_it_refuses_is_an_error_without_the_key(
    models: Models, status: int, body: Any, kind: type[TacoreError], says: str
) -> None:
    models.answers["/v1/models"] = status, body
    with pytest.raises(kind) as raised:
        ModelServer(models.url, KEY, 20).models()
    assert says in raised.value.message
    assert KEY[:8] not in repr(raised.value) + repr(raised.value.__cause__)


def test_server_when_it_leads_elsewhere_is_not_followed(models: Models) -> None:
    with serving(Models()) as other:
        models.headers = {"Location": other.url + "/models"}
        models.answers["/v1/models"] = 302, b""
        with pytest.raises(Unavailable, match="answered 302"):
            ModelServer(models.url, KEY, 20).models()
        assert other.asked == []


def test_server_when_nobody_listens_says_so_without_user_or_password() -> None:
    with pytest.raises(Unavailable) as raised:
        ModelServer("http://me:secret@127.0.0.1:1/v1", KEY, 20).models()
    assert raised.value.message.startswith("http://127.0.0.1:1/v1 can't be reached: ")
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("key", ["sk-abc\r\nX-Evil: 1", "sk-ключ"])
def test_key_when_it_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ModelServer("http://127.0.0.1:1/v1", key, 20)
    assert key[:3] not in raised.value.message


def test_answer_when_it_counts_no_tokens_says_none(models: Models) -> None:
    models.answers["/v1/chat/completions"] = 200, {"choices": [{"message": {"content": "ok"}}]}
    assert ModelServer(models.url, KEY, 20).one_token("quick-1") == Used(None, None)
    models.answers["/v1/chat/completions"] = 200, {"result": "ok"}
    with pytest.raises(Unavailable, match="speaks no chat completions"):
        ModelServer(models.url, KEY, 20).one_token("quick-1")
