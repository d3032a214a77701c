"""What an examination finds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "fixed", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    ``seen`` is what was found, ``advice`` what to do about it ("" where nothing is to be done). A warning is
    to be known of, a problem to be dealt with. ``repair`` does so without asking, where that is safe, and
    gives what it did; OSError where it could not.
    """

    level: Level
    seen: str
    advice: str = ""
    repair: Callable[[], str] | None = None


def ok(seen: str) -> Finding:
    """Tell of what is well."""
    return Finding("ok", seen)


def warning(seen: str, advice: str) -> Finding:
    """Tell of what an operator should know."""
    return Finding("warning", seen, advice)


def problem(seen: str, advice: str, repair: Callable[[], str] | None = None) -> Finding:
    """Tell of what an operator should do something about."""
    return Finding("problem", seen, advice, repair)
