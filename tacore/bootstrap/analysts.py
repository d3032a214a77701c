"""The analysts of the job manager, one for each engine, from the settings."""

from collections.abc import Mapping, Sequence

from tacore.analysis.agents.adapter import AgentAnalyst, Place
from tacore.analysis.agents.conclude import conclude
from tacore.analysis.agents.data import AgentData
from tacore.analysis.agents.told import Told
from tacore.clock import Clock
from tacore.market.symbols import vendor_symbol
from tacore.model.agents import AgentSettings
from tacore.model.jobs import ENGINES, Ask, Engine, Outcome, ToolCall
from tacore.ports import Analyst, MarketData
from tacore.settings.loaded import Loaded


def analysts_of(
    loaded: Loaded, settings: AgentSettings, market_data: MarketData, clock: Clock
) -> Mapping[str, Analyst]:
    """Build the analyst of each engine; one without a checkout says what to set when it is asked for."""
    data = AgentData(market_data, clock)

    def concluded(ask: Ask, told: Told, calls: Sequence[ToolCall]) -> Outcome:
        return conclude(ask, told, calls, data.seen(ask))

    return {
        engine: AgentAnalyst(
            engine,
            _place(engine, loaded),
            settings,
            answer=data.answer,
            conclude=concluded,
            spell=vendor_symbol,
        )
        for engine in ENGINES
    }


def _place(engine: Engine, loaded: Loaded) -> Place:
    settings = loaded.settings
    named = settings.agents
    checkout, python = (
        (named.cn_path, named.cn_python)
        if engine == "tradingagents_cn"
        else (named.tauric_path, named.tauric_python)
    )
    return Place(checkout, python, settings.home, settings.agents_dir)
