"""From the params of a job method to what the desk takes; everything is judged before anything is queued."""

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tacore.errors import InvalidParams, Unavailable, bad_param
from tacore.model.jobs import ANALYSTS, ENGINES, AnalystName, Engine, Limits
from tacore.ports import Context, JobDesk
from tacore.ports.orders import Asker, Key
from tacore.steps import STEPS, Steps

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

ENGINE_SPELLINGS = {"cn": "tradingagents_cn", "tauric": "tradingagents"}
ANALYST_SPELLINGS = {
    "technical": "market",
    "fundamental": "fundamentals",
    "sentiment": "social",
    "social_media": "social",
}
MOST_ROUNDS = 5


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Who works on a job, and how: an ask without what it is about."""

    engine: Engine
    analysts: tuple[AnalystName, ...]
    debate_rounds: int
    risk_rounds: int
    quick_model: str
    deep_model: str


def desk_of(context: Context) -> JobDesk:
    """Give the desk of the process that runs the method."""
    if context.ports.jobs is None:
        raise Unavailable("this process owns no jobs", details={"start": "tacore worker spawn --pool agents"})
    return context.ports.jobs


def asker_of(context: Context) -> Asker:
    """Tell the desk who asks."""
    return Asker(context.principal, context.deadline, STEPS.get() or Steps())


def key_of(context: Context) -> Key:
    """Name the request, so that the same one sent again finds its job: by its key, else by its id."""
    if context.idempotency_key is not None:
        return Key(context.idempotency_key, "explicit")
    return Key(json.dumps(context.request_id), "request")


def engine_word(value: object) -> object:
    """Bring an engine's name to its own spelling; anything but text stays, for the type check to judge."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower().replace("-", "_")
    word = ENGINE_SPELLINGS.get(word, word)
    if word not in ENGINES:
        raise bad_param("engine", "there is no such engine", value=value, allowed=ENGINES, near=word)
    return word


def analyst_words(value: object) -> object:
    """Bring analysts' names to their own spelling; InvalidParams for unknown ones and for one twice."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return value
    words = [each.strip().lower().replace("-", "_") for each in value]
    words = [ANALYST_SPELLINGS.get(each, each) for each in words]
    for sent, word in zip(value, words, strict=True):
        if word not in ANALYSTS:
            raise bad_param("analysts", "there is no such analyst", value=sent, allowed=ANALYSTS, near=word)
    for word in words:
        if words.count(word) > 1:
            raise bad_param("analysts", f"{word} is named more than once", value=value, allowed="each once")
    if not words:
        raise bad_param("analysts", "none is named", value=value, allowed=ANALYSTS)
    return words


def team_of(params: Any, settings: "AgentSettings") -> Team:  # noqa: ANN401 - any struct with these params
    """Choose who works on it: what is asked for, else what is configured.

    InvalidParams where another model is asked for than are configured; where none is, it stays empty.
    """
    model = settings.model
    quick = params.quick_model if params.quick_model is not None else model.quick
    deep = params.deep_model if params.deep_model is not None else (model.deep or quick)
    known = sorted({model.quick, model.deep, *settings.prices} - {""})
    for field, name in (("quick_model", params.quick_model), ("deep_model", params.deep_model)):
        if name is not None and name not in known:
            allowed = known or "none: set agents.model.quick in trading_config.yaml"
            raise bad_param(field, "no such model is configured", value=name, allowed=allowed, near=name)
    asked = settings.analysts if params.analysts is None else params.analysts
    return Team(
        engine=params.engine or settings.engine,
        analysts=tuple(each for each in ANALYSTS if each in asked),
        debate_rounds=params.debate_rounds or settings.debate_rounds,
        risk_rounds=params.risk_rounds or settings.risk_rounds,
        quick_model=quick,
        deep_model=deep,
    )


def limits_of(params: Any, team: Team, settings: "AgentSettings") -> Limits:  # noqa: ANN401 - as above
    """Choose what the job may use: what is asked for, at most what is configured."""
    most = settings.job_limits
    problems: list[InvalidParams] = []
    for field, value, limit in (
        ("max_s", params.max_s, most.max_s),
        ("max_tokens", params.max_tokens, most.max_tokens),
        ("max_cost", params.max_cost, most.max_cost),
    ):
        if value is None:
            continue
        if not math.isfinite(value) or value <= 0:
            problems.append(bad_param(field, "is no limit", value=value, allowed="more than 0"))
        elif limit is not None and value > limit:
            allowed = f"at most {limit:g} (agents.limits.{field})"
            problems.append(bad_param(field, "is more than is configured", value=value, allowed=allowed))
    if problems:
        details = {name: each for problem in problems for name, each in problem.details.items()}
        raise InvalidParams("; ".join(each.message for each in problems), details=details)
    max_cost = most.max_cost if params.max_cost is None else params.max_cost
    _priced(params.max_cost, team, settings)
    return Limits(
        max_s=most.max_s if params.max_s is None else float(params.max_s),
        max_tokens=most.max_tokens if params.max_tokens is None else params.max_tokens,
        max_cost=max_cost,
    )


def _priced(max_cost: Decimal | None, team: Team, settings: "AgentSettings") -> None:
    """Refuse a limit of money on models whose cost nobody knows: it would never be reached."""
    lacking = sorted({team.quick_model, team.deep_model} - set(settings.prices) - {""})
    if lacking and (max_cost is not None or settings.limits.max_cost is not None):
        problem = f"it needs a price of {', '.join(lacking)}: set agents.prices in trading_config.yaml"
        raise bad_param("max_cost", problem, value=max_cost or settings.limits.max_cost)
