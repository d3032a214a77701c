"""Markdown that agents wrote, as lines with tones: what it marks is shown, what it could do is not.

Headings, lists, rules, code, bold and emphasis of CommonMark, a line at a time; the rest stays as it was
written. No link is followed: it is shown with its address.
"""

import re
from collections.abc import Iterable

from tacore.tui.figures import clean
from tacore.tui.lines import Line, Part, line

FENCE = ("```", "~~~")
RULE = "─" * 24
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"(\s*)[-*+]\s+(.*)")
_RULE = re.compile(r"\s{0,3}([-*_])(\s*\1){2,}\s*$")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^)\s]{1,2000})(?:\s[^)]{0,300})?\)")
_MARKED = re.compile(r"\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|`([^`]+)`|(?<![\w*])\*(?=[^\s*])([^*]+?)\*(?!\w)")


def lines(text: str, indent: str = "  ") -> Iterable[Line]:
    """Give a text's lines; an empty one has no part."""
    fenced = False
    for each in text.splitlines():
        if each.strip().startswith(FENCE):
            fenced = not fenced
        elif fenced:
            yield line(Part(clean(f"{indent}{each.expandtabs(4)}"), "dim"))
        else:
            yield _line(each.expandtabs(4), indent)


def _line(text: str, indent: str) -> Line:
    if not text.strip():
        return ()
    if _RULE.match(text):
        return line(Part(f"{indent}{RULE}", "dim"))
    heading, item = _HEADING.match(text), _ITEM.match(text)
    if heading:
        return line(Part(clean(f"{indent}{_bare(heading[2])}"), "head"))
    if item:
        return (Part(f"{indent}{item[1]}• "), *_inline(item[2]))
    return (Part(indent), *_inline(text))


def _inline(text: str) -> Iterable[Part]:
    text, at = _LINK.sub(r"\1 (\2)", text), 0
    for found in _MARKED.finditer(text):
        yield Part(clean(text[at : found.start()]))
        bold = found[1] or found[2]
        yield Part(clean(bold or found[3] or found[4]), "strong" if bold else "")
        at = found.end()
    yield Part(clean(text[at:]))


def _bare(text: str) -> str:
    return "".join(part.text for part in _inline(text))
