"""What an engine told in a finished run, in its own words."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tacore.model.jobs import Report, Speech


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run.

    ``signal`` is what the engine's process_signal gave: of TradingAgents-CN its mapping, of TradingAgents
    {"rating": the word}. ``answer`` is what the model itself wrote when asked for the signal, wherein
    TradingAgents-CN puts its own values for what it lacks; None where it was not kept, or nothing was asked.
    ``failed`` names analysts or nodes that failed, ``cut`` those of whose answers the end is missing.
    """

    signal: Mapping[str, Any]
    final_text: str
    reports: Sequence[Report] = ()
    debates: Sequence[Speech] = ()
    engine_version: str = ""
    failed: Sequence[str] = ()
    cut: Sequence[str] = ()
    answer: str | None = None
