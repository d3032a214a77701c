"""A request's spans as bars under each other, for a given width."""

from collections.abc import Iterable

from tacore.store.rows import LogRow
from tacore.store.spans import Span, spans_of
from tacore.tui.figures import clean, ms
from tacore.tui.lines import Line, Part, line

BARS = {"request": "━", "queue": "░", "attempt": "▒", "retry": "▲"}
"""What bars are made of, by the kind of span; others are solid."""
NUMBER, LEAST_BAR = 8, 16
LABEL_SHARE = 0.45
LEAST_LABEL = 18


def lines(row: LogRow, width: int) -> Iterable[Line]:
    """Draw when each part of a request began and how long it took, in milliseconds since it came."""
    spans = spans_of(row)
    room = width - 2 * (NUMBER + 1) - 1
    longest = max(len(_label(each, spans)) for each in spans)
    label = min(longest, max(LEAST_LABEL, int(room * LABEL_SHARE)))
    bar = max(LEAST_BAR, room - label - 1)
    yield line(Part(f"{'what':<{label}} {'at ms':>{NUMBER}} {'ms':>{NUMBER}}", "dim"))
    for each in spans:
        tone = "bad" if each.outcome not in (None, "success") else ""
        name = _label(each, spans)
        name = name if len(name) <= label else f"{name[: label - 1]}…"
        yield line(
            Part(f"{name:<{label}} ", tone),
            Part(f"{ms(each.start_ms):>{NUMBER}} ", "dim"),
            Part(f"{ms(each.ms):>{NUMBER}} "),
            Part(_bar(each, spans[0].ms, bar), tone or _TONES.get(each.kind, "good")),
        )


_TONES = {"request": "dim", "queue": "warn", "attempt": "dim", "retry": "warn"}


def _bar(span: Span, total_ms: float, width: int) -> str:
    scale = width / total_ms if total_ms else 0.0
    start = min(int(span.start_ms * scale), width - 1)
    length = max(1, min(round((span.start_ms + span.ms) * scale), width) - start)
    return " " * start + BARS.get(span.kind, "█") * length


def _label(span: Span, spans: list[Span]) -> str:
    told = span.span
    if span.kind == "attempt":
        alone = sum(each.kind == "attempt" for each in spans) == 1
        told = f"on {span.worker_id}" if alone else f"{span.span} on {span.worker_id}"
    noted = [each for each in (span.note, _failure(span)) if each]
    return "  " * span.depth + clean(": ".join([told, *noted]))


def _failure(span: Span) -> str | None:
    """Give the error of a part; that of the whole is told elsewhere."""
    if span.kind == "attempt":
        return "lost" if span.outcome == "worker_lost" else None
    return None if span.kind == "request" or span.outcome in (None, "success") else span.outcome
