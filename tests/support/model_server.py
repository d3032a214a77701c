"""A scripted server of OpenAI's chat completions on a free loopback port, in this process or as a program.

    python -m tests.support.model_server [--port 18080] [--key-env NAME]

writes its address to stdout. Another key than the named variable's is answered 401. As a program it is
scripted over HTTP: POST /script {"mode": "500", "fail": {"mode", "from_call", "calls"}, "latency_s": 0.3,
"retry_after_s": 2, "wish": {...}}, POST /reset, and GET /counts for what it has counted.
"""

import argparse
import json
import os
import select
import socket
import sys
import threading
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.support.model_answers import Said, Wish, prompt_of
from tests.support.model_script import BY_STATUS, Call, Failures, Script

KIND = {401: "invalid_api_key", 404: "not_found", 429: "rate_limit_exceeded"}
MODELS = ("quick-model", "deep-model")


class ModelServer(Script):
    """Serves with the context. ``url`` is what the settings call base_url."""

    def __init__(self, key: str | None = None, port: int = 0) -> None:
        super().__init__(key)
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.script = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="model-server")
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.change(closed=True)
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for each
    request_queue_size = 256
    script: Script

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.script.change(connections=self.script.connections + 1)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that is killed breaks its connection."""

    def hang_up(self) -> None:
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(each)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the key stands in the requests."""

    def do_GET(self) -> None:
        if self.path == "/counts":
            self._send(200, _counts(self._script))
        elif not self.path.endswith("/models"):
            self._refuse(404)
        elif not self._has_key():
            self._refuse(401)
        else:
            listed = [{"id": each, "object": "model", "created": 0, "owned_by": "script"} for each in MODELS]
            self._send(200, {"object": "list", "data": listed})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        if self.path == "/script":
            self._send(200, _change(self._script, body))
        elif self.path == "/reset":
            self._script.reset()
            self._send(200, {})
        elif self.path.endswith("/chat/completions"):
            self._chat(body)
        else:
            self._refuse(404)

    def _chat(self, request: Mapping[str, Any]) -> None:
        call = self._script.note(request, prompt_of(request["messages"]), self._key())
        status = BY_STATUS.get(call.mode, 200) if self._has_key() else 401
        latency_s = self._script.latency_s
        if status == 200 and not self._stays(call, latency_s):
            call.status = -1
            self.close_connection = True
            return
        if status != 200:
            call.status = status
            self._refuse(status)
        elif call.mode == "malformed":
            call.status = status
            self._send_bytes(200, b"<html>not json at all")
        else:
            said = self._script.said(call, request)
            call.status = status
            self._answer(call, said, request)

    def _stays(self, call: Call, latency_s: float) -> bool:
        """Wait the latency, or while a call has to hang; tell whether it is to be answered after that."""
        if call.mode == "hang":
            self._script.wait_while(lambda: self._waits() and self._script.hangs(call))
        elif latency_s:
            select.select([self.connection], [], [], latency_s)
        return self._waits() and not self._script.closed

    def _waits(self) -> bool:
        """Tell whether the client is there: one that is gone reads as ended."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return not readable

    def _answer(self, call: Call, said: Said, request: Mapping[str, Any]) -> None:
        usage = {"prompt_tokens": call.input_tokens, "completion_tokens": call.output_tokens}
        usage["total_tokens"] = call.input_tokens + call.output_tokens
        told = {} if call.mode == "uncounted" else {"usage": usage}
        head = {"id": f"chatcmpl-{uuid.uuid4().hex[:10]}", "created": int(call.at), "model": call.model}
        reason = "length" if call.mode == "cut" else "tool_calls" if said.tool else "stop"
        if not call.stream:
            calls = {"tool_calls": said.tool_calls} if said.tool else {}
            message = {"role": "assistant", "content": said.text} | calls
            choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
            self._send(200, head | {"object": "chat.completion", "choices": [choice]} | told)
            return
        chunks = [_chunk({"role": "assistant", "content": ""})]
        if said.tool:
            chunks += [_chunk({"tool_calls": [{"index": 0, **each} for each in said.tool_calls]})]
        text = said.text or ""
        chunks += [_chunk({"content": text[at : at + 80]}) for at in range(0, len(text), 80)]
        chunks += [_chunk({}, reason)]
        if (request.get("stream_options") or {}).get("include_usage"):
            chunks += [{"choices": []} | told]
        events = [json.dumps(head | {"object": "chat.completion.chunk"} | each) for each in chunks]
        lines = "".join(f"data: {each}\n\n" for each in [*events, "[DONE]"])
        self._send_bytes(200, lines.encode(), {"Content-Type": "text/event-stream"})

    def _refuse(self, status: int) -> None:
        kind = KIND.get(status, "server_error")
        seconds = self._script.retry_after_s
        headers = {} if seconds is None or status not in {429, 503} else {"Retry-After": f"{seconds:g}"}
        error = {"message": f"scripted {kind}", "type": kind, "code": kind, "param": None}
        self._send_bytes(status, json.dumps({"error": error}).encode(), headers)

    def _send(self, status: int, body: object) -> None:
        self._send_bytes(status, json.dumps(body, ensure_ascii=False).encode())

    def _send_bytes(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | dict(headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _key(self) -> str:
        return (self.headers["Authorization"] or "").removeprefix("Bearer ")

    def _has_key(self) -> bool:
        return self._script.key is None or self._key() == self._script.key

    @property
    def _script(self) -> Script:
        assert isinstance(self.server, _Server)
        return self.server.script


def _chunk(delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _counts(script: Script) -> dict[str, Any]:
    """Tell what was counted; the keys are told as their number alone."""
    calls = [{"number": each.number, "model": each.model, "status": each.status} for each in script.calls]
    counted = {"answered": script.answered, "usage": script.usage, "connections": script.connections}
    return {"calls": calls, "keys": len(script.keys_seen), **counted}


def _change(script: Script, body: Mapping[str, Any]) -> dict[str, Any]:
    if "fail" in body:
        failures = msgspec.convert(body["fail"], Failures)
        script.fail(failures.mode, from_call=failures.from_call, calls=failures.calls)
    if "mode" in body:
        script.mode = body["mode"]
    if "wish" in body:
        script.change(wish=msgspec.convert(body["wish"], Wish))
    script.change(**{name: float(body[name]) for name in ("latency_s", "retry_after_s") if name in body})
    return {"mode": script.mode}


def main() -> None:
    """Serve until interrupted."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--key-env", help="the variable that has the key to ask for")
    given = words.parse_args()
    key = os.environ[given.key_env] if given.key_env else None
    with ModelServer(key, given.port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
