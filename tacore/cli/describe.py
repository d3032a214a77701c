"""`tacore describe METHOD`: its params, from the running service."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import catalogue, render, table, text_width, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import Globals
from tacore.cli.numbers import dump
from tacore.cli.words import none_left, split

MARGIN = "      "
NARROWEST = 20


def run(argv: Sequence[str], options: Globals) -> int:
    """Show one method: for reading, or as rows of params, or as the whole description."""
    if options.help:
        return texts.usage(texts.DESCRIBE)
    words = split(argv, PATIENCE)
    if not words.rest:
        raise Usage("describe needs a METHOD: `tacore methods` lists them")
    none_left("describe", words.rest[1:])
    with open_client(options, words.options) as client:
        described = catalogue.fetch(client, words.rest[0])
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    if chosen in ("json", "yaml"):
        render.show(described, options)
    elif chosen == "table" and not options.columns:
        render.write(_page(described))
    else:
        render.show(catalogue.param_rows(described), options)
    return OK


def _page(described: Mapping[str, Any]) -> str:
    name = str(described["name"])
    lines = [f"{name}: {described.get('summary', '')}", ""]
    facts = {
        "also": ", ".join(described.get("aliases") or ()),
        "pool": str(described.get("pool", "")),
        "time limit": f"{described.get('max_s', '?')} s",
        "sent again after a loss": "yes" if described.get("idempotent") else "no",
    }
    lines += [f"{label}: {text}" for label, text in facts.items() if text]
    params = catalogue.param_rows(described)
    lines += ["", *(_params(params) if params else ["It takes any params."])]
    lines += [
        "",
        *[f"tacore call {name} {_typed(each)}".rstrip() for each in described.get("examples") or ()],
    ]
    return "\n".join(lines).rstrip() + "\n"


def _params(params: Sequence[Mapping[str, Any]]) -> list[str]:
    shown = [{**each, "param": f"--{each['param']}"} for each in params]
    columns = [name for name in shown[0] if any(each[name] for each in shown)]
    width = render.width()
    lines, hidden = table.table(shown, columns, width, color=False, wrap=True)
    return lines if not hidden else _listed(shown, width)


def _listed(params: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """Describe params one below the other, where a table has no room."""
    lines = []
    for each in params:
        facts = [
            each["type"],
            *[f"{name} {each[name]}" for name in ("default", "allowed", "aliases") if each[name]],
        ]
        lines += text_width.wrapped(f"{each['param']}  {', '.join(facts)}", width)
        room = max(NARROWEST, width - len(MARGIN))
        lines += [f"{MARGIN}{line}" for line in text_width.wrapped(each["about"], room) if line]
    return lines


def _typed(example: Mapping[str, Any]) -> str:
    words = []
    for key, value in example.items():
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            words.append(f"--{key} {','.join(value)}")
        elif isinstance(value, str):
            words.append(f"--{key} {value}" if value and " " not in value else f"--{key} '{value}'")
        elif isinstance(value, Mapping | list):
            words.append(f"{key}:='{dump(value)}'")
        else:
            words.append(f"--{key} {dump(value)}")
    return " ".join(words)
