"""`tacore __complete WORD...`: what could stand in place of the last word; for the scripts of the shells.

Only what the running service knows is told here; commands and their own options are in the scripts. A shell
is in the middle of a line: there is never an error, and never a word that it might act upon.
"""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tacore.cli import job_states, offers, render, statuses
from tacore.cli.agent_calls import FROM_JOB
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import split
from tacore.cli.kept_methods import Service, named
from tacore.cli.params import Typed, read_words

TAKES_METHOD = frozenset({"batch", "bench", "call", "describe"})
VALUED = frozenset(
    {"--backoff", "--clients", "--concurrency", "--duration", "--params", "--retries", "--timeout"}
)
"""Options of these commands whose value is no param."""
CALLED = {
    "account": "get.account",
    "orders": "list.orders",
    "cancel": "cancel.all",
    "positions": "get.positions",
}
"""Commands whose options are params of a method."""
LIVE = (
    TAKES_METHOD
    | CALLED.keys()
    | {"logs", "order", "stats", "worker drain", "worker restart"}
    | {f"jobs {each}" for each in ("ls", "show", "logs", "cancel", "retry")}
)
"""Commands of which the scripts ask here."""
MOST_ORDERS = MOST_JOBS = 50
_SAFE = re.compile(r"[\w.,:/@+=%-]+\Z")
_OPTION = re.compile(r"--[\w.-]+\Z")


class Line(NamedTuple):
    """A command line up to the word that is being typed; ``words`` follow the command."""

    command: str
    words: list[str]
    current: str


def run(argv: Sequence[str]) -> int:
    """Write the words, one a line."""
    try:
        found = complete(argv, os.environ, time.time())
    except Exception:  # whatever is wrong, the line being typed stays as it is
        found = []
    render.write("".join(f"{each}\n" for each in found))
    return OK


def complete(argv: Sequence[str], environ: Mapping[str, str], now_s: float) -> list[str]:
    """Give what could stand in place of the last word, without what a shell might act upon."""
    *before, current = argv
    typed, options = split(before)
    line = _line(typed, current)
    if line is None:
        return []
    service = Service(options, environ, now_s)
    found = dict.fromkeys(_found(line, service))
    return [each for each in found if each.startswith(current) and _SAFE.match(each)]


def _line(typed: Sequence[str], current: str) -> Line | None:
    for count in (1, 2):
        command = " ".join(typed[:count])
        if command in LIVE:
            return Line(command, list(typed[count:]), current)
    return None


def _found(line: Line, service: Service) -> list[str]:
    if line.command in TAKES_METHOD:
        return _method_and_params(line, service)
    option, start = _option_of(line)
    if option is not None:
        return [start + each for each in _value(line, option, line.current[len(start) :], service)]
    source = _WORDS.get(line.command)
    return source(service) if source is not None and not line.current.startswith("-") else []


def _option_of(line: Line) -> tuple[str | None, str]:
    """Give the option whose value is being typed, and what of the word comes before the value."""
    if line.current.startswith("--"):
        name, equals, _ = line.current.partition("=")
        return (name, name + equals) if equals else (None, "")
    previous = line.words[-1] if line.words else ""
    return (previous if _OPTION.match(previous) else None), ""


def _method_and_params(line: Line, service: Service) -> list[str]:
    option, start = _option_of(line)
    if option == FROM_JOB and line.command == "call":
        return [start + each for each in _jobs(service, state=["done"])]
    if option in VALUED:
        return []
    methods = service.methods()
    described = next((found for word in line.words if (found := named(methods, word))), None)
    if described is None:
        return _methods(methods, line)
    return [] if line.command == "describe" else _params(described, line)


def _params(described: Mapping[str, Any], line: Line) -> list[str]:
    """Offer params where an option can stand, and values after one."""
    option, start = _option_of(line)
    if option is not None:
        return [start + each for each in offers.values(described, option[2:], line.current[len(start) :])]
    key, equals, text = line.current.partition("=")
    if equals and not key.endswith(":"):
        return [f"{key}={each}" for each in offers.values(described, key, text)]
    if line.current.startswith("-") or (not line.current and line.command != "batch"):
        return offers.params(described, line.current or "--", _given(line.words))
    return []


def _given(words: Sequence[str]) -> list[Typed]:
    """Read the params that are there; a file name or a method among them is none."""
    for at in range(len(words)):
        try:
            return read_words(words[at:])
        except Usage:
            continue
    return []


def _methods(methods: Sequence[Mapping[str, Any]], line: Line) -> list[str]:
    """Offer names, and aliases only where no name fits."""
    if line.command == "bench":
        methods = [each for each in methods if _can_be_measured(each)]
    names = sorted(str(each["name"]) for each in methods)
    fitting = [each for each in names if each.startswith(line.current)]
    return fitting or sorted(alias for each in methods for alias in each["aliases"] or ())


def _can_be_measured(method: Mapping[str, Any]) -> bool:
    reads = method["idempotent"] and not method["writes"]
    return bool(reads) and not method["name"].startswith("admin.")


def _value(line: Line, option: str, text: str, service: Service) -> list[str]:
    """Give the values of a command's own option."""
    source = _VALUES.get((line.command, option))
    if source is not None:
        head, comma, _ = text.rpartition(",")
        return [head + comma + each for each in source(service)]
    described = named(service.methods(), CALLED[line.command]) if line.command in CALLED else None
    return offers.values(described, option[2:], text) if described is not None else []


def _accounts(service: Service) -> list[str]:
    described = named(service.methods(), CALLED["account"])
    return offers.values(described, "account", "") if described is not None else []


def _workers(service: Service) -> list[str]:
    found = service.ask("admin.workers") or {}
    return [str(each["worker_id"]) for each in found.get("workers", ())]


def _orders(service: Service, **asked: Any) -> list[str]:  # noqa: ANN401  params
    found = service.ask("list.orders", {"limit": MOST_ORDERS, **asked}) or {}
    return [str(each["order_id"]) for each in found.get("orders", ())]


def _jobs(service: Service, **asked: Any) -> list[str]:  # noqa: ANN401  params
    found = service.ask("list.jobs", {"limit": MOST_JOBS, **asked}) or {}
    return [str(each["job_id"]) for each in found.get("jobs", ())]


def _names(service: Service) -> list[str]:
    return sorted(str(each["name"]) for each in service.methods())


Source = Callable[[Service], list[str]]
_WORDS: Mapping[str, Source] = {
    "account": _accounts,
    "cancel": lambda service: _orders(service, status=["open"]),
    "jobs cancel": lambda service: _jobs(service, state=[*job_states.UNDER_WAY]),
    "jobs logs": _jobs,
    "jobs retry": lambda service: _jobs(service, state=["failed", "cancelled"]),
    "jobs show": _jobs,
    "order": _orders,
    "worker drain": lambda service: ["all", *_workers(service)],
    "worker restart": lambda service: ["all", *_workers(service)],
}
_VALUES: Mapping[tuple[str, str], Source] = {
    ("jobs ls", "--engine"): lambda _: [*job_states.ENGINES],
    ("jobs ls", "--state"): lambda _: [*job_states.STATES],
    ("logs", "--method"): _names,
    ("logs", "--status"): lambda _: ["success", "error"],
    ("logs", "--worker"): _workers,
    ("orders", "--status"): lambda _: [*statuses.GROUPS, *statuses.OPEN, *statuses.FINAL],
    ("stats", "--method"): _names,
    ("stats", "--window"): lambda _: ["10s", "5m", "1h"],
}
