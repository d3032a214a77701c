"""The team: its models, its tools and its graph."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode

from ..agents.analysts.market_analyst import create_market_analyst
from ..agents.analysts.news_analyst import create_news_analyst
from ..agents.analysts.tool_analysts import create_fundamentals_analyst, create_social_media_analyst
from ..agents.debaters import create_researcher, create_risk_debater, create_trader
from ..agents.managers.research_manager import create_research_manager
from ..agents.managers.risk_manager import create_risk_manager
from ..agents.utils.agent_utils import Toolkit
from ..default_config import DEFAULT_CONFIG
from .conditional_logic import ConditionalLogic
from .propagation import Propagator
from .signal_processing import SignalProcessor

ANALYSTS = {
    "market": create_market_analyst,
    "social": create_social_media_analyst,
    "news": create_news_analyst,
    "fundamentals": create_fundamentals_analyst,
}
DEBATE = {"Bull Researcher": "Bear Researcher", "Bear Researcher": "Bull Researcher"}
RISK = {
    "Risky Analyst": "Safe Analyst",
    "Safe Analyst": "Neutral Analyst",
    "Neutral Analyst": "Risky Analyst",
}


class TradingAgentsGraph:
    def __init__(
        self,
        selected_analysts: Sequence[str] = ("market", "social", "news", "fundamentals"),
        debug: bool = False,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.config = config or DEFAULT_CONFIG
        (Path(self.config["project_dir"]) / "dataflows" / "data_cache").mkdir(parents=True, exist_ok=True)
        if self.config["llm_provider"] != "openai":
            raise ValueError(f"Unsupported LLM provider: {self.config['llm_provider']}")
        self.quick_thinking_llm = self._model("quick")
        self.deep_thinking_llm = self._model("deep")
        self.toolkit = Toolkit(config=self.config)
        self.tool_nodes = self._create_tool_nodes()
        self.conditional_logic = ConditionalLogic(
            self.config.get("max_debate_rounds", 1), self.config.get("max_risk_discuss_rounds", 1)
        )
        self.propagator = Propagator()
        self.signal_processor = SignalProcessor(self.quick_thinking_llm)
        self.graph = self._graph(selected_analysts)

    def process_signal(self, full_signal: Any, stock_symbol: str | None = None) -> dict[str, Any]:
        return self.signal_processor.process_signal(full_signal, stock_symbol)

    def _create_tool_nodes(self) -> dict[str, Any]:
        kit = self.toolkit
        return {
            "market": ToolNode([kit.get_stock_market_data_unified]),
            "social": ToolNode([kit.get_stock_sentiment_unified]),
            "news": ToolNode([kit.get_stock_news_unified, kit.get_google_news]),
            "fundamentals": ToolNode([kit.get_stock_fundamentals_unified]),
        }

    def _model(self, which: str) -> Any:
        given = self.config.get(f"{which}_model_config", {})
        return ChatOpenAI(
            model=self.config[f"{which}_think_llm"],
            base_url=self.config["backend_url"],
            temperature=given.get("temperature", 0.7),
            max_tokens=given.get("max_tokens", 4000),
            timeout=given.get("timeout", 180),
        )

    def _graph(self, analysts: Sequence[str]) -> Any:
        workflow, quick, deep = StateGraph(), self.quick_thinking_llm, self.deep_thinking_llm
        for name in analysts:
            self._add_analyst(workflow, name)
        starts = [f"{name.capitalize()} Analyst" for name in analysts]
        workflow.add_edge(START, starts[0])
        for name, following in zip(analysts, [*starts[1:], "Bull Researcher"], strict=True):
            workflow.add_edge(f"Msg Clear {name.capitalize()}", following)
        logic = self.conditional_logic
        for node in DEBATE:
            workflow.add_node(node, create_researcher(quick, node.split()[0].lower()))
            workflow.add_conditional_edges(node, logic.should_continue_debate, [*DEBATE, "Research Manager"])
        workflow.add_node("Research Manager", create_research_manager(deep, None))
        workflow.add_edge("Research Manager", "Trader")
        workflow.add_node("Trader", create_trader(quick))
        workflow.add_edge("Trader", "Risky Analyst")
        for node in RISK:
            workflow.add_node(node, create_risk_debater(quick, node.split()[0]))
            workflow.add_conditional_edges(node, logic.should_continue_risk_analysis, [*RISK, "Risk Judge"])
        workflow.add_node("Risk Judge", create_risk_manager(deep, None))
        workflow.add_edge("Risk Judge", END)
        return workflow.compile()

    def _add_analyst(self, workflow: Any, name: str) -> None:
        title = name.capitalize()
        follows = getattr(self.conditional_logic, f"should_continue_{name}")
        workflow.add_node(f"{title} Analyst", ANALYSTS[name](self.quick_thinking_llm, self.toolkit))
        workflow.add_node(f"tools_{name}", self.tool_nodes[name])
        workflow.add_node(f"Msg Clear {title}", lambda _state: {"messages": ["CLEAR"]})
        workflow.add_conditional_edges(f"{title} Analyst", follows, [f"tools_{name}", f"Msg Clear {title}"])
        workflow.add_edge(f"tools_{name}", f"{title} Analyst")
