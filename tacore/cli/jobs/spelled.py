"""How a job's figures are written for a person: decision, tokens, cost, time."""

from collections.abc import Mapping
from typing import Any

from tacore.cli.job_states import ENDED
from tacore.cli.numbers import dump, shortened
from tacore.cli.printable import printable

View = Mapping[str, Any]
"""A job as get.job answers."""
DEGRADED = "DEGRADED"
_MINUTE, _HOUR = 60, 3600


def has_ended(view: View) -> bool:
    """Tell whether nothing more will happen by itself."""
    return view.get("state") in ENDED


def is_degraded(view: View) -> bool:
    """Tell whether a decision was found not to be trusted."""
    quality = view.get("quality")
    return isinstance(quality, Mapping) and quality.get("verdict") != "ok"


def flaws(view: View) -> list[str]:
    """Give the reasons not to trust a decision."""
    quality = view.get("quality") or {}
    return [printable(f"{each.get('code')}: {each.get('message')}") for each in quality.get("flaws") or ()]


def action_of(view: View) -> str:
    """Give buy, hold or sell, or nothing where nothing was decided."""
    decision = view.get("decision") or {}
    return str(decision.get("action") or view.get("signal") or "")


def decision(view: View) -> str:
    """Write what was decided, marked where it is not to be trusted."""
    return " ".join(each for each in (action_of(view), DEGRADED if is_degraded(view) else "") if each)


def subject(view: View) -> str:
    """Write what was asked about."""
    return f"{view.get('symbol')} ({view.get('market')}) as of {view.get('date')}"


def tokens(view: View) -> int:
    """Give the tokens of all models."""
    return int((view.get("tokens") or {}).get("total") or 0)


def cost(view: View) -> str:
    """Write the cost; it is a least one where some model has no price, and unknown where none has."""
    told = view.get("cost") or {}
    if told.get("amount") is None:
        return ""
    least = "" if told.get("complete", True) else "≥"
    return f"{least}{shortened(dump(told['amount']))} {told.get('currency', '')}".rstrip()


def percent(view: View) -> str:
    """Write the progress."""
    return f"{float(view.get('progress') or 0) * 100:.0f}%"


def lasted(seconds: float) -> str:
    """Write a stretch of time: 12s, 3m12s, 1h04m."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"


def line(view: View, elapsed_s: float) -> str:
    """Say in a line how far a job is."""
    if view.get("state") == "queued":
        return f"{view.get('symbol')}  queued"
    used = [lasted(elapsed_s), f"{tokens(view):,} tokens", cost(view)]
    return "  ".join(each for each in (str(view.get("symbol")), str(view.get("stage") or ""), *used) if each)


def row(view: View) -> dict[str, Any]:
    """Make a row of a list for reading."""
    return {
        "job": view.get("job_id"),
        "state": view.get("state"),
        "symbol": view.get("symbol"),
        "date": view.get("date"),
        "decision": decision(view) or None,
        "progress": percent(view),
        "stage": view.get("stage") or None,
        "tokens": tokens(view),
        "cost": cost(view) or None,
        "elapsed": lasted(float(view.get("elapsed_s") or 0)),
    }
