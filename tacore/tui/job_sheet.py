"""All there is to know of an agent job: what was asked and decided, on which data, at what cost."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tacore.tui import markdown
from tacore.tui.facts import facts
from tacore.tui.figures import NONE, clean, count, ms, span
from tacore.tui.job_rows import STATES, bar, money, tone
from tacore.tui.lines import Line, Part, line
from tacore.tui.sheet import Sheet
from tacore.watch import commands
from tacore.watch.jobs import AGAIN, DEGRADED, ENDED, decided, degraded, other_warnings

Job = Mapping[str, Any]
FEW_EVENTS = 12
"""So many of the newest events stand above the reports while a job is under way."""
_EVENTS = {"warning": "warn", "retry": "warn", "ended": "strong", "tool": "dim", "usage": "dim"}


def of_job(job: Job, _width: int) -> Sheet:
    """Lay a job out; what only `get.job` tells is left out until it is there."""
    ended = job["state"] in ENDED
    events = list(_events(job.get("events", ()), ended=ended))
    parts = [_head(job), _quality(job), _decision(job)]
    if not ended:
        parts.append(events)
    parts += [_asked(job), _usage(job), _tools(job), _reports(job), _debates(job)]
    if ended:
        parts.append(events)
    parts.append(_hints(job))
    lines = [each for part in parts if (found := list(part)) for each in (*found, line())]
    return Sheet(
        f"job {clean(job['job_id'])}  {clean(job['symbol'])} {clean(job['date'])}",
        lines[:-1],
        commands.of_job(str(job["job_id"])),
    )


def _head(job: Job) -> Iterable[Line]:
    state, fault = str(job["state"]), job.get("error")
    told = [("state", state, STATES.get(state, ""))]
    if fault:
        told.append(("why", f"{fault['code']}: {fault['message']}", "bad"))
    if state not in ENDED:
        told.append(("progress", f"{bar(job['progress'])}  {job['stage']}", ""))
    elif decided(job) and not fault:
        told.append(("decision", f"{decided(job)}{_sure(job)}", tone(job)))
    told += [
        ("tokens", _tokens(job), ""),
        ("cost", _cost(job["cost"]), ""),
        ("elapsed", f"{span(job['elapsed_s'])}{_tries(job)}", ""),
    ]
    yield from facts(told)
    for each in other_warnings(job):
        yield line(Part(f"! {clean(each)}", "warn"))


def _quality(job: Job) -> Iterable[Line]:
    if not degraded(job):
        return
    yield line(Part(f"{DEGRADED}: do not trust this decision", "bad"))
    for flaw in job["quality"].get("flaws", ()):
        yield line(Part(f"  {clean(flaw['code'])}  ", "bad"), Part(clean(flaw["message"])))


def _decision(job: Job) -> Iterable[Line]:
    decision = job.get("decision")
    if not decision:
        return
    yield line(Part("decision", "head"))
    target = decision.get("target_price")
    told = [
        ("target", None if target is None else f"{target} {job.get('currency', '')}"),
        ("price then", None if job.get("price") is None else f"{job['price']} {job.get('currency', '')}"),
        ("risk score", decision.get("risk_score")),
        ("horizon", decision.get("horizon")),
    ]
    given = [(name, str(value), "") for name, value in told if value not in (None, "")]
    yield from facts(given) if given else ()
    yield from markdown.lines(decision.get("reasoning") or "")
    if decision.get("text") and decision["text"] != decision.get("reasoning"):
        yield line()
        yield from markdown.lines(decision["text"])


def _asked(job: Job) -> Iterable[Line]:
    yield line(Part("what was asked", "head"))
    limits, models = job["limits"], dict.fromkeys((job["quick_model"], job["deep_model"]))
    told = [
        ("symbol", f"{job['symbol']} ({job['market']}) as of {job['date']}"),
        ("engine", f"{job['engine']} {job.get('engine_version') or ''}"),
        ("analysts", ", ".join(job["analysts"])),
        ("rounds", f"{job['debate_rounds']} of debate, {job['risk_rounds']} of risk"),
        ("models", ", ".join(models)),
        ("limits", _limits(limits, job["cost"]["currency"])),
        ("asked", f"{job['created_at']} by {job['principal']}"),
        ("started", job.get("started_at")),
        ("ended", job.get("ended_at")),
        ("data", _data(job)),
    ]
    yield from facts([(name, value, "warn" if "SIMULATED" in value else "") for name, value in told if value])


def _usage(job: Job) -> Iterable[Line]:
    models: dict[str, list[Mapping[str, Any]]] = {}
    for each in job.get("usage", ()):
        models.setdefault(each["model"], []).append(each)
    if models:
        yield line(Part("usage by model", "head"))
    for model, spent in models.items():
        calls, read, wrote = (
            sum(each[name] for each in spent) for name in ("calls", "input_tokens", "output_tokens")
        )
        costs = [each["cost"] for each in spent if each.get("cost") is not None]
        complete = all(each.get("complete", True) for each in spent) and len(costs) == len(spent)
        priced = {"amount": sum(costs) if costs else None, "complete": complete}
        told = f"{count(calls)} calls  {count(read)} read  {count(wrote)} written  {money(priced)}"
        yield line(Part(f"  {clean(model)}  ", "strong"), Part(told))


def _tools(job: Job) -> Iterable[Line]:
    calls = job.get("tool_calls", ())
    if calls:
        yield line(Part(f"data that was looked at ({len(calls)})", "head"))
    for each in calls:
        given = (
            ""
            if not each.get("arguments")
            else json.dumps(each["arguments"], ensure_ascii=False, default=str)
        )
        marks = [name.upper() for name in ("simulated", "stale") if each.get(name)]
        from_ = f"{each.get('source') or 'no source'} as of {each.get('as_of') or NONE}"
        yield line(
            Part(f"  {str(each.get('at', ''))[11:19]} ", "dim"),
            Part(f"{clean(each['tool'])} ", "strong"),
            Part(clean(f"{each['node']}  {from_}  {ms(each.get('took_ms'))} ms ")),
            Part(" ".join(marks), "warn"),
            Part(f" {clean(each['error'])}" if each.get("error") else "", "bad"),
        )
        if given:
            yield line(Part(f"           {clean(given)}", "dim"))


def _reports(job: Job) -> Iterable[Line]:
    for each in job.get("reports", ()):
        yield line(Part(f"report: {clean(each['title'] or each['name'])}", "head"))
        yield from markdown.lines(each["text"])
        yield line()


def _debates(job: Job) -> Iterable[Line]:
    for each in job.get("debates", ()):
        yield line(Part(f"{clean(each['debate'])} debate: {clean(each['speaker'])}", "head"))
        yield from markdown.lines(each["text"])
        yield line()


def _events(events: Sequence[Mapping[str, Any]], *, ended: bool) -> Iterable[Line]:
    """Write all of them in order, or while more come the newest first."""
    shown = list(events) if ended else list(reversed(events))[:FEW_EVENTS]
    if shown:
        yield line(Part("what happened" if ended else "what happens", "head"))
    for each in shown:
        yield line(
            Part(f"  {str(each['at'])[11:19]} ", "dim"),
            Part(f"{clean(each['kind']):<8} ", _EVENTS.get(each["kind"], "")),
            Part(clean(each["text"])),
        )


def _hints(job: Job) -> Iterable[Line]:
    id_, state = str(job["job_id"]), job["state"]
    told = [("show", commands.of_job(id_), "dim")]
    if state not in ENDED:
        told.append(("cancel", commands.cancel_job(id_), "dim"))
    if state in AGAIN:
        told.append(("retry", commands.retry_job(id_), "dim"))
    return facts(told)


def _sure(job: Job) -> str:
    confidence = job.get("confidence")
    return "" if confidence is None else f", confidence {confidence * 100:.0f}%"


def _tokens(job: Job) -> str:
    tokens = job["tokens"]
    calls = "1 call" if tokens["calls"] == 1 else f"{count(tokens['calls'])} calls"
    used = f"{count(tokens['total'])} in {calls}"
    return f"{used}: {count(tokens['input'])} read, {count(tokens['output'])} written"


def _cost(cost: Mapping[str, Any]) -> str:
    if cost["amount"] is None and cost["complete"]:
        return "nothing yet"
    if cost["amount"] is None:
        return "unknown: the models have no price in agents.prices, or their server counts no tokens"
    told = f"{cost['amount']} {cost['currency']}"
    return (
        told
        if cost["complete"]
        else f"{told} or more: calls without a price or a count of their tokens are left out"
    )


def _tries(job: Job) -> str:
    return f", attempt {job['attempts']}" if job["attempts"] > 1 else ""


def _limits(limits: Mapping[str, Any], currency: str) -> str:
    told = f"{span(limits['max_s'])}, {count(limits['max_tokens'])} tokens"
    return told if limits.get("max_cost") is None else f"{told}, {limits['max_cost']} {currency}"


def _data(job: Job) -> str:
    if not job.get("source"):
        return ""
    told = f"{job['source']} as of {job.get('as_of') or NONE}"
    return f"SIMULATED, {told}" if job.get("simulated") else told
