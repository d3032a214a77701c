"""A command's own options, taken out of its words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tacore.cli.exits import Usage


class Words(NamedTuple):
    """Options by name, and the words that are left."""

    options: dict[str, str]
    rest: list[str]


def split(argv: Sequence[str], valued: frozenset[str], flags: frozenset[str] = frozenset()) -> Words:
    """Take ``--name value``, ``--name=value`` and flags out; the words that are left keep their order."""
    found: dict[str, str] = {}
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if word in flags:
            found[word] = ""
        elif name in valued:
            found[name] = value if equals else _next(words, name)
        else:
            rest.append(word)
    return Words(found, rest)


def quantity(options: dict[str, str], name: str, least: float) -> float | None:
    """Read an option that is a number."""
    if name not in options:
        return None
    try:
        value = float(options[name])
    except ValueError:
        value = least - 1
    if not least <= value < float("inf"):
        raise Usage(f"{name} is a number of at least {least:g}, not {options[name]!r}")
    return value


def whole(options: dict[str, str], name: str, least: int) -> int | None:
    """Read an option that is a count."""
    value = quantity(options, name, least)
    if value is not None and not value.is_integer():
        raise Usage(f"{name} is a whole number, not {options[name]!r}")
    return None if value is None else int(value)


def none_left(command: str, rest: Sequence[str]) -> None:
    """Refuse words that mean nothing to a command."""
    if rest:
        raise Usage(f"{command} does not know {rest[0]!r}: `tacore {command} --help`")


def _next(words: Iterator[str], name: str) -> str:
    try:
        return next(words)
    except StopIteration:
        raise Usage(f"{name} needs a value") from None
