"""When the scripted model server fails, and what it has counted. In memory alone: it sees the model's key."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from tests.support.model_answers import Said, Wish, answer

Mode = Literal["ok", "500", "503", "429", "401", "garbage", "empty", "malformed", "uncounted", "hang", "cut"]
"""garbage: words without sense; empty: no text; malformed: no JSON; uncounted: no usage; hang: no answer;
cut: an answer that ended at its longest."""
MODES: tuple[Mode, ...] = get_args(Mode)
BY_STATUS: Mapping[str, int] = {"500": 500, "503": 503, "429": 429, "401": 401}
NONSENSE = "zxqv lorem 1l1l 嗯嗯 blargh " * 8


class Call(msgspec.Struct, kw_only=True):
    """One chat request. ``status`` is 0 while it is answered, and -1 when its client has gone meanwhile.

    ``prompt`` is its whole text; ``input_tokens`` and ``output_tokens`` count what was answered.
    """

    number: int
    at: float
    model: str
    mode: Mode
    prompt: str
    tools: list[str]
    stream: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    status: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """A mode for the calls from one number on, counted from 1; ``calls`` None is for ever."""

    mode: Mode
    from_call: int
    calls: int | None = None

    def cover(self, number: int) -> bool:
        """Tell whether they are of this call."""
        end = float("inf") if self.calls is None else self.from_call + self.calls
        return self.from_call <= number < end


class Script:
    """Thread-safe. Every change wakes who waits."""

    def __init__(self, key: str | None = None) -> None:
        self.key = key
        self.latency_s = 0.0
        self.retry_after_s: float | None = None
        self.wish = Wish()
        self.connections = 0
        self.keys_seen: set[str] = set()
        self.closed = False
        self._mode: Mode = "ok"
        self._failures: Failures | None = None
        self._calls: list[Call] = []
        self._changed = threading.Condition()

    @property
    def mode(self) -> Mode:
        """What calls meet for which no failures are scripted."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: one of {', '.join(MODES)}")
        self.change(_mode=mode)

    @property
    def calls(self) -> list[Call]:
        """Every chat request so far, oldest first, the refused ones included."""
        with self._changed:
            return list(self._calls)

    @property
    def usage(self) -> dict[str, tuple[int, int]]:
        """The tokens read and written by each model, of the calls that were answered."""
        sums: dict[str, tuple[int, int]] = {}
        for each in self.calls:
            if each.status == 200:
                read, written = sums.get(each.model, (0, 0))
                sums[each.model] = (read + each.input_tokens, written + each.output_tokens)
        return sums

    @property
    def answered(self) -> int:
        """How many calls were answered with 200."""
        return sum(each.status == 200 for each in self.calls)

    def fail(self, mode: Mode, *, from_call: int = 1, calls: int | None = None) -> None:
        """Meet the calls from that number on, counted from the last reset, with a mode."""
        self.change(_failures=Failures(mode=mode, from_call=from_call, calls=calls))

    def release(self) -> None:
        """Be well again, and answer the calls that hang."""
        self.change(_mode="ok", _failures=None)

    def reset(self) -> None:
        """Forget what was counted and scripted; the calls that hang are answered."""
        with self._changed:
            self._calls.clear()
            self.keys_seen.clear()
        self.change(_mode="ok", _failures=None, latency_s=0.0, retry_after_s=None, wish=Wish())

    def change(self, **values: Any) -> None:
        """Set attributes, and wake who waits."""
        with self._changed:
            for name, value in values.items():
                setattr(self, name, value)
            self._changed.notify_all()

    def wait_for_calls(self, count: int, timeout_s: float = 30.0) -> list[Call]:
        """Wait until that many calls have come, answered or not."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._calls) >= count, timeout_s):
                raise TimeoutError(f"{len(self._calls)} of {count} calls came")
            return list(self._calls)

    def note(self, request: Mapping[str, Any], prompt: str, key: str) -> Call:
        """Count a request, and decide what it meets."""
        with self._changed:
            self.keys_seen.add(key)
            number = len(self._calls) + 1
            call = Call(
                number=number,
                at=time.time(),
                model=str(request.get("model")),
                mode=self._mode_of(number),
                prompt=prompt,
                tools=[each["function"]["name"] for each in request.get("tools") or []],
                stream=bool(request.get("stream")),
                max_tokens=request.get("max_tokens") or request.get("max_completion_tokens"),
                temperature=request.get("temperature"),
            )
            self._calls.append(call)
            self._changed.notify_all()
            return call

    def said(self, call: Call, request: Mapping[str, Any]) -> Said:
        """Write the answer of a call, and count its tokens: a third of its characters."""
        made = {"garbage": Said(text=NONSENSE), "empty": Said(text="")}.get(call.mode)
        said = answer(request, self.wish) if made is None else made
        written = said.text if said.text is not None else json.dumps(said.tool_calls, ensure_ascii=False)
        call.input_tokens = max(1, len(json.dumps(request["messages"], ensure_ascii=False)) // 3)
        call.output_tokens = max(1, len(written) // 3)
        return said

    def hangs(self, call: Call) -> bool:
        """Tell whether a call that hangs still has to."""
        return self._mode_of(call.number) == "hang"

    def wait_while(self, going_on: Callable[[], bool], look_s: float = 0.1) -> None:
        """Wait while something goes on, at the latest until the server closes."""
        with self._changed:
            while not self.closed and going_on():
                self._changed.wait(look_s)

    def _mode_of(self, number: int) -> Mode:
        failures = self._failures
        return failures.mode if failures is not None and failures.cover(number) else self._mode
