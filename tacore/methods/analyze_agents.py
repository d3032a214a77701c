"""analyze.agents: have a team of LLM agents judge one instrument, as a job that is there at once.

The broker sends analyze.stock with analysis_type agents here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tacore.analysis.agents.look import due_session
from tacore.errors import NotFound, bad_param
from tacore.jobs import asking
from tacore.jobs.views import JobView, view_story
from tacore.market.as_of import close_of
from tacore.market.asking import find, listed
from tacore.market.hours import HOURS
from tacore.model.jobs import AnalystName, Ask, Engine
from tacore.ports import Context, Later, MarketData, Method
from tacore.ports.jobs import JobStory

_SYMBOL = re.compile(r"[\^A-Za-z0-9][A-Za-z0-9 ./:_^=\-]{0,39}")
_SYMBOL_ALLOWED = "up to 40 letters, digits and . / : - _ ^ =, such as AAPL, 600519, BTC/USDT"
Rounds = Annotated[int, Meta(ge=1, le=asking.MOST_ROUNDS)]


class Params(msgspec.Struct, kw_only=True):
    """What to judge, by whom, and what that may cost."""

    symbol: Annotated[str, Meta(description="One symbol, in any of its spellings")]
    market: Annotated[str | None, Meta(description="US, CN, HK, CRYPTO or SIM; left out: by the symbol")] = (
        None
    )
    analysis_type: Literal["agents"] = "agents"
    date: Annotated[
        str | None, Meta(description="As of that session's close, 2013-02-28; left out: the last that ended")
    ] = None
    analysts: Annotated[
        list[AnalystName] | None, Meta(description="Who looks at it; left out: agents.analysts")
    ] = None
    engine: Annotated[Engine | None, Meta(description="Whose agents; left out: agents.engine")] = None
    debate_rounds: Annotated[Rounds | None, Meta(description="Rounds of bull and bear")] = None
    risk_rounds: Annotated[Rounds | None, Meta(description="Rounds of the three views of risk")] = None
    quick_model: Annotated[str | None, Meta(description="Model of analysts and debaters")] = None
    deep_model: Annotated[str | None, Meta(description="Model of judges and managers")] = None
    max_s: Annotated[float | None, Meta(description="Most seconds of running")] = None
    max_tokens: Annotated[int | None, Meta(description="Most tokens, read and written")] = None
    max_cost: Annotated[Decimal | None, Meta(description="Most money, in agents.currency")] = None
    wait: Annotated[
        bool | None, Meta(description="Answer when the job has ended, or shortly before patience does")
    ] = None
    fresh: Annotated[bool | None, Meta(description="Run it anew even where the same was decided")] = None


@dataclass(frozen=True, slots=True)
class _Found:
    """What a request is about: market, symbol and session, in tacore's own spelling."""

    market: str
    symbol: str
    session: str
    warnings: list[str]


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept other spellings of engine and analysts, and comma-separated text for a list."""
    given = dict(params)
    if isinstance(given.get("analysis_type"), str):
        word = given["analysis_type"].strip().lower()
        given["analysis_type"] = "agents" if word == "agent" else word
    if "engine" in given:
        given["engine"] = asking.engine_word(given["engine"])
    if "analysts" in given:
        given["analysts"] = asking.analyst_words(listed(given["analysts"]))
    for name in ("max_s", "max_tokens", "max_cost"):
        if isinstance(given.get(name), bool):
            raise bad_param(name, "a number is needed", value=given[name])
    return given


def analyze_agents(params: Params, context: Context) -> Later[JobView]:
    """Queue a job, or join the one that is there for the same work."""
    desk, asker, key = asking.desk_of(context), asking.asker_of(context), asking.key_of(context)
    team = asking.team_of(params, desk.settings)
    limits = asking.limits_of(params, team, desk.settings)
    _plausible(params.symbol)
    found = desk.apart(_look(params, context.ports.market))

    def submit(what: _Found) -> Later[JobView]:
        ask = Ask(market=what.market, symbol=what.symbol, date=what.session, **msgspec.structs.asdict(team))
        told = desk.submit(
            ask, limits, key=key, fresh=bool(params.fresh), wait=bool(params.wait), asker=asker
        )
        return told.map(lambda story: _shown(story, context, what.warnings))

    return found.chain(submit)


def prepare() -> None:
    """Import numpy."""
    import tacore.model.history  # noqa: F401, PLC0415 - the broker describes methods without it


def _shown(story: JobStory, context: Context, warnings: list[str]) -> JobView:
    view = view_story(story, context.clock.wall_us())
    view.warnings += warnings
    return view


def _plausible(symbol: str) -> None:
    if not _SYMBOL.fullmatch(symbol.strip()) or ".." in symbol:
        raise bad_param("symbol", "this is no symbol", value=symbol[:100], allowed=_SYMBOL_ALLOWED)


def _look(params: Params, data: MarketData) -> Callable[[], _Found]:
    """Find the instrument and the session; it may ask providers, and so belongs on a thread of its own."""

    def look() -> _Found:
        market = data.market(params.market or data.infer_market([params.symbol]))
        provider, now = data.provider(market), data.now(market)
        close = close_of("date", params.date, HOURS[market], now)
        found, missing = find([params.symbol], market, provider)
        if missing:
            raise NotFound(missing[params.symbol], details={"symbol": {"value": params.symbol}})
        instrument = found[0].instrument
        history = provider.history([instrument], now=close, sessions=1, closes_only=True)
        if not len(history.sessions):
            raise _no_session(params, instrument.symbol, close)
        newest = str(history.sessions[-1])
        # By the session that was due the data is judged stale, or not: by its own last one it never would be.
        due = due_session(data, market, close.astimezone(HOURS[market].tz).date(), close)
        session = newest if due is None else max(newest, str(due))
        warnings = _moved(params.date, session)
        if newest < session:
            warnings.append(
                f"stale: {instrument.symbol} ends on {newest}, but a session was due on {session}"
            )
        return _Found(market, instrument.symbol, session, warnings)

    return look


def _no_session(params: Params, symbol: str, close: datetime) -> Exception:
    said = f"{symbol} has no session that ended by {close.isoformat()}"
    if params.date is None:
        return NotFound(said, details={"symbol": {"value": params.symbol}})
    return bad_param("date", said, value=params.date, allowed="a date within its history")


def _moved(asked: str | None, session: str) -> list[str]:
    if asked in (None, session):
        return []
    return [f"date: {asked} has no finished session; as of {session}, the last before it"]


METHOD = Method(
    name="analyze.agents",
    handler=analyze_agents,
    params=Params,
    result=JobView,
    summary="Have a team of LLM agents judge one instrument, as a job; it costs money",
    pool="agents",
    writes=True,
    waits=True,
    renames={
        "analysisType": "analysis_type",
        "market_type": "market",
        "debateRounds": "debate_rounds",
        "riskRounds": "risk_rounds",
        "quickModel": "quick_model",
        "deepModel": "deep_model",
    },
    normalise=normalise,
    prepare=prepare,
    examples=(
        {"symbol": "AAPL"},
        {"symbol": "600519", "date": "2012-09-19", "analysts": ["market", "news"], "wait": True},
    ),
)
