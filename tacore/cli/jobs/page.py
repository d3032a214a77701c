"""One job as a page for a terminal: what was asked, decided, used and written."""

import sys
from collections.abc import Mapping
from typing import Any

from tacore.cli import banner, render, sheet
from tacore.cli.exits import tell
from tacore.cli.globals import Globals
from tacore.cli.job_states import UNDER_WAY
from tacore.cli.jobs import spelled
from tacore.cli.jobs.spelled import DEGRADED, View
from tacore.cli.numbers import dump
from tacore.cli.printable import printable
from tacore.cli.table import RESET
from tacore.cli.text_width import cut

ALARM = "\x1b[1;37;41m"
BEGINS = 160
"""Letters of a report that are shown."""
_ASKED = (
    "engine",
    "market",
    "symbol",
    "date",
    "analysts",
    "debate_rounds",
    "risk_rounds",
    "quick_model",
    "deep_model",
    "principal",
    "limits",
)
_DATA = ("price", "currency", "source", "simulated", "as_of", "engine_version")
_TIMES = ("created_at", "started_at", "ended_at", "attempts")


def show(view: View, options: Globals, *, full: bool = False) -> None:
    """Write a job: a page on a terminal, in a pipe all of it; what makes it doubtful to standard error."""
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    if chosen != "table" or options.columns:
        render.write(render.render(view, options))
    else:
        _show_page(view, options, full=full)
    if not options.quiet:
        for notice in render.notices(view):
            if not notice.startswith(f"warning: {DEGRADED}"):  # they are told below, also with --quiet
                tell(notice)
    tell_degraded(view, options)


def tell_degraded(view: View, options: Globals) -> None:
    """Say that a decision is not to be trusted, and why; --quiet does not keep that back."""
    if spelled.is_degraded(view):
        mark = banner.colored(DEGRADED, options)
        tell(f"{mark}  the decision of job {view.get('job_id')} is not to be trusted:")
        for each in spelled.flaws(view) or ["no reason was given"]:
            tell(f"  {each}")


def _show_page(view: View, options: Globals, *, full: bool) -> None:
    color = render.colored(options)
    made, hidden = sheet.sheet(_row(view), render.width(), color=color)
    if color:
        made = [each.replace(DEGRADED, f"{ALARM}{DEGRADED}{RESET}") for each in made]
    made += _written(view) if full else []
    render.write("".join(f"{line}\n" for line in made))
    if options.quiet:
        return
    if hidden:
        tell(f"no room for {', '.join(hidden)}: a wider terminal shows them, and so does -o json")
    if not full and any(view.get(name) for name in ("reports", "debates", "decision")):
        tell(f"only beginnings of what was written: `tacore jobs show {view['job_id']} --full` shows all")


def _row(view: View) -> dict[str, Any]:
    head: dict[str, Any] = {"job": view.get("job_id"), "state": view.get("state")}
    if view.get("state") in UNDER_WAY:
        head["progress"] = f"{spelled.percent(view)} {view.get('stage') or ''}".rstrip()
    used = {
        "elapsed": spelled.lasted(float(view.get("elapsed_s") or 0)),
        "cost": spelled.cost(view) or "not known: no price of these models is in agents.prices",
    }
    parts: dict[str, Any] = {
        "decision": spelled.decision(view),
        "error": view.get("error"),
        "asked": {name: view.get(name) for name in _ASKED},
        "decided": _shortened(view.get("decision") or {}),
        "quality": view.get("quality"),
        "used": _there({**used, "tokens": view.get("tokens")}),
        "data": {name: view.get(name) for name in _DATA},
        "times": {name: view.get(name) for name in _TIMES},
        "usage": view.get("usage"),
        "tool_calls": [_tool_call(each) for each in view.get("tool_calls") or ()],
        "reports": [_begin(each, ("name", "title")) for each in view.get("reports") or ()],
        "debates": [_begin(each, ("debate", "speaker")) for each in view.get("debates") or ()],
    }
    return {**head, **{name: each for name, each in parts.items() if each}}


def _shortened(decision: View) -> dict[str, Any]:
    return {name: _begun(each) if isinstance(each, str) else each for name, each in decision.items()}


def _begun(text: str) -> str:
    return cut(" ".join(text.split()), BEGINS)


def _there(fields: View) -> dict[str, Any]:
    return {name: each for name, each in fields.items() if each is not None}


def _tool_call(each: View) -> dict[str, Any]:
    """Write a look at data: what it was, whose data of when it was given, and what is wrong with that."""
    marks = [name for name in ("simulated", "stale") if each.get(name)]
    arguments = each.get("arguments")
    asked = dump(arguments) if isinstance(arguments, Mapping) and arguments else ""
    return {
        "node": each.get("node"),
        "tool": each.get("tool"),
        "asked": asked,
        "source": each.get("source"),
        "as_of": each.get("as_of"),
        "size": each.get("size"),
        "note": "; ".join([*marks, *([str(each["error"])] if each.get("error") else [])]),
    }


def _begin(each: View, names: tuple[str, str]) -> dict[str, Any]:
    text = str(each.get("text") or "")
    return {**{name: each.get(name) for name in names}, "letters": len(text), "text": _begun(text)}


def _written(view: View) -> list[str]:
    """Give reports and debates in full, as they were written."""
    reports = [(each.get("title") or each.get("name"), each) for each in view.get("reports") or ()]
    debates = [(f"{each.get('debate')}: {each.get('speaker')}", each) for each in view.get("debates") or ()]
    decision = view.get("decision") or {}
    final = [("Decision", {"text": decision["text"]})] if decision.get("text") else []
    made: list[str] = []
    for title, each in (*reports, *debates, *final):
        text = str(each.get("text") or "").splitlines()
        made += ["", f"== {printable(str(title))}", "", *map(printable, text)]
    return made
