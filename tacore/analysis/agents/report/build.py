"""Build a report of a job as get.job answers it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tacore import __version__
from tacore.analysis.agents.report import words
from tacore.analysis.agents.report.document import (
    Document,
    Facts,
    Mark,
    Note,
    Part,
    Section,
    Table,
    Tone,
    Written,
)

Job = Mapping[str, Any]
_TONES: Mapping[str, Tone] = {"buy": "good", "sell": "bad", "hold": "calm"}
_DEBATES = {"investment": "Bull and bear", "risk": "Risk"}


def build(job: Job) -> Document:
    """Put the parts of a job in a reader's order: what was decided, whether to trust it, and why."""
    name = f"{job.get('symbol', '?')} ({job.get('market', '?')})"
    sections = [
        Section("Decision", list(_decision(job))),
        Section("Data", list(_data(job))),
        Section("Reports of the analysts", [_report(each) for each in job.get("reports") or ()]),
        *_debates(job.get("debates") or ()),
        Section("What the agents looked at", list(_looks(job.get("tool_calls") or ()))),
        Section("Tokens and cost", list(_spent(job))),
        Section("The run", list(_run(job))),
        Section("Events", list(_events(job.get("events") or ())), aside=True),
    ]
    verdict, tone = _verdict(job)
    return Document(
        title=f"{name} as of {job.get('date', '?')}",
        verdict=verdict,
        tone=tone,
        beside=list(_beside(job)),
        marks=list(_marks(job)),
        sections=[each for each in sections if each.parts],
        foot=(
            f"Job {job.get('job_id', '?')}, reported by tacore {__version__}. Language models wrote the "
            "reports, debates and reasons: nothing in them is advice, and no claim of theirs was checked "
            "beyond what is said above."
        ),
    )


def _verdict(job: Job) -> tuple[str, Tone]:
    decision = job.get("decision")
    if decision:
        action = str(decision.get("action"))
        if _is_degraded(job):
            return f"{action.upper()} (DEGRADED)", "warning"
        return action.upper(), _TONES.get(action, "calm")
    state = str(job.get("state", "unknown"))
    return f"No decision: the job is {state}", "bad" if state == "failed" else "warning"


def _is_degraded(job: Job) -> bool:
    return bool((job.get("quality") or {}).get("verdict") == "degraded")


def _beside(job: Job) -> Iterator[str]:
    decision = job.get("decision") or {}
    currency = job.get("currency") or ""
    if decision.get("confidence") is not None:
        yield f"confidence {words.percent(decision['confidence'])}"
    if decision.get("target_price") is not None:
        yield f"target {words.money(decision['target_price'], currency)}"
    if job.get("price") is not None:
        yield f"price {words.money(job['price'], currency)}"
    yield f"engine {job.get('engine', '?')}"


def _marks(job: Job) -> Iterator[Mark]:
    quality = job.get("quality") or {}
    if _is_degraded(job):
        reasons = [f"{each.get('code')}: {each.get('message')}" for each in quality.get("flaws") or ()]
        yield Mark("DEGRADED", reasons or ["no reason was kept"], "bad")
    if job.get("simulated"):
        source = job.get("source") or "unknown"
        yield Mark("SIMULATED", [f"prices are invented by {source}: nothing real is decided"], "warning")
    error = job.get("error")
    if error:
        yield Mark("ERROR", [f"{error.get('code')}: {error.get('message')}"], "bad")
    told = [str(each) for each in job.get("warnings") or ()]
    warnings = [each for each in told if not each.startswith("DEGRADED")]  # the mark above has those
    if warnings:
        yield Mark("WARNINGS", warnings, "warning")


def _decision(job: Job) -> Iterator[Part]:
    decision, currency = job.get("decision"), job.get("currency") or ""
    if not decision:
        return
    rows = [
        ("action", str(decision.get("action"))),
        ("confidence", words.percent(decision.get("confidence"))),
        ("target price", _target(decision.get("target_price"), job.get("price"), currency)),
        ("risk score", words.percent(decision.get("risk_score"))),
        ("horizon", str(decision.get("horizon") or "-")),
        ("quality", str((job.get("quality") or {}).get("verdict", "-"))),
    ]
    yield Facts(rows)
    for title, key in (("Reasoning", "reasoning"), ("The decision in full", "text")):
        if decision.get(key):
            yield Written(title, str(decision[key]))


def _target(target: object, price: object, currency: str) -> str:
    if target is None or not price:
        return words.money(target, currency)
    change = (Decimal(str(target)) / Decimal(str(price)) - 1) * 100
    return f"{words.money(target, currency)} ({change:+.1f} % of the price)"


def _data(job: Job) -> Iterator[Part]:
    if job.get("source") or job.get("as_of"):
        yield Facts(
            [
                ("source", str(job.get("source") or "-")),
                ("as of", str(job.get("as_of") or "-")),
                ("simulated", "yes" if job.get("simulated") else "no"),
                ("close", words.money(job.get("price"), job.get("currency") or "")),
            ]
        )


