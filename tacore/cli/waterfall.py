"""A request's spans as lines of bars under each other."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tacore.cli.numbers import dump_indented, read_exact
from tacore.cli.printable import printable
from tacore.cli.table import BOLD, DIM, GAP, RESET
from tacore.cli.text_width import measure, wrapped
from tacore.store.rows import LogRow
from tacore.store.spans import Span

RED = "\x1b[31m"
WIDEST = 160
NARROWEST_BAR, NARROWEST_LABEL, NARROWEST_TEXT = 12, 16, 8
MARGIN = "  "
LETTERS = {"request": "━", "queue": "░", "attempt": "▒", "retry": "▲"}
"""What bars are made of, by the kind of span; others are solid."""


class Look(NamedTuple):
    """How wide a page may be, whether it has colours, and whether it ends with params and answer."""

    width: int
    color: bool
    payload: bool


def page(row: LogRow, spans: Sequence[Span], look: Look) -> list[str]:
    """Lay out one request: what it was, its waterfall, and its params and answer where asked for."""
    lines = [*_head(row, look), "", *bars(spans, look)]
    if look.payload:
        lines += ["", *_payload("params", row.request_data, row.request_truncated, look)]
        if row.error is None:
            lines += _payload("answer", row.response_data, row.response_truncated, look)
        else:
            lines += _payload("error", row.error, row.response_truncated, look)
    return lines


def bars(spans: Sequence[Span], look: Look) -> list[str]:
    """Draw a waterfall: when each span began and how long it took, in milliseconds, a bar, and what it is."""
    numbers = [(f"{each.start_ms:.3f}", f"{each.ms:.3f}") for each in spans]
    wide = max(len("at ms"), *(len(text) for pair in numbers for text in pair))
    labels = [_label(each, spans) for each in spans]
    room = max(look.width - 2 * (wide + len(GAP)) - len(GAP), NARROWEST_BAR + NARROWEST_LABEL)
    longest = max(measure(MARGIN * each.depth + label) for each, label in zip(spans, labels, strict=True))
    bar = min(max(room - longest, room // 2), room - NARROWEST_LABEL)
    lines = [_plain(f"{'at ms':>{wide}}{GAP}{'ms':>{wide}}", DIM, look)]
    for span, (at, took), label in zip(spans, numbers, labels, strict=True):
        drawn = _plain(_bar(span, spans[0].ms, bar), _color(span), look)
        margin = MARGIN * span.depth
        first, *more = _lines(label, room - bar - len(margin))
        lines.append(f"{at:>{wide}}{GAP}{took:>{wide}}{GAP}{drawn}{GAP}{margin}{first}".rstrip())
        under = " " * (2 * (wide + len(GAP)) + bar + len(GAP) + len(margin))
        lines += [f"{under}{MARGIN}{each}" for each in more]
    return lines


def _lines(label: str, width: int) -> list[str]:
    """Break a label; its further lines are set in."""
    return [label] if measure(label) <= width else wrapped(label, max(width - len(MARGIN), NARROWEST_TEXT))


def _bar(span: Span, total_ms: float, width: int) -> str:
    scale = width / total_ms if total_ms else 0.0
    start = min(int(span.start_ms * scale), width - 1)
    length = max(1, min(round((span.start_ms + span.ms) * scale), width) - start)
    return (" " * start + LETTERS.get(span.kind, "█") * length).ljust(width)


def _label(span: Span, spans: Sequence[Span]) -> str:
    failed = span.outcome not in (None, "success")
    if span.kind == "request":
        return printable(f"{span.span}: {span.outcome}")
    if span.kind == "attempt":
        alone = sum(each.kind == "attempt" for each in spans) == 1
        name = "" if alone else f"{span.span} "
        ended = f": lost: {span.note}" if span.outcome == "worker_lost" and span.note else ""
        return printable(f"{name}on {span.worker_id}{ended}")
    told = [each for each in (span.note, span.outcome if failed else None) if each]
    return printable(": ".join([span.span, *told]))


def _color(span: Span) -> str:
    if span.outcome not in (None, "success"):
        return RED
    return DIM if span.kind in ("queue", "request") else ""


def _plain(text: str, color: str, look: Look) -> str:
    return f"{color}{text}{RESET}" if look.color and color else text


def _head(row: LogRow, look: Look) -> list[str]:
    title = printable(f"{row.method or 'no method'}  {row.request_id}")
    facts = [
        f"received {row.created_at}",
        f"answered {row.answered_at}",
        f"by {row.worker_id}",
        f"client {printable(row.client_id)}",
        f"principal {printable(row.principal)}",
        *([f"{row.attempts} attempts of the client's"] if row.attempts > 1 else []),
        f"journal row {row.id}",
    ]
    return [_plain(title, BOLD, look), *_filled(facts, look.width), *_error(row, look)]


def _error(row: LogRow, look: Look) -> list[str]:
    if row.code is None:
        return []
    said = _message(row.error)
    return [
        _plain(line, RED, look) for line in wrapped(f"{row.code}{f': {said}' if said else ''}", look.width)
    ]


def _message(error: str | None) -> str:
    try:
        found = read_exact(error or "{}")
    except (ValueError, RecursionError):  # it was cut
        return ""
    return printable(str(found.get("message", ""))) if isinstance(found, dict) else ""


def _filled(facts: Sequence[str], width: int) -> Iterator[str]:
    """Put facts into lines, none of them broken."""
    line = ""
    for fact in facts:
        if line and measure(line) + len(GAP) + measure(fact) > width:
            yield line
            line = ""
        line += GAP + fact if line else fact
    yield line


def _payload(name: str, text: str | None, truncated: int, look: Look) -> list[str]:
    if text is None:
        return [_plain(f"{name}: not kept (journal.payloads)", DIM, look)]
    try:
        shown = dump_indented(read_exact(text))
    except (ValueError, RecursionError):
        shown = text
    cut = " (cut: journal.field_cap_bytes)" if truncated else ""
    return [_plain(f"{name}{cut}", BOLD, look), *[printable(line) for line in shown.splitlines()]]
