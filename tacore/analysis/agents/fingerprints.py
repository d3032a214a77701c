"""What the engines write where a model gave them nothing: their own words, by which they are known.

Each was read in TradingAgents-CN 1.0.0-preview (commit bd59960; paths are below tradingagents/) or in
TauricResearch's TradingAgents 0.3.0 (commit 85946c2).
"""

import re

DEFAULT_DECISIONS = (
    "**默认建议：持有**",  # agents/managers/risk_manager.py:127, after three answers that were none
    "此为系统默认建议",  # agents/managers/risk_manager.py:141, the same text's end
)
"""In TradingAgents-CN's final decision, where its risk judge had no answer."""

DEFAULT_REASONS = (
    "基于综合分析的投资建议",  # graph/signal_processing.py:325: no JSON, or no answer; and :201
    "输入信号无效，默认持有建议",  # graph/signal_processing.py:39: nothing to read a signal from
    "信号内容为空，默认持有建议",  # graph/signal_processing.py:51
    "输入数据无效，默认持有建议",  # graph/signal_processing.py:335
)
"""The reasoning of a signal that TradingAgents-CN made up; its numbers are constants then."""

RATING = re.compile(r"\A\s*\*\*Rating\*\*: *(Buy|Overweight|Hold|Underweight|Sell) *$", re.MULTILINE)
"""How TradingAgents (agents/schemas.py:231) begins a decision that its model gave in the form asked for.

Without it the rating is the first such word of a free text, or Hold (agents/utils/rating.py:28)."""

REASONS = ("Executive Summary", "Investment Thesis")
"""What follows the rating in that form, always."""

RATING_WORD = re.compile(r"(?<!\w)(buy|overweight|hold|underweight|sell)(?!\w)", re.IGNORECASE)

FAILED_REPORTS = (
    re.compile(r"^\s*市场分析师调用了工具但分析生成失败"),  # agents/analysts/market_analyst.py:491
    re.compile(r"^\s*基本面分析失败："),  # agents/analysts/fundamentals_analyst.py:671
    re.compile(r"使用简化分析模式"),  # agents/analysts/fundamentals_analyst.py:488
    re.compile(r"^\s*基本面分析完成\s*$"),  # agents/analysts/fundamentals_analyst.py:561
    re.compile(r"^\s*统一基本面分析工具调用失败"),  # agents/analysts/fundamentals_analyst.py:628
    re.compile(r"^\s*工具执行失败"),  # agents/analysts/market_analyst.py:340
    re.compile(r"^\s*Google模型API调用失败"),  # agents/utils/google_tool_handler.py:69
    re.compile(r"调用了工具 \[[^\]\n]{0,500}\] 但处理失败"),  # agents/utils/google_tool_handler.py:352
    re.compile(r"此为基于工具数据的简化报告"),  # agents/utils/google_tool_handler.py:707
    re.compile(r"分析完成，但未能获取到有效的工具数据"),  # agents/utils/google_tool_handler.py:709
    re.compile(r"^\s*NO_DATA_AVAILABLE"),  # dataflows/interface.py:243 of TradingAgents
)
"""Reports in which an engine only tells that there is none."""
