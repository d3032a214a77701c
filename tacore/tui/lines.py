"""Text with tones: what details and waterfalls are made of."""

from collections.abc import Iterable
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of text; its tone is good, warn, bad, dim, head or none."""

    text: str
    tone: str = ""


Line = tuple[Part, ...]


def line(*parts: Part) -> Line:
    """Make a line of parts; empty ones are left out."""
    return tuple(each for each in parts if each.text)


def plain(lines: Iterable[Line]) -> str:
    """Give the text without tones."""
    return "\n".join("".join(part.text for part in each).rstrip() for each in lines)
