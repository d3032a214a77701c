"""How much room text takes on a terminal, and how it is cut, filled and wrapped to a width."""

import unicodedata


def measure(text: str) -> int:
    """Count the cells of a terminal that a text takes; East Asian wide letters take two."""
    if text.isascii():
        return len(text)
    return sum(_letter(letter) for letter in text)


def pad(text: str, width: int, *, right: bool) -> str:
    """Fill a text up to a width."""
    fill = " " * (width - measure(text))
    return fill + text if right else text + fill


def cut(text: str, width: int) -> str:
    """Shorten a text to a width, with an ellipsis."""
    return text if measure(text) <= width else _begin(text, width - 1) + "…"


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines at its spaces, and within a word that is longer than a line."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and measure(lines[-1]) + 1 + measure(word) > width:
            lines.append("")
        rest = f"{lines[-1]} {word}" if lines[-1] else word
        while measure(rest) > width:
            begin = _begin(rest, max(width, 2))
            lines[-1:] = [begin, ""]
            rest = rest[len(begin) :]
        lines[-1] = rest
    return [each for each in lines if each] or [""]


def _begin(text: str, width: int) -> str:
    used, kept = 0, []
    for letter in text:
        used += _letter(letter)
        if used > width:
            break
        kept.append(letter)
    return "".join(kept)


def _letter(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
