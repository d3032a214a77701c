"""What a config holds that nobody gave."""

from typing import Any

DEFAULT_CONFIG: dict[str, Any] = {
    "results_dir": "results",
    "data_cache_dir": "cache",
    "memory_log_path": "memory.md",
    "llm_provider": "openai",
    "quick_think_llm": "gpt-5.4-mini",
    "deep_think_llm": "gpt-5.4",
    "backend_url": None,
    "temperature": None,
    "checkpoint_enabled": False,
    "output_language": "English",
    "max_debate_rounds": 1,
    "max_risk_discuss_rounds": 1,
    "max_recur_limit": 100,
    "data_vendors": {},
    "tool_vendors": {},
}
