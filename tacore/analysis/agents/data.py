"""What the agents may see: tacore's own providers as of the close of the ask's date, and nothing else."""

import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tacore.analysis.agents.figures import fundamentals, info
from tacore.analysis.agents.look import Given, Look, open_look, origin, other_symbol
from tacore.analysis.agents.news import days_of, news
from tacore.analysis.agents.prices import arguments_of, load, prices
from tacore.analysis.agents.span import Span, span_of
from tacore.clock import Clock
from tacore.errors import TacoreError
from tacore.model.jobs import Ask, ToolCall
from tacore.ports import MarketData

TOOLS = ("prices", "fundamentals", "news", "sentiment", "info")
_PRESS_ALONE = (
    "NO SOCIAL MEDIA: no posts, polls, comments or counts of them are known here; invent none, and say so in "
    "the report. What follows is the press, by which its mood may be judged."
)
_LONGEST_ARGUMENT = 200
_PLACES = 6
_LOG = logging.getLogger(__name__)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The price on the ask's date, by which a decision is judged; ``error`` says why there is none.

    ``price`` is the raw close of the last session by then, ``low`` and ``high`` are of the closes of the 52
    weeks up to it, in its prices. ``as_of`` is that session.
    """

    price: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    currency: str = ""
    source: str = ""
    simulated: bool = False
    as_of: str = ""
    stale: bool = False
    error: str = ""


class AgentData:
    """Answers the agents' questions about an ask's instrument in Markdown; any thread may ask."""

    def __init__(self, market: MarketData, clock: Clock) -> None:
        self._data = market
        self._clock = clock
        self._tools: Mapping[str, Callable[[Ask, Mapping[str, Any]], Given]] = {
            "prices": self._prices,
            "fundamentals": lambda ask, _: fundamentals(open_look(self._data, ask)),
            "news": self._news,
            "sentiment": self._sentiment,
            "info": lambda ask, _: info(open_look(self._data, ask), ask),
        }

    def answer(self, ask: Ask, node: str, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ToolCall]:
        """Give the text for the agent, and the record of the look; without data both say so."""
        at_us, began = self._clock.wall_us(), self._clock.monotonic()
        given = self._given(ask, tool, arguments)
        text = f"{origin(self._data, ask, given)}\n\n{given.text}"
        return text, ToolCall(
            at_us=at_us,
            node=node,
            tool=tool,
            arguments={str(name): _short(value) for name, value in arguments.items()},
            source=given.source,
            as_of=given.as_of,
            simulated=given.simulated,
            stale=given.stale,
            size=len(text),
            took_ms=round((self._clock.monotonic() - began) * 1000, 3),
            error=given.error,
        )

    def seen(self, ask: Ask) -> Seen:
        """Give the price that a decision about the ask is judged by."""
        try:
            look = open_look(self._data, ask)
            loaded = load(look)
        except TacoreError as error:
            return Seen(error=error.message)
        except Exception as error:
            return Seen(error=_failed("prices", ask, error))
        year = loaded.of_a_year()
        return Seen(
            price=_exact(loaded.raw[3, -1]),
            low=_exact(year.min()),
            high=_exact(year.max()),
            currency=look.instrument.currency,
            source=loaded.source,
            simulated=loaded.simulated,
            as_of=loaded.last,
            stale=loaded.stale,
        )

    def _given(self, ask: Ask, tool: str, arguments: Mapping[str, Any]) -> Given:
        find = self._tools.get(tool)
        if find is None:
            return _none(f"there is no tool {tool[:40]!r}; there are: {', '.join(TOOLS)}")
        try:
            other = other_symbol(self._data, ask, arguments)
            if other is not None:
                return _none(f"only {ask.symbol} may be looked at in this analysis, not {other[:40]!r}")
            return find(ask, arguments)
        except TacoreError as error:
            return _none(error.message, tool)
        except Exception as error:
            return _none(_failed(tool, ask, error), tool)

    def _prices(self, ask: Ask, arguments: Mapping[str, Any]) -> Given:
        look, span = self._span(ask, arguments)
        return prices(look, span, arguments_of(arguments))

    def _news(self, ask: Ask, arguments: Mapping[str, Any]) -> Given:
        look, span = self._span(ask, arguments)
        return news(look, days_of(arguments, span), span.notes)

    def _sentiment(self, ask: Ask, arguments: Mapping[str, Any]) -> Given:
        """Give the press to judge the mood by: there is no provider of social media."""
        try:
            given = self._news(ask, arguments)
        except TacoreError as error:
            return _none(
                f"tacore has no provider of social media, and of the press: {error.message}", "sentiment"
            )
        return msgspec.structs.replace(given, text=f"{_PRESS_ALONE}\n\n{given.text}")

    def _span(self, ask: Ask, arguments: Mapping[str, Any]) -> tuple[Look, Span]:
        look = open_look(self._data, ask)
        span = span_of(arguments, look.day)
        return open_look(self._data, ask, span.end) if span.end < look.day else look, span


def _failed(tool: str, ask: Ask, error: Exception) -> str:
    """Log what nobody foresaw: it must not end a run that has been paid for."""
    _LOG.exception("agent_data_failed", extra={"tool": tool, "symbol": ask.symbol})
    return f"{tool} of {ask.symbol} failed unexpectedly ({type(error).__name__}); the log says why"


def _none(reason: str, what: str = "data") -> Given:
    named = {"fundamentals": "company figures", "info": "description"}.get(what, what)
    text = (
        f"NO DATA: {reason}.\n\n"
        f"No {named} can be given here. Nothing may be invented, guessed or recalled in its place: no "
        "number, headline, event or opinion. Say in the report that it was not available, and draw no "
        "conclusion from that in either direction."
    )
    return Given(text=text, error=reason)


def _short(value: object) -> Any:  # noqa: ANN401  any JSON value
    """Keep an argument as JSON has it, and no longer than one may be."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= _LONGEST_ARGUMENT else text[:_LONGEST_ARGUMENT] + "…"


def _exact(value: float) -> Decimal:
    return Decimal(repr(round(float(value), _PLACES)))
