"""What differs from engine to engine, as data: names, symbols, the course of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tacore.analysis.agents.checkout import NAMES
from tacore.model.jobs import AnalystName, Ask, Engine


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """An engine.

    ``path_name`` and ``python_name`` are the variables that
    name the checkout and its interpreter. ``symbols_as`` names the vendor whose spelling of symbols it takes,
    by market; others are spelt as here. ``analysts`` names the nodes of each, ``risk`` those of the debate.
    """

    name: Engine
    title: str
    path_name: str
    python_name: str
    symbols_as: Mapping[str, str]
    analysts: Mapping[AnalystName, Sequence[str]]
    risk: Sequence[str]
    judge: str

    def course(self, ask: Ask) -> tuple[str, ...]:
        """Give the nodes of a run, in order; an analyst's further looks at data are left out."""
        return (
            *(node for analyst in ask.analysts for node in self.analysts[analyst]),
            *("Bull Researcher", "Bear Researcher") * ask.debate_rounds,
            *("Research Manager", "Trader"),
            *tuple(self.risk) * ask.risk_rounds,
            *(self.judge, "Signal"),
        )


TRADINGAGENTS_CN = EngineFacts(
    name="tradingagents_cn",
    title=NAMES["tradingagents_cn"],
    path_name="TRADINGAGENTS_PATH",
    python_name="TRADINGAGENTS_PYTHON",
    symbols_as=MappingProxyType({"HK": "yahoo"}),
    analysts=MappingProxyType(
        {
            "market": ("Market Analyst", "Msg Clear Market"),
            "fundamentals": ("Fundamentals Analyst", "Msg Clear Fundamentals"),
            "news": ("News Analyst", "Msg Clear News"),
            "social": ("Social Analyst", "Msg Clear Social"),
        }
    ),
    risk=("Risky Analyst", "Safe Analyst", "Neutral Analyst"),
    judge="Risk Judge",
)
TRADINGAGENTS = EngineFacts(
    name="tradingagents",
    title=NAMES["tradingagents"],
    path_name="TACORE_AGENTS__TAURIC_PATH",
    python_name="TACORE_AGENTS__TAURIC_PYTHON",
    symbols_as=MappingProxyType({"CN": "yahoo", "HK": "yahoo", "US": "yahoo", "CRYPTO": "yahoo"}),
    analysts=MappingProxyType(
        {
            "market": ("Market Analyst", "Msg Clear Market"),
            "fundamentals": ("Fundamentals Analyst", "Msg Clear Fundamentals"),
            "news": ("News Analyst", "Msg Clear News"),
            "social": ("Sentiment Analyst", "Msg Clear Sentiment"),
        }
    ),
    risk=("Aggressive Analyst", "Conservative Analyst", "Neutral Analyst"),
    judge="Portfolio Manager",
)
ENGINE_FACTS: Mapping[Engine, EngineFacts] = MappingProxyType(
    {each.name: each for each in (TRADINGAGENTS_CN, TRADINGAGENTS)}
)


class Course:
    """How far a run has come along the nodes of its course."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self._nodes = nodes
        self._at = 0

    def reach(self, node: str) -> float:
        """Give the share that lies behind when a node begins; one off the course moves nothing."""
        ahead = [at for at in range(self._at, len(self._nodes)) if self._nodes[at] == node]
        if ahead:
            self._at = ahead[0]
        return self._at / len(self._nodes)
