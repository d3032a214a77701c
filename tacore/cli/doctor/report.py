"""Findings as a person reads them on a terminal, or a program in a pipe."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from tacore.cli import render
from tacore.cli.doctor.finding import Finding, Level
from tacore.cli.exits import tell
from tacore.cli.globals import Globals
from tacore.cli.printable import printable
from tacore.cli.text_width import wrapped

Named = tuple[str, Finding]
_COLORS: dict[Level, str] = {
    "ok": "\x1b[32m",
    "fixed": "\x1b[1;32m",
    "warning": "\x1b[33m",
    "problem": "\x1b[1;31m",
}
_RESET = "\x1b[0m"
_LEVEL, _NAME = 9, 15
_WIDEST = 120


def show(found: Sequence[Named], options: Globals) -> None:
    """Write the findings, and on standard error what they come to."""
    if options.output in (None, "table") and not options.columns and (options.output or sys.stdout.isatty()):
        width = min(render.width(), _WIDEST)
        color = sys.stdout.isatty() and not options.no_color and not os.environ.get("NO_COLOR")
        render.write("".join(f"{line}\n" for line in lines(found, width, color=color)))
    else:
        render.show([_row(*each) for each in found], options)
    if not options.quiet:
        tell(summary(finding for _, finding in found))


def lines(found: Sequence[Named], width: int, *, color: bool) -> Iterable[str]:
    """Lay findings out: level, name, what was seen, and below it what to do."""
    room = max(width - _LEVEL - _NAME, 24)
    for name, finding in found:
        level = finding.level.ljust(_LEVEL)
        head = f"{_COLORS[finding.level]}{level}{_RESET}" if color else level
        seen = [part for line in finding.seen.splitlines() for part in wrapped(printable(line), room)]
        yield f"{head}{name.ljust(_NAME)}{seen[0]}"
        advice = wrapped(printable(finding.advice), room - 2) if finding.advice else []
        marks = ["→ ", *["  "] * len(advice)]
        told = [*seen[1:], *(mark + part for mark, part in zip(marks, advice, strict=False))]
        for line in told:
            yield f"{' ' * (_LEVEL + _NAME)}{line}"


def summary(found: Iterable[Finding]) -> str:
    """Say in one line what it comes to."""
    every = list(found)
    levels = [each.level for each in every]
    parts = [_count(levels.count("problem"), "problem"), _count(levels.count("warning"), "warning")]
    parts += [f"{levels.count('fixed')} fixed"] if "fixed" in levels else []
    fixable = sum(each.repair is not None for each in every)
    advice = f": `tacore doctor --fix` repairs {fixable} of them" if fixable else ""
    return ", ".join(parts) + advice


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _row(name: str, finding: Finding) -> dict[str, Any]:
    return {
        "level": finding.level,
        "name": name,
        "seen": finding.seen,
        "advice": finding.advice,
        "fixable": finding.repair is not None,
    }
