"""Whether a decision is to be trusted: what its agents saw, wrote and concluded, held against the data."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from tacore.analysis.agents.data import Seen
from tacore.analysis.agents.fingerprints import FAILED_REPORTS
from tacore.analysis.agents.told import Told
from tacore.model.jobs import Action, AnalystName, Ask, Flaw, Report, ToolCall

LEAST_REPORT = 50  # letters and digits; a Chinese report of fewer says nothing either
_BELOW, _ABOVE = Decimal("0.5"), Decimal(2)
_SHOWN = 80

TOOLS_OF: Mapping[AnalystName, frozenset[str]] = {
    "market": frozenset({"prices"}),
    "fundamentals": frozenset({"fundamentals"}),
    "news": frozenset({"news"}),
    "social": frozenset({"sentiment", "news"}),
}
"""Where each analyst's evidence comes from; what an instrument is called is none."""

_REPORT_NAMES: Mapping[AnalystName, frozenset[str]] = {
    "market": frozenset({"market", "market_report"}),
    "fundamentals": frozenset({"fundamentals", "fundamentals_report"}),
    "news": frozenset({"news", "news_report"}),
    "social": frozenset({"social", "social_report", "sentiment", "sentiment_report"}),
}


_PLANS: Mapping[str, str] = {"investment_plan": "research manager", "trader_investment_plan": "trader"}
_SIDES: Mapping[str, int] = {"investment": 2, "risk": 3}


def of_reports(ask: Ask, told: Told) -> Iterator[Flaw]:
    """Look for nodes that failed or were cut off, and for texts that are none."""
    for name in dict.fromkeys(told.failed):
        yield Flaw(code="analyst_failed", message=f"{name} failed; the others decided without it")
    for name in dict.fromkeys(told.cut):
        message = f"the answer of {name} was cut off: it was longer than agents.model.max_answer_tokens"
        yield Flaw(code="cut_off", message=message)
    yield from _of_analysts(ask, told)
    for plan, author in _PLANS.items():
        if not any(each.name == plan and letters(each.text) for each in told.reports):
            yield _empty(f"the {author}'s plan is empty")
    for debate, sides in _SIDES.items():
        heard = {each.speaker for each in told.debates if each.debate == debate and letters(each.text)}
        if len(heard) < sides:
            yield _empty(f"the {debate} debate has only {len(heard)} of its {sides} sides")
    if not letters(told.final_text):
        yield _empty("the final decision is empty")


def letters(text: str) -> int:
    """Count a text's letters and digits: rules, bullets and dashes say nothing."""
    return sum(map(str.isalnum, text))


def _of_analysts(ask: Ask, told: Told) -> Iterator[Flaw]:
    for analyst in ask.analysts:
        text = _report_of(analyst, told.reports).strip()
        failure = next((each for pattern in FAILED_REPORTS if (each := pattern.search(text))), None)
        if not text:
            yield _empty(f"the {analyst} analyst's report is empty")
        elif failure is not None:
            yield _empty(f"the {analyst} analyst's report only says that it failed ({_cut(failure[0])})")
        elif (count := letters(text)) < LEAST_REPORT:
            yield _empty(f"the {analyst} analyst's report has only {count} letters and digits ({_cut(text)})")


def of_evidence(ask: Ask, calls: Sequence[ToolCall], seen: Seen) -> Iterator[Flaw]:
    """Look for what the decision does not rest on, and for data that must not be relied on."""
    looked = {call.tool for call in calls}
    evidence = frozenset[str]().union(*TOOLS_OF.values())
    if not looked & evidence:
        yield Flaw(code="no_evidence", message="the agents looked at no data at all: everything is invented")
    else:
        for analyst in ask.analysts:
            if not looked & TOOLS_OF[analyst]:
                message = f"the {analyst} analyst looked at no data: its report rests on nothing"
                yield Flaw(code="no_evidence", message=message)
    yield from _without_data(calls, seen)
    yield from _stale(calls, seen)
    yield from _simulated(calls, seen)
    yield from _late(ask, calls, seen)


def of_target(action: Action, target: Decimal | None, seen: Seen) -> Iterator[Flaw]:
    """Hold a target against the price and its year."""
    if target is None:
        return
    if seen.low is not None and seen.high is not None:
        least, most = seen.low * _BELOW, seen.high * _ABOVE
        if not least <= target <= most:
            year = f"{_money(seen.low)} to {_money(seen.high)}"
            message = (
                f"the target {_money(target)} lies far outside the price's 52 weeks ({year}): "
                f"{_money(least)} to {_money(most)} would be plausible"
            )
            yield Flaw(code="target_out_of_range", message=message)
    if seen.price is not None and (
        (action == "buy" and target < seen.price) or (action == "sell" and target > seen.price)
    ):
        side = "below" if target < seen.price else "above"
        message = f"{action}, but the target {_money(target)} lies {side} the price of {_money(seen.price)}"
        yield Flaw(code="target_contradicts", message=message)


def of_currency(stated: Collection[str], seen: Seen) -> Iterator[Flaw]:
    """Hold the currencies that a target's sign may mean against the price's."""
    if stated and seen.currency and seen.currency not in stated:
        message = (
            f"the target is in {' or '.join(sorted(stated))}, the price in {seen.currency}: it is left out"
        )
        yield Flaw(code="target_currency", message=message)


def _without_data(calls: Sequence[ToolCall], seen: Seen) -> Iterator[Flaw]:
    """Name the tools that never had data; a call that was refused and then made well does not count."""
    had = {call.tool for call in calls if not call.error}
    why = {call.tool: call.error for call in calls if call.tool not in had}
    for tool, error in why.items():
        yield Flaw(code="no_data", message=f"{tool}: {error}")
    if seen.error and "prices" not in why:
        yield Flaw(code="no_data", message=f"there is no price to judge by: {seen.error}")


def _stale(calls: Sequence[ToolCall], seen: Seen) -> Iterator[Flaw]:
    old = {(call.tool, call.source, call.as_of) for call in calls if call.stale}
    if seen.stale:
        old.add(("prices", seen.source, seen.as_of))
    for tool, source, as_of in sorted(old):
        message = f"{tool} of {source} end on {as_of or 'an unknown day'}: newer data was due"
        yield Flaw(code="stale_data", message=message)


def _simulated(calls: Sequence[ToolCall], seen: Seen) -> Iterator[Flaw]:
    sources = {call.source for call in calls if call.simulated} | ({seen.source} if seen.simulated else set())
    if sources:
        names = ", ".join(sorted(sources))
        message = f"the data of {names} is simulated: this decides nothing about the real instrument"
        yield Flaw(code="simulated_data", message=message)


def _late(ask: Ask, calls: Sequence[ToolCall], seen: Seen) -> Iterator[Flaw]:
    dated = {(call.tool, call.as_of) for call in calls} | {("prices", seen.as_of)}
    for tool, as_of in sorted(dated):
        if as_of[: len(ask.date)] > ask.date:
            message = f"{tool} showed data of {as_of}, after the {ask.date} that was asked about"
            yield Flaw(code="late_data", message=message)


def _report_of(analyst: AnalystName, reports: Sequence[Report]) -> str:
    return next((each.text for each in reports if each.name in _REPORT_NAMES[analyst]), "")


def _empty(message: str) -> Flaw:
    return Flaw(code="empty_report", message=message)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _money(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
