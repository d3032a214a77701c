"""The analysts of the job manager, one for each engine, from the settings."""

from collections.abc import Mapping, Sequence

from tacore.analysis.agents.adapter import AgentAnalyst, Place
from tacore.analysis.agents.conclude import conclude
from tacore.analysis.agents.data import AgentData
from tacore.analysis.agents.told import Told
from tacore.clock import Clock
from tacore.market.symbols import vendor_symbol
from tacore.model.agents import parse_agents
from tacore.model.jobs import Ask, Engine, Outcome, ToolCall
from tacore.ports import Analyst, MarketData
from tacore.settings.loaded import Loaded


def analysts_of(loaded: Loaded, market_data: MarketData, clock: Clock) -> Mapping[str, Analyst]:
    """Build the analyst of each engine; one without a checkout says what to set when it is asked for."""
    settings = parse_agents(loaded.trading.get("agents"), loaded.trading_file)
    named, home, folder = loaded.settings.agents, loaded.settings.home, loaded.settings.agents_dir
    data = AgentData(market_data, clock)

    def concluded(ask: Ask, told: Told, calls: Sequence[ToolCall]) -> Outcome:
        return conclude(ask, told, calls, data.seen(ask))

    places: Mapping[Engine, Place] = {
        "tradingagents_cn": Place(named.cn_path, named.cn_python, home, folder),
        "tradingagents": Place(named.tauric_path, named.tauric_python, home, folder),
    }
    return {
        engine: AgentAnalyst(
            engine, place, settings, answer=data.answer, conclude=concluded, spell=vendor_symbol
        )
        for engine, place in places.items()
    }
