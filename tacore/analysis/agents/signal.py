"""Read what an engine decided: its action and numbers, without any that its model never gave."""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tacore.analysis.agents.fingerprints import (
    DEFAULT_DECISIONS,
    DEFAULT_REASONS,
    RATING,
    RATING_WORD,
    REASONS,
)
from tacore.analysis.agents.told import Told
from tacore.errors import TacoreError
from tacore.model.jobs import Action, Flaw

ACTIONS: Mapping[str, Action] = {
    "买入": "buy",
    "购买": "buy",
    "持有": "hold",
    "保持": "hold",
    "卖出": "sell",
    "出售": "sell",
    "buy": "buy",
    "overweight": "buy",
    "hold": "hold",
    "underweight": "sell",
    "sell": "sell",
}
_ASKED_FOR = "买入, 持有, 卖出, Buy, Overweight, Hold, Underweight, Sell"
_HEADING = re.compile(r"\*\*[A-Z][A-Za-z ]{1,60}\*\*:")
_SIGNS: Mapping[str, frozenset[str]] = {
    "US$": frozenset({"USD"}),
    "HK$": frozenset({"HKD"}),
    "$": frozenset({"USD", "HKD", "USDT", "USDC", "FDUSD"}),
    "美元": frozenset({"USD"}),
    "港元": frozenset({"HKD"}),
    "元": frozenset({"CNY", "HKD"}),
    "¥": frozenset({"CNY", "JPY"}),
    "￥": frozenset({"CNY", "JPY"}),
}
"""The currencies that a sign beside a number may mean, the longer signs first."""
_SPACING = str.maketrans("", "", ", ")
_SHOWN = 80
_LONGEST_NUMBER = 40
_MOST_DIGITS = 15  # before the point, or zeros behind it: written out, 1e300000000 would be 300 MB


class Unreadable(TacoreError):
    """The engine's signal names no action; there is no decision then, least of all to hold."""

    code = "unparseable_signal"


@dataclass(slots=True)
class Signal:
    """What was decided; a number that was none, or was never given, is None. ``flaws`` say what is wrong.

    ``currencies`` are those that the target's sign may mean, none where it has none.
    """

    action: Action
    confidence: float | None = None
    target: Decimal | None = None
    currencies: frozenset[str] = frozenset()
    risk_score: float | None = None
    horizon: str = ""
    reasoning: str = ""
    flaws: list[Flaw] = field(default_factory=list)


def read_cn(told: Told) -> Signal:
    """Read TradingAgents-CN's signal: the model's own JSON where it was kept, else what was made of it."""
    defaults = [each for each in DEFAULT_DECISIONS if each in told.final_text]
    stated = None if told.answer is None else _object_in(told.answer)
    reasoning = str(told.signal.get("reasoning") or "").strip()
    if stated is not None:
        signal = _from_numbers(stated)
    elif told.answer is not None or reasoning in DEFAULT_REASONS:
        signal = Signal(action_of(told.signal.get("action")))  # its numbers are the engine's constants
        signal.flaws.append(
            _default(f"its model gave no signal, so the engine's own stands in ({reasoning})")
        )
    else:
        signal = _from_numbers(told.signal)
    if defaults:
        said = "the risk judge's model gave nothing, so the engine's default text stands in"
        signal.flaws.insert(0, _default(f"{said} ({defaults[0]})"))
    return signal


def read_tauric(told: Told) -> Signal:
    """Read TradingAgents' decision: its header, which a model's free text lacks."""
    text = told.final_text
    header = RATING.search(text)
    if header is None:
        signal = Signal(action_of(told.signal.get("rating", told.signal.get("action"))))
        signal.flaws.append(_default(_why_guessed(text)))
    else:
        signal = Signal(action_of(header[1]))
        lacking = [name for name in REASONS if not any(map(str.isalnum, _section(name, text)))]
        if lacking:
            lacks = " and ".join(lacking)
            signal.flaws.append(
                _default(f"the final decision is not in the form asked for: it lacks {lacks}")
            )
    signal.reasoning, signal.horizon = _section("Executive Summary", text), _section("Time Horizon", text)
    _set_target(signal, _section("Price Target", text) or None)
    return signal


def action_of(word: object) -> Action:
    """Give the action that a word means; Unreadable where it means none."""
    found = ACTIONS.get(word.strip().lower()) if isinstance(word, str) else None
    if found is None:
        raise Unreadable(f"the signal's action is {_shown(word)}, which is none of {_ASKED_FOR}")
    return found


def _from_numbers(stated: Mapping[str, Any]) -> Signal:
    signal = Signal(action_of(stated.get("action")))
    signal.confidence = _share("confidence", stated.get("confidence"), signal.flaws)
    signal.risk_score = _share("risk_score", stated.get("risk_score"), signal.flaws)
    _set_target(signal, stated.get("target_price"))
    reasoning = stated.get("reasoning")
    signal.reasoning = reasoning.strip() if isinstance(reasoning, str) else ""
    return signal


def _object_in(answer: str) -> Mapping[str, Any] | None:
    """Find the JSON object in a model's answer, as the engine does: from the first brace to the last."""
    first, last = answer.find("{"), answer.rfind("}")
    try:
        found = json.loads(answer[first : last + 1]) if 0 <= first < last else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _share(name: str, value: object, flaws: list[Flaw]) -> float | None:
    if value is None:
        return None
    number = _number(value)
    if number is None:
        flaws.append(_no_number(name, value))
        return None
    if not 0 <= number <= 1:
        flaws.append(_flaw(f"{name} {_shown(value)} lies outside 0 to 1, and is left out"))
        return None
    return float(number)


def _set_target(signal: Signal, value: object) -> None:
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "null", "none")):
        return
    sign = next((each for each in _SIGNS if isinstance(value, str) and each in value), "")
    number = _number(value.replace(sign, "", 1) if sign and isinstance(value, str) else value)
    if number is None:
        signal.flaws.append(_no_number("target_price", value))
    elif number <= 0:
        message = f"the target {_shown(value)} is no price: left out"
        signal.flaws.append(Flaw(code="target_out_of_range", message=message))
    else:
        signal.target, signal.currencies = number, _SIGNS.get(sign, frozenset())


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(value.translate(_SPACING) if isinstance(value, str) else repr(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS else None


def _section(name: str, text: str) -> str:
    """Find what stands below a heading, up to the next; by lines, for models write texts of any length."""
    _, found, rest = text.partition(f"**{name}**:")
    first, *others = rest.split("\n") if found else [""]
    lines = [first, *itertools.takewhile(lambda line: not _HEADING.match(line.lstrip()), others)]
    return "\n".join(lines).strip()


def _why_guessed(text: str) -> str:
    if RATING_WORD.search(text):
        return (
            "the final decision is not in the form asked for: the rating is a word picked from its free text"
        )
    return "the final decision names no rating: the engine takes that for Hold"


def _default(message: str) -> Flaw:
    return Flaw(code="default_decision", message=message)


def _flaw(message: str) -> Flaw:
    return Flaw(code="unparseable_signal", message=message)


def _no_number(name: str, value: object) -> Flaw:
    return _flaw(f"{name} {_shown(value)} is no number, and is left out")


def _shown(value: object) -> str:
    text = "missing" if value is None else repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