def _report(report: Job) -> Written:
    title = str(report.get("title") or report.get("name") or "Report")
    return Written(title, str(report.get("text") or "") or "(empty)")


def _debates(speeches: Sequence[Job]) -> Iterator[Section]:
    for debate, title in _DEBATES.items():
        said = [each for each in speeches if each.get("debate") == debate]
        parts = [Written(str(each.get("speaker") or "?"), str(each.get("text") or "")) for each in said]
        yield Section(f"Debate: {title}", parts)


def _looks(calls: Sequence[Job]) -> Iterator[Part]:
    if not calls:
        yield Note("No tool call is recorded: the agents looked at no data.")
        return
    columns = ("at", "node", "tool", "asked", "source", "as of", "marks", "characters", "ms")
    rows = [
        (
            words.clock(each.get("at")),
            str(each.get("node") or "-"),
            str(each.get("tool") or "-"),
            words.arguments(each.get("arguments")),
            str(each.get("source") or "-"),
            str(each.get("as_of") or "-"),
            _call_marks(each),
            words.count(each.get("size")),
            words.amount(each.get("took_ms"), 1),
        )
        for each in calls
    ]
    yield Table(columns, rows, frozenset({"characters", "ms"}))


def _call_marks(call: Job) -> str:
    marks = [word.upper() for word in ("simulated", "stale") if call.get(word)]
    marks += [f"no data: {call['error']}"] if call.get("error") else []
    return ", ".join(marks) or "-"


def _spent(job: Job) -> Iterator[Part]:
    usage: Sequence[Job] = job.get("usage") or ()
    tokens, cost = job.get("tokens") or {}, job.get("cost") or {}
    currency = str(cost.get("currency") or "")
    if tokens:
        total = words.money(cost.get("amount"), currency)
        unpriced = "" if cost.get("complete", True) else " (models without a price are not in it)"
        yield Facts(
            [
                ("model calls", words.count(tokens.get("calls"))),
                ("tokens read", words.count(tokens.get("input"))),
                ("tokens written", words.count(tokens.get("output"))),
                ("tokens", words.count(tokens.get("total"))),
                ("cost", f"{total}{unpriced}"),
            ]
        )
    for key in ("model", "node") if usage else ():
        yield _usage_by(key, usage, currency)


def _usage_by(key: str, usage: Sequence[Job], currency: str) -> Table:
    groups: dict[str, list[Job]] = defaultdict(list)
    for each in usage:
        groups[str(each.get(key) or "-")].append(each)
    columns = (key, "calls", "tokens read", "tokens written", f"cost {currency}".strip())
    rows = [
        (
            name,
            *(
                words.count(sum(int(each.get(field) or 0) for each in group))
                for field in ("calls", "input_tokens", "output_tokens")
            ),
            _sum_of_costs([each.get("cost") for each in group]),
        )
        for name, group in groups.items()
    ]
    return Table(columns, rows, frozenset(columns[1:]))


def _sum_of_costs(costs: Sequence[object]) -> str:
    known = [Decimal(str(each)) for each in costs if each is not None]
    if not known:
        return "unknown"
    return words.amount(sum(known, Decimal(0)), 6) + ("" if len(known) == len(costs) else " and unknown")


def _run(job: Job) -> Iterator[Part]:
    limits = job.get("limits") or {}
    most = [
        f"{words.lasting(limits.get('max_s'))}" if limits.get("max_s") else "",
        f"{words.count(limits.get('max_tokens'))} tokens" if limits.get("max_tokens") else "",
        f"{words.amount(limits.get('max_cost'))} of money" if limits.get("max_cost") is not None else "",
    ]
    rounds = f"{job.get('debate_rounds', '-')} of bull and bear, {job.get('risk_rounds', '-')} of risk"
    yield Facts(
        [
            ("job", str(job.get("job_id", "-"))),
            ("state", str(job.get("state", "-"))),
            ("engine", f"{job.get('engine', '-')} {job.get('engine_version') or ''}".strip()),
            ("models", f"{job.get('quick_model') or '-'} (quick), {job.get('deep_model') or '-'} (deep)"),
            ("analysts", ", ".join(map(str, job.get("analysts") or ())) or "-"),
            ("rounds", rounds),
            ("asked by", str(job.get("principal") or "-")),
            ("created", words.moment(job.get("created_at"))),
            ("started", words.moment(job.get("started_at"))),
            ("ended", words.moment(job.get("ended_at"))),
            ("ran", f"{words.lasting(job.get('elapsed_s'))} in {words.count(job.get('attempts'))} attempts"),
            ("limits", ", ".join(each for each in most if each) or "-"),
        ]
    )


def _events(events: Sequence[Job]) -> Iterator[Part]:
    if events:
        rows = [
            (words.clock(each.get("at")), str(each.get("kind") or "-"), str(each.get("text") or ""))
            for each in events
        ]
        yield Table(("at", "kind", "what"), rows)
