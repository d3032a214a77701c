"""The parts of a report. No text in them is trusted: whoever writes them out escapes every one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "calm", "warning"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their columns; those in ``right`` are numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Written:
    """Markdown by a model, below a line that says whose it is."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of tacore's own."""

    text: str


Part = Facts | Table | Written | Note


@dataclass(frozen=True, slots=True)
class Section:
    """Parts under a title; ``aside`` is for who wants to know more."""

    title: str
    parts: Sequence[Part]
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What must not be overlooked: a word, and the reasons for it."""

    word: str
    reasons: Sequence[str]
    tone: Tone


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report; ``verdict`` is its decision, or the state of the job in one line."""

    title: str
    verdict: str
    tone: Tone
    beside: Sequence[str]
    marks: Sequence[Mark]
    sections: Sequence[Section]
    foot: str
