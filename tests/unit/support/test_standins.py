"""The stand-ins of the engines fail in silence where the real ones do, so that tests of a cure can fail."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.agents import Engine, standin
from tests.support.model_answers import Wish
from tests.support.model_server import ModelServer

BARE_CN = """
import json, os, sys
base, = sys.argv[1:]
sys.path.insert(0, os.getcwd())
import tradingagents.graph.trading_graph as module
import tradingagents.agents.analysts.news_analyst as news
import tradingagents.agents.utils.names as names
from tradingagents.agents.utils.agent_utils import Toolkit
from langchain_core.tools import tool
names.company_name = lambda ticker: "贵州茅台"
import tradingagents.agents.debaters as debaters
import tradingagents.agents.analysts.market_analyst as market
debaters.company_name = market.company_name = names.company_name
def get(ticker: str, start_date: str = "", end_date: str = "", curr_date: str = ""):
    return "收盘价: 1680.5"
for name in ("market_data", "fundamentals", "sentiment"):
    setattr(Toolkit, f"get_stock_{name}_unified", tool(f"get_stock_{name}_unified")(get))
def get_news(stock_code: str, max_news: int = 10, model_info: str = ""):
    return "新闻" * 100
news.create_unified_news_tool = lambda toolkit: get_news
config = {"project_dir": "p", "llm_provider": "openai", "quick_think_llm": "q", "deep_think_llm": "d",
          "backend_url": base, "online_tools": True}
team = module.TradingAgentsGraph(config=config)
begin = team.propagator.create_initial_state("600519", "2025-01-10")
state = team.graph.invoke(begin, {"recursion_limit": 100})
signal = team.process_signal(state["final_trade_decision"], "600519")
print(json.dumps({"signal": signal, "news": state["news_report"], "final": state["final_trade_decision"]}))
"""
BARE_TAURIC = """
import json, os, sys
base, = sys.argv[1:]
sys.path.insert(0, os.getcwd())
import tradingagents.graph.trading_graph as module
import tradingagents.dataflows.interface as interface
import tradingagents.agents.analysts.sentiment_analyst as sentiment
from tradingagents.default_config import DEFAULT_CONFIG
for method in interface.VENDOR_METHODS:
    interface.VENDOR_METHODS[method] = {"here": lambda *given: "Close: 1680.5"}
sentiment.fetch_stocktwits_messages = sentiment.fetch_reddit_posts = lambda *given, **more: "none"
module.resolve_instrument_identity = lambda ticker: {"company_name": "Sample"}
config = {**DEFAULT_CONFIG, "backend_url": base, "quick_think_llm": "q", "deep_think_llm": "d",
          "data_vendors": {each: "here" for each in interface.TOOLS_CATEGORIES}}
team = module.TradingAgentsGraph(config=config)
about = team.resolve_instrument_context("AAPL")
begin = team.propagator.create_initial_state("AAPL", "2025-01-10", instrument_context=about)
state = team.graph.invoke(begin, {"recursion_limit": 100})
print(json.dumps({"signal": team.process_signal(state["final_trade_decision"])}))
"""
BARE: dict[Engine, str] = {"tradingagents_cn": BARE_CN, "tradingagents": BARE_TAURIC}


def bare(engine: Engine, folder: Path, server: ModelServer) -> Any:
    """Run an engine as its users do, without any cure, and give what it comes to."""
    checkout, python = standin(engine, folder)
    done = subprocess.run(
        [python, "-I", "-X", "utf8", "-c", BARE[engine], server.url],
        cwd=checkout,
        env={"OPENAI_API_KEY": "sk-any"},
        capture_output=True,
        text=True,
        timeout=45,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("engine, calls", [("tradingagents_cn", 16), ("tradingagents", 15)])
def test_engine_when_the_model_is_well_makes_as_many_calls_as_the_real_one(
    engine: Engine, calls: int, tmp_path: Path
) -> None:
    with ModelServer() as server:
        assert bare(engine, tmp_path, server)["signal"]
        assert server.answered == calls == len(server.calls)


def test_chinese_engine_when_the_model_calls_the_news_tool_loses_the_report(tmp_path: Path) -> None:
    with ModelServer() as server:
        assert bare("tradingagents_cn", tmp_path, server)["news"] == ""


def test_chinese_engine_when_the_judge_gets_500_decides_by_default(tmp_path: Path) -> None:
    with ModelServer() as server:
        server.fail(
            "500", from_call=15, calls=9
        )  # three tries of the judge's, each tried thrice by the client
        told = bare("tradingagents_cn", tmp_path, server)
        assert told["final"].startswith("**默认建议：持有**")


def test_chinese_engine_when_advised_against_buying_buys(tmp_path: Path) -> None:
    with ModelServer() as server:
        server.change(wish=Wish(phrases={"请作最终裁决": "我不建议买入"}))
        server.fail("500", from_call=16)
        told = bare("tradingagents_cn", tmp_path, server)["signal"]
        assert (told["action"], told["confidence"]) == ("买入", 0.7)
        assert told["reasoning"] == "基于综合分析的投资建议"


@pytest.mark.parametrize("engine, held", [("tradingagents_cn", "持有"), ("tradingagents", "Hold")])
def test_engine_when_the_model_talks_nonsense_holds(engine: Engine, held: str, tmp_path: Path) -> None:
    with ModelServer() as server:
        server.mode = "garbage"
        told = bare(engine, tmp_path, server)["signal"]
        assert (told["action"] if isinstance(told, dict) else told) == held


def test_engine_when_imported_writes_above_its_package_and_prints(tmp_path: Path) -> None:
    checkout, python = standin("tradingagents_cn", tmp_path)
    words = [
        str(python),
        "-I",
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1]); import tradingagents",
        str(checkout),
    ]
    done = subprocess.run(words, env={}, capture_output=True, text=True, timeout=45, check=True)
    assert "imported" in done.stdout
    assert (checkout / "config" / "settings.json").exists()


def test_interpreter_when_asked_for_tacore_has_none(tmp_path: Path) -> None:
    _, python = standin("tradingagents", tmp_path)
    words = [str(python), "-I", "-c", "import langgraph; import msgspec"]
    done = subprocess.run(words, env={}, capture_output=True, text=True, timeout=45, check=False)
    assert "No module named 'msgspec'" in done.stderr
