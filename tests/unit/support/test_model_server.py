"""The scripted model server, asked with http.client alone."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.model_answers import Wish
from tests.support.model_server import ModelServer

KEY = "sk-right"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_prices",
        "parameters": {
            "type": "object",
            "properties": {
                "ticker": {"type": "string"},
                "start_date": {"type": "string"},
                "end_date": {"type": "string"},
                "note": {"type": "string"},
            },
            "required": ["ticker", "start_date", "end_date"],
        },
    },
}
RATING = {
    "type": "function",
    "function": {
        "name": "Verdict",
        "parameters": {
            "$defs": {"Rating": {"enum": ["Buy", "Hold", "Sell"], "type": "string"}},
            "type": "object",
            "properties": {
                "rating": {"$ref": "#/$defs/Rating"},
                "price_target": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            },
            "required": ["rating"],
        },
    },
}
Reply = tuple[int, Any, dict[str, str]]
ASKED = "股票代码: 600519 分析日期: 2025-01-10 最新价: 1680.5"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(KEY) as started:
        yield started


def chat(
    server: ModelServer, text: str = ASKED, key: str = KEY, **more: Any
) -> tuple[int, Any, dict[str, str]]:
    body = {"model": "quick-model", "messages": [{"role": "user", "content": text}]} | more
    return request(server, "POST", "/chat/completions", body, key)


def request(
    server: ModelServer, verb: str, path: str, body: object = None, key: str = KEY, timeout_s: float = 20
) -> Reply:
    at = urlsplit(server.url)
    line = http.client.HTTPConnection(at.hostname or "", at.port, timeout=timeout_s)
    try:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        line.request(verb, at.path + path, json.dumps(body), headers)
        reply = line.getresponse()
        raw = reply.read().decode()
        is_json = (reply.getheader("Content-Type") or "").startswith("application/json")
        return reply.status, json.loads(raw) if is_json else raw, dict(reply.getheaders())
    finally:
        line.close()


def test_chat_when_asked_without_tools_answers_text_and_counts_its_tokens(server: ModelServer) -> None:
    status, reply, _ = chat(server)
    assert status == 200
    (choice,) = reply["choices"]
    assert "600519" in choice["message"]["content"] and "1680.5" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    told = reply["usage"]
    assert server.usage == {"quick-model": (told["prompt_tokens"], told["completion_tokens"])}
    assert [each.status for each in server.calls] == [200]
    assert server.keys_seen == {KEY}


def test_chat_when_tools_are_offered_calls_one_until_its_result_is_there(server: ModelServer) -> None:
    _, reply, _ = chat(server, tools=[TOOL])
    (call,) = reply["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "get_prices"
    assert json.loads(call["function"]["arguments"]) == {
        "ticker": "600519",
        "start_date": "2024-12-11",
        "end_date": "2025-01-10",
    }
    looked = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "收盘价: 1700"},
    ]
    _, reply, _ = chat(server, tools=[TOOL], messages=looked)
    assert reply["choices"][0]["finish_reason"] == "stop"


def test_chat_when_a_tool_is_forced_fills_its_schema_through_references(server: ModelServer) -> None:
    choice = {"type": "function", "function": {"name": "Verdict"}}
    _, reply, _ = chat(server, tools=[TOOL, RATING], tool_choice=choice)
    (call,) = reply["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"rating": "Buy", "price_target": 1848.55}


def test_chat_when_streamed_gives_the_text_in_pieces_and_the_usage_at_the_end(server: ModelServer) -> None:
    _, raw, _ = chat(server, stream=True, stream_options={"include_usage": True})
    lines = [each.removeprefix("data: ") for each in raw.split("\n\n") if each]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(each) for each in lines[:-1]]
    text = "".join(each["choices"][0]["delta"].get("content", "") for each in chunks if each["choices"])
    _, whole, _ = chat(server)
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["usage"] == whole["usage"]


def test_chat_when_the_decision_is_asked_for_answers_the_wish_as_json(server: ModelServer) -> None:
    server.change(wish=Wish(action="卖出", target=1500.0, confidence=0.6))
    _, reply, _ = chat(server, '输出 {"action": "买入/持有/卖出", ...}')
    decided = json.loads(reply["choices"][0]["message"]["content"])
    assert (decided["action"], decided["target_price"], decided["confidence"]) == ("卖出", 1500.0, 0.6)


def test_chat_when_a_phrase_is_in_the_prompt_answers_its_text(server: ModelServer) -> None:
    server.change(wish=Wish(phrases={"最终裁决": "我不建议买入"}))
    _, reply, _ = chat(server, "请作最终裁决", tools=[TOOL])
    assert reply["choices"][0]["message"]["content"] == "我不建议买入"


@pytest.mark.parametrize("mode", ["500", "503", "429", "401"])
def test_chat_when_it_must_fail_answers_the_status_until_it_need_not(server: ModelServer, mode: Any) -> None:
    server.mode = mode
    status, reply, _ = chat(server)
    assert status == int(mode) and reply["error"]["message"]
    server.mode = "ok"
    assert chat(server)[0] == 200
    assert server.answered == 1 and len(server.calls) == 2


def test_chat_when_turned_away_says_when_to_come_again(server: ModelServer) -> None:
    server.mode = "429"
    assert "Retry-After" not in chat(server)[2]
    server.change(retry_after_s=7.0)
    assert chat(server)[2]["Retry-After"] == "7"


def test_chat_when_failures_are_scripted_for_some_calls_fails_those(server: ModelServer) -> None:
    server.fail("500", from_call=2, calls=2)
    assert [chat(server)[0] for _ in range(5)] == [200, 500, 500, 200, 200]


def test_chat_when_the_answer_must_be_bad_gives_what_the_mode_says(server: ModelServer) -> None:
    server.mode = "garbage"
    assert "zxqv" in chat(server)[1]["choices"][0]["message"]["content"]
    server.mode = "empty"
    assert chat(server)[1]["choices"][0]["message"]["content"] == ""
    server.mode = "uncounted"
    assert "usage" not in chat(server)[1]
    server.mode = "malformed"
    with pytest.raises(json.JSONDecodeError):
        chat(server)


def test_chat_when_the_server_hangs_sees_its_client_go(server: ModelServer) -> None:
    server.mode = "hang"
    with pytest.raises(TimeoutError):
        request(server, "POST", "/chat/completions", {"model": "m", "messages": []}, timeout_s=0.2)
    server.wait_for_calls(1)
    server.wait_while(lambda: server.calls[0].status == 0)
    assert server.calls[0].status == -1


def test_chat_when_it_hung_and_the_server_is_well_again_is_answered(server: ModelServer) -> None:
    server.fail("hang")
    answers: list[int] = []
    asker = threading.Thread(target=lambda: answers.append(chat(server)[0]))
    asker.start()
    server.wait_for_calls(1)
    server.release()
    asker.join(20)
    assert answers == [200] and server.answered == 1


def test_server_when_it_closes_lets_nobody_hang() -> None:
    with ModelServer() as server:
        server.mode = "hang"
        broken: list[bool] = []

        def ask() -> None:
            try:
                chat(server)
            except (http.client.HTTPException, OSError):
                broken.append(True)

        asker = threading.Thread(target=ask)
        asker.start()
        server.wait_for_calls(1)
    asker.join(20)
    assert broken == [True]


@pytest.mark.parametrize("verb, path", [("GET", "/models"), ("POST", "/chat/completions")])
def test_server_when_the_key_is_another_refuses(server: ModelServer, verb: str, path: str) -> None:
    body = {"model": "m", "messages": []}
    assert request(server, verb, path, body, "sk-wrong")[0] == 401
    assert request(server, verb, path, body)[0] == 200
    assert server.answered <= 1


def test_mode_when_unknown_is_refused_with_what_there_is(server: ModelServer) -> None:
    with pytest.raises(ValueError, match="garbage"):
        server.mode = "50O"  # type: ignore[assignment]


def test_program_when_scripted_over_http_counts_and_never_tells_the_key() -> None:
    words = [sys.executable, "-m", "tests.support.model_server", "--key-env", "THE_KEY"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=os.environ | {"THE_KEY": KEY}
    ) as program:
        try:
            assert program.stdout is not None
            at = urlsplit(program.stdout.readline().strip())
            line = http.client.HTTPConnection(at.hostname or "", at.port, timeout=20)

            def ask(verb: str, path: str, body: object = None) -> tuple[int, str]:
                line.request(verb, path, json.dumps(body), {"Authorization": f"Bearer {KEY}"})
                reply = line.getresponse()
                return reply.status, reply.read().decode()

            asked = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
            script = {"fail": {"mode": "500", "from_call": 2, "calls": 1}, "wish": {"rating": "Sell"}}
            assert ask("POST", "/script", script)[0] == 200
            assert [ask("POST", "/v1/chat/completions", asked)[0] for _ in range(3)] == [200, 500, 200]
            counted = ask("GET", "/counts")[1]
            assert KEY not in counted and json.loads(counted)["answered"] == 2
            assert json.loads(counted)["connections"] == 1
            line.close()
        finally:
            program.terminate()
