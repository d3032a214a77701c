"""What a decision depends on besides what is asked for: the models' server, how it is asked, the engine."""

import hashlib
import json
from typing import TYPE_CHECKING

import msgspec

from tacore.model.jobs import Ask
from tacore.ports import Analyst

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without


def setup_of(settings: "AgentSettings", analyst: Analyst | None) -> str:
    """Give a short digest of it, the same for the same; without an analyst no version is known."""
    model = settings.model
    version = "" if analyst is None else analyst.version
    facts = [model.base_url, model.temperature, model.max_answer_tokens, version]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def same_question(one: Ask, other: Ask) -> bool:
    """Tell whether two asks differ in nothing but their setup."""
    return one == msgspec.structs.replace(other, setup=one.setup)
