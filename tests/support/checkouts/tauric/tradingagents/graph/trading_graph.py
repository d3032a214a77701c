"""The team: its models and its graph."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode

from ..agents import deciders
from ..agents.analysts.sentiment_analyst import create_sentiment_analyst
from ..agents.analysts.tool_analysts import create_analyst
from ..agents.utils import tools
from ..agents.utils.market_data_validation_tools import get_verified_market_snapshot
from ..agents.utils.rating import parse_rating
from ..dataflows import interface
from ..default_config import DEFAULT_CONFIG
from .propagation import Propagator

State = dict[str, Any]
TITLES = {"market": "Market", "social": "Sentiment", "news": "News", "fundamentals": "Fundamentals"}
TOOLS = {
    "market": [tools.get_stock_data, tools.get_indicators, get_verified_market_snapshot],
    "news": [tools.get_news, tools.get_global_news],
    "fundamentals": [tools.get_fundamentals, tools.get_balance_sheet],
}
RISK = ("Aggressive", "Conservative", "Neutral")


def resolve_instrument_identity(ticker: str) -> dict[str, str]:
    return dict(interface.forbidden("identity"))


class TradingAgentsGraph:
    def __init__(
        self,
        selected_analysts: Sequence[str] = ("market", "social", "news", "fundamentals"),
        debug: bool = False,
        config: dict[str, Any] | None = None,
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        unknown = [each for each in selected_analysts if each not in TITLES]
        if unknown:
            raise ValueError(f"unknown analyst key: {unknown[0]}")
        self.config = config or DEFAULT_CONFIG
        interface.CONFIG.update(self.config)
        for each in ("results_dir", "data_cache_dir"):
            Path(self.config[each]).mkdir(parents=True, exist_ok=True)
        more = self._get_provider_kwargs()
        self.quick_thinking_llm = self._model("quick", more)
        self.deep_thinking_llm = self._model("deep", more)
        self.propagator = Propagator(self.config["max_recur_limit"])
        self.workflow = self._workflow(selected_analysts)
        self.graph = self.workflow.compile()

    def resolve_instrument_context(self, ticker: str, asset_type: str = "stock") -> str:
        known = ", ".join(f"{name}: {said}" for name, said in resolve_instrument_identity(ticker).items())
        return f"The instrument to analyze is `{ticker}`. {known}"

    def process_signal(self, full_signal: str) -> str:
        return parse_rating(full_signal)

    def _get_provider_kwargs(self) -> dict[str, Any]:
        temperature = self.config["temperature"]
        return {} if temperature is None else {"temperature": float(temperature)}

    def _model(self, which: str, more: dict[str, Any]) -> Any:
        return ChatOpenAI(
            model=self.config[f"{which}_think_llm"], base_url=self.config["backend_url"], **more
        )

    def _workflow(self, analysts: Sequence[str]) -> Any:
        workflow, quick, deep = StateGraph(), self.quick_thinking_llm, self.deep_thinking_llm
        starts = [f"{TITLES[each]} Analyst" for each in analysts]
        workflow.add_edge(START, starts[0])
        for name, following in zip(analysts, [*starts[1:], "Bull Researcher"], strict=True):
            self._add_analyst(workflow, name)
            workflow.add_edge(f"Msg Clear {TITLES[name]}", following)
        sides = ["Bull Researcher", "Bear Researcher"]
        for node in sides:
            workflow.add_node(node, deciders.create_researcher(quick, node.split()[0].lower()))
            workflow.add_conditional_edges(node, self._debate, [*sides, "Research Manager"])
        workflow.add_node("Research Manager", deciders.create_research_manager(deep))
        workflow.add_edge("Research Manager", "Trader")
        workflow.add_node("Trader", deciders.create_trader(quick))
        workflow.add_edge("Trader", "Aggressive Analyst")
        views = [f"{each} Analyst" for each in RISK]
        for view, node in zip(RISK, views, strict=True):
            workflow.add_node(node, deciders.create_risk_debater(quick, view))
            workflow.add_conditional_edges(node, self._risk, [*views, "Portfolio Manager"])
        workflow.add_node("Portfolio Manager", deciders.create_portfolio_manager(deep))
        workflow.add_edge("Portfolio Manager", END)
        return workflow

    def _add_analyst(self, workflow: Any, name: str) -> None:
        title, node = TITLES[name], f"{TITLES[name]} Analyst"
        workflow.add_node(f"Msg Clear {title}", lambda _state: {"messages": ["CLEAR"]})
        if name == "social":
            workflow.add_node(node, create_sentiment_analyst(self.quick_thinking_llm))
            workflow.add_edge(node, f"Msg Clear {title}")
            return
        workflow.add_node(node, create_analyst(self.quick_thinking_llm, name, TOOLS[name]))
        workflow.add_node(f"tools_{name}", ToolNode(TOOLS[name]))
        ends = [f"tools_{name}", f"Msg Clear {title}"]
        workflow.add_conditional_edges(node, _after_analyst(*ends), ends)
        workflow.add_edge(f"tools_{name}", node)

    def _debate(self, state: State) -> str:
        debate = state["investment_debate_state"]
        if debate["count"] >= 2 * self.config["max_debate_rounds"]:
            return "Research Manager"
        return "Bear Researcher" if debate["current_response"].startswith("Bull") else "Bull Researcher"

    def _risk(self, state: State) -> str:
        debate = state["risk_debate_state"]
        if debate["count"] >= len(RISK) * self.config["max_risk_discuss_rounds"]:
            return "Portfolio Manager"
        following = RISK[(RISK.index(debate["latest_speaker"]) + 1) % len(RISK)]
        return f"{following} Analyst"


def _after_analyst(tools_node: str, clear_node: str) -> Callable[[State], str]:
    return lambda state: tools_node if state["messages"][-1].tool_calls else clear_node
