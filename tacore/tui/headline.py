"""The lines above everything: which service, whether money is real, how it is."""

from collections import Counter
from collections.abc import Iterable

from tacore.tui.figures import clean, clock, moment, span
from tacore.tui.lines import Line, Part, line
from tacore.tui.snapshot import Snapshot
from tacore.watch.views import Health

TONES = {"healthy": "good", "degraded": "warn", "unhealthy": "bad", "down": "bad"}
MARKS = {"healthy": "●", "degraded": "◐", "unhealthy": "✖", "down": "○"}
LAG_S = 2.0
"""A journal that is further behind is told as late."""


def first(snapshot: Snapshot) -> Line:
    """Say it in one line of about 80 columns."""
    if snapshot.past:
        told = "no live state; [ ] move, L is now"
        return line(
            Part(f" AS OF {moment(snapshot.at_s)} ", "past"),
            Part(f" {_short(snapshot)} "),
            Part(told, "dim"),
        )
    health = snapshot.health
    if health is None:
        return line(Part(f" {clean(snapshot.endpoint)}: asking ...", "dim"))
    status = Part(f" {MARKS.get(health.status, '?')} {health.status} ", TONES.get(health.status, "warn"))
    end = Part(f" {clock(snapshot.at_s)}", "dim")
    return line(
        mode(health),
        status,
        Part(f" {_short(snapshot)} ", "strong"),
        *_facts(health),
        end,
    )


def second(snapshot: Snapshot) -> list[Line]:
    """Say what is wrong, a line each; nothing where all is well."""
    health = snapshot.health
    if snapshot.past or health is None:
        return [line(Part(f" journal: {clean(snapshot.rates_error)}", "bad"))] if snapshot.rates_error else []
    told = [Part(f" {clean(each)}", TONES.get(health.status, "warn")) for each in _reasons(health)]
    if health.trading not in (None, "active"):
        reason = f": {health.trading_reason}" if health.trading_reason else ""
        told.append(Part(f" trading is {health.trading}{clean(reason)}", "bad"))
    if health.journal_error:
        told.append(Part(f" journal: {clean(health.journal_error)}", "bad"))
    return [line(each) for each in told]


def mode(health: Health) -> Part:
    """Say whether money is real."""
    if health.paper is None:
        return Part(" money ? ", "dim")
    return Part(" PAPER ", "paper") if health.paper else Part(" LIVE ", "live")


def lag_s(health: Health) -> float | None:
    """Give how far the journal is behind: as the broker says, else by the age of its newest row."""
    told = health.detail.get("components", {}).get("journal", {}).get("lag_ms")
    return health.journal_lag_s if told is None else float(told) / 1000


def queued(health: Health) -> int:
    """Count the requests that wait for a worker."""
    pools = health.detail.get("components", {}).get("queues", {}).get("pools", {})
    return sum(int(each.get("queued", 0)) for each in pools.values())


def _short(snapshot: Snapshot) -> str:
    return clean(snapshot.endpoint).removeprefix("tcp://")


def _facts(health: Health) -> Iterable[Part]:
    if not health.up:
        since = "" if health.since_s is None else f"last heard {clock(health.since_s)} "
        yield Part(f" {since}looking again", "dim")
        return
    late = lag_s(health)
    waiting = queued(health)
    yield Part(f" up {span(float(health.detail.get('uptime_s', 0)))} ", "")
    yield Part(f" lag {span(late)} ", "warn" if late is not None and late > LAG_S else "")
    yield Part(f" queue {waiting} ", "warn" if waiting else "")


def _reasons(health: Health) -> list[str]:
    if not health.up:
        return [f"{health.reasons[0]}: start one with `tacore up`"] if health.reasons else []
    return health.reasons


def states(snapshot: Snapshot) -> dict[str, int]:
    """Count the workers by state."""
    return dict(sorted(Counter(each.state for each in snapshot.workers).items()))
