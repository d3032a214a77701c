"""A report as one page of HTML, which runs nothing, loads nothing and leads nowhere."""

import base64
import hashlib
from collections.abc import Iterator
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tacore.analysis.agents.report.document import Document, Facts, Mark, Note, Part, Section, Table, Written
from tacore.analysis.agents.report.style import CSS

_DEEPER, _DEEPEST = 3, 6
_MOST = 400_000  # characters of one text, beyond which its Markdown is left as it is
_RULES_OFF = ("image", "link", "autolink", "reference", "html_block", "html_inline")


def page(document: Document) -> str:
    """Write a document."""
    body = "".join([*_head(document), *map(_section, document.sections)])
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(document.verdict)}: {escape(document.title)}</title>\n"
        f"<style>{CSS}</style>\n</head>\n<body>\n<main>\n{body}"
        f"<footer>{escape(document.foot)}</footer>\n</main>\n</body>\n</html>\n"
    )


def _head(document: Document) -> Iterator[str]:
    yield f'<header class="{document.tone}">\n<h1>{escape(document.title)}</h1>\n'
    yield f'<p class="verdict">{escape(document.verdict)}</p>\n'
    yield f'<p class="beside">{escape(" · ".join(document.beside))}</p>\n</header>\n'
    yield from map(_mark, document.marks)


def _mark(mark: Mark) -> str:
    reasons = "".join(f"<li>{escape(each)}</li>" for each in mark.reasons)
    return f'<div class="mark {mark.tone}"><strong>{escape(mark.word)}</strong><ul>{reasons}</ul></div>\n'


def _section(section: Section) -> str:
    parts = "".join(map(_part, section.parts))
    title = escape(section.title)
    if section.aside:
        return f"<details><summary>{title}</summary>\n{parts}</details>\n"
    return f"<section>\n<h2>{title}</h2>\n{parts}</section>\n"


def _part(part: Part) -> str:
    if isinstance(part, Facts):
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>\n" for name, value in part.rows)
        return f"<dl>\n{rows}</dl>\n"
    if isinstance(part, Table):
        return _table(part)
    if isinstance(part, Note):
        return f"<p>{escape(part.text)}</p>\n"
    return _written(part)


def _table(table: Table) -> str:
    right = [' class="right"' if each in table.right else "" for each in table.columns]
    head = "".join(f"<th{how}>{escape(each)}</th>" for how, each in zip(right, table.columns, strict=True))
    rows = "".join(
        f"<tr>{''.join(f'<td{how}>{escape(each)}</td>' for how, each in zip(right, row, strict=True))}</tr>\n"
        for row in table.rows
    )
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n'


def _written(part: Written) -> str:
    shown = f"<pre>{escape(part.text)}</pre>" if len(part.text) > _MOST else render(part.text)
    return f'<h3>{escape(part.title)}</h3>\n<div class="written">{shown}</div>\n'


def render(written: str) -> str:
    """Turn a model's Markdown into text, lists, tables and code: no HTML of its own, no link, no image."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable(_RULES_OFF)
    tokens = parser.parse(written)
    for token in tokens:
        _tame(token)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _tame(token: Token) -> None:
    """Put headings below our own; the policy forbids the style by which a column is set to the right."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(int(token.tag[1:]) + _DEEPER, _DEEPEST)}"
    style = token.attrs.pop("style", "")
    if style == "text-align:right":
        token.attrs["class"] = "right"
