"""Which calls begin an agent job, and how a command waits for one.

``wait`` means the same to the method and to a command: an answer when the job has ended. The method holds its
answer back as long as one request lasts; a command asks again until the end, so it never sends ``wait``.
"""

from collections.abc import Mapping
from typing import Any

AGENTS = "analyze.agents"
FROM_JOB = "--from-job"
"""The option of an order that a job decided."""
_ROUTED = ("analyze.stock", "analyze.symbol")
_SPELLINGS = ("agents", "agent")


def is_agents(method: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a call begins an agent job: the broker decides by the same."""
    wanted = params.get("analysis_type", params.get("analysisType"))
    routed = isinstance(wanted, str) and wanted.strip().lower() in _SPELLINGS
    return method == AGENTS or (method in _ROUTED and routed)


def without_wait(params: Mapping[str, Any]) -> tuple[dict[str, Any], bool | None]:
    """Give the params to send, and whether to wait; None where nothing is said of that."""
    sent = dict(params)
    wait = sent.pop("wait", None)
    return sent, wait if wait is None else bool(wait)
