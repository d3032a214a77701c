"""The lines of a runner, as its parent reads them (runner.py has the whole protocol)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tacore.model.jobs import Report, Speech


class Ready(msgspec.Struct, frozen=True, tag_field="kind", tag="ready"):
    """The engine is imported."""


class SentLine(msgspec.Struct, frozen=True, tag_field="kind", tag="sent"):
    """A call of a model begins; its tokens are estimates of the most that it may use."""

    n: int
    node: str
    model: str
    input: int
    output: int


class SparedLine(msgspec.Struct, frozen=True, tag_field="kind", tag="spared"):
    """A call has failed and used nothing."""

    n: int


class UsedLine(msgspec.Struct, frozen=True, tag_field="kind", tag="used"):
    """A call of a model was answered; tokens are estimated where its server did not say."""

    n: int
    node: str
    model: str
    calls: int
    input: int
    output: int
    estimated: bool


class SpentEntry(msgspec.Struct, frozen=True):
    """A call of a model within a stage."""

    node: str
    model: str
    calls: int
    input: int
    output: int
    estimated: bool


class StageLine(msgspec.Struct, frozen=True, tag_field="kind", tag="stage"):
    """A node has finished and is kept; "" where none has yet."""

    node: str
    next: str
    spent: Sequence[SpentEntry]


class NeedLine(msgspec.Struct, frozen=True, tag_field="kind", tag="need"):
    """A question for data, to be answered by its number."""

    n: int
    node: str
    tool: str
    arguments: Mapping[str, Any]


class WroteLine(msgspec.Struct, frozen=True, tag_field="kind", tag="wrote"):
    """An agent has written a report."""

    name: str
    title: str
    text: str


class ToldLine(msgspec.Struct, frozen=True, tag_field="kind", tag="told"):
    """The run has come to its end; ``answer`` is what the model itself said for a signal, None unasked."""

    signal: Mapping[str, Any]
    answer: str | None
    final_text: str
    reports: list[Report]
    debates: list[Speech]
    failed: list[str]
    cut: list[str]


class BrokeLine(msgspec.Struct, frozen=True, tag_field="kind", tag="broke"):
    """The run can't go on."""

    code: str
    message: str
    passing: bool
    retry_after_s: float | None


Line = Ready | SentLine | SparedLine | UsedLine | StageLine | NeedLine | WroteLine | ToldLine | BrokeLine
_DECODER = msgspec.json.Decoder(Line)
_COUNTS = ("n", "calls", "input", "output")
_BEYOND = 2**53


class OutOfBounds(ValueError):
    """A count is negative, or larger than sums stay exact with."""


def read_line(line: bytes) -> Line:
    """Read one line; raises OutOfBounds for a count that is none, ValueError for what no runner says."""
    try:
        found: Line = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ValueError(f"{error}: {line[:100]!r}") from error
    for each in (found, *(found.spent if isinstance(found, StageLine) else ())):
        for name in _COUNTS:
            if not 0 <= getattr(each, name, 0) < _BEYOND:
                raise OutOfBounds(f"{name} of a call is no number from 0 to {_BEYOND - 1}: {line[:200]!r}")
    return found
