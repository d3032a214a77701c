"""What a config holds that nobody gave."""

from typing import Any

DEFAULT_CONFIG: dict[str, Any] = {
    "project_dir": "",
    "llm_provider": "openai",
    "quick_think_llm": "gpt-4o-mini",
    "deep_think_llm": "o4-mini",
    "backend_url": "https://api.openai.com/v1",
    "max_debate_rounds": 1,
    "max_risk_discuss_rounds": 1,
    "memory_enabled": True,
    "online_tools": True,
}
