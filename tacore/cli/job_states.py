"""States and engines of agent jobs, as `tacore.model.jobs` has them, whose import would cost a fast start."""

UNDER_WAY = ("queued", "running")
ENDED = ("done", "failed", "cancelled")
STATES = (*UNDER_WAY, *ENDED)
ENGINES = ("tradingagents_cn", "tradingagents")
