"""Tones in the theme's colours."""

from collections.abc import Iterable

from textual.content import Content

from tacore.tui.lines import Line, Part

STYLES = {
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "dim": "$foreground-muted",
    "head": "bold $text-primary",
    "strong": "bold",
    "live": "bold $foreground on $error-darken-1",
    "paper": "bold reverse",
    "past": "bold reverse",
}


def content(lines: Iterable[Line]) -> Content:
    """Turn lines with tones into what a widget shows."""
    return Content("\n").join([one(each) for each in lines])


def one(parts: Iterable[Part]) -> Content:
    """Turn one line."""
    return Content.assemble(*[(part.text, STYLES.get(part.tone, "")) for part in parts])
