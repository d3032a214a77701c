"""The table of agent jobs, and figures as both table and details write them."""

from collections.abc import Mapping
from typing import Any

from tacore.tui.figures import NONE, clean, count, span
from tacore.tui.table import Cell, Column, Row, Table
from tacore.watch.jobs import decided, degraded

STATES = {"queued": "dim", "running": "warn", "done": "good", "failed": "bad", "cancelled": "dim"}
ACTIONS = {"buy": "good", "sell": "warn"}
BAR = 5
CENTS = 100
"""From this amount on nobody asks for the digits after the point."""


def tone(job: Mapping[str, Any]) -> str:
    """Give the tone of what was decided: bad where it is not to be trusted, or nothing came of it."""
    if job.get("error") or degraded(job):
        return "bad"
    return ACTIONS.get(str(job.get("recommendation")), "")


def bar(progress: float) -> str:
    """Draw how far a job is, from 0 to 1."""
    full = int(progress * BAR)
    return f"{'█' * full}{'░' * (BAR - full)} {progress * 100:3.0f}%"


def money(cost: Mapping[str, Any]) -> str:
    """Write a cost: what has no price makes it a lower bound (+), or unknown (-)."""
    amount = cost.get("amount")
    if amount is None:
        return NONE
    digits = 0 if amount >= CENTS else 2 if amount >= 1 else 4
    return f"{amount:.{digits}f}{'' if cost.get('complete') else '+'}"


def _job(each: Mapping[str, Any]) -> Row:
    state, progress, tokens = str(each["state"]), float(each["progress"]), each["tokens"]
    decision, confidence = decided(each), each.get("confidence")
    cells = (
        Cell(clean(state), state, STATES.get(state, "")),
        Cell(clean(each["symbol"]), each["symbol"]),
        Cell(clean(decision) or NONE, decision or None, tone(each)),
        Cell(bar(progress), progress, "dim" if state == "queued" else ""),
        Cell(clean(each["stage"]) or NONE, each["stage"]),
        Cell(count(tokens["total"]), tokens["total"]),
        Cell(money(each["cost"]), each["cost"]["amount"]),
        Cell(span(each["elapsed_s"]), each["elapsed_s"]),
        Cell(clean(each["date"]), each["date"]),
        Cell(NONE if confidence is None else f"{confidence * 100:.0f}%", confidence),
        Cell("simulated" if each.get("simulated") else clean(each.get("source") or NONE), each.get("source")),
        Cell(clean(each["engine"]), each["engine"]),
        Cell(clean(each["job_id"]), each["job_id"]),
        Cell(str(each["created_at"])[:19].replace("T", " "), each["created_at"]),
        Cell(clean(each["principal"]), each["principal"]),
    )
    return Row(str(each["job_id"]), cells, each)


JOBS = Table(
    "jobs",
    "jobs",
    (
        Column("state", "STATE", 9),
        Column("symbol", "SYMBOL", 7, most=9),
        Column("decision", "DECISION", 13, most=18),
        Column("progress", "PROGRESS", 10),
        Column("stage", "STAGE", 12, most=22),
        Column("tokens", "TOKENS", 6, right=True),
        Column("cost", "COST", 7, right=True),
        Column("elapsed", "ELAPSED", 7, right=True),
        Column("date", "DATE", 10, level=1),
        Column("confidence", "CONF", 4, right=True, level=1),
        Column("data", "DATA", 10, level=2),
        Column("engine", "ENGINE", 16, level=2),
        Column("job", "JOB", 14, most=22, level=2),
        Column("asked", "ASKED", 19, level=3),
        Column("who", "WHO", 8, level=3),
    ),
    _job,
    stream=True,
)
