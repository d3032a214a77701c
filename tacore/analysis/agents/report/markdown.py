"""A report as Markdown. What models wrote stands in quotes: it loads nothing, and breaks out of none."""

import re
from collections.abc import Iterator

from tacore.analysis.agents.report.document import Document, Facts, Note, Part, Section, Table, Written

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)")
_SPECIAL = re.compile(r"([\\`*\[\]|~#]|(?<!\w)_|_(?!\w)|^[-+](?=\s))")
_DEEPER, _DEEPEST = 3, 6


def text(document: Document) -> str:
    """Write a document."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"# {plain(document.title)}"
    yield ""
    yield " · ".join([f"**{plain(document.verdict)}**", *map(plain, document.beside)])
    for mark in document.marks:
        yield ""
        yield f"> **{plain(mark.word)}**"
        yield ">"
        yield from (f"> - {plain(reason)}" for reason in mark.reasons)
    for section in document.sections:
        yield from _section(section)
    yield ""
    yield "---"
    yield ""
    yield plain(document.foot)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {plain(section.title)}"
    for part in section.parts:
        yield ""
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, Facts):
        yield from _table(Table(("what", ""), part.rows))
    elif isinstance(part, Table):
        yield from _table(part)
    elif isinstance(part, Written):
        yield f"### {plain(part.title)}"
        yield ""
        yield quoted(part.text)
    elif isinstance(part, Note):
        yield plain(part.text)


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(plain, table.columns))} |"
    yield f"| {' | '.join('---:' if each in table.right else '---' for each in table.columns)} |"
    for row in table.rows:
        yield f"| {' | '.join(map(plain, row))} |"


def plain(value: str) -> str:
    """Write text in one line that means nothing in Markdown or HTML."""
    line = " ".join(value.split())
    return _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def quoted(written: str) -> str:
    """Keep a model's Markdown within a quote, without HTML, images, links, and headings above our own."""
    inside = False
    lines = []
    for line in written.splitlines():
        fence = bool(_FENCE.match(line))
        lines.append(f"> {_tame(line) if inside or fence else _deeper(_tame(line))}".rstrip())
        inside ^= fence
    return "\n".join(lines)


def _tame(line: str) -> str:
    """Break what could load or lead elsewhere, wherever it stands: code shows a backslash more then."""
    safe = line.replace("<", "&lt;").replace("![", "!\\[")
    return safe.replace("](", "]\\(").replace("]:", "]\\:")


def _deeper(line: str) -> str:
    return _HEADING.sub(lambda found: found[1] + "#" * min(len(found[2]) + _DEEPER, _DEEPEST), line)
