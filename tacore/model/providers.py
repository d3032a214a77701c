"""The ``providers`` section of trading_config.yaml: how each provider is treated, and its own options.

Apart from the other values because it needs pydantic, which nothing on the way of a request should import.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tacore.model.markets import MarketSettings
from tacore.settings.problems import Problem, nearest, problem, refuse


class ProviderSettings(BaseModel):
    """One provider, the same for every market that it serves; what is not listed here is its own option."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    timeout_s: float = Field(default=5.0, gt=0, le=300, allow_inf_nan=False)
    """Longest wait for one answer of a remote provider, in seconds."""

    retries: int = Field(default=2, ge=0, le=10)
    """How often a call that failed for a passing reason is made again, while the caller still waits."""

    backoff_s: float = Field(default=0.2, ge=0, le=60, allow_inf_nan=False)
    """Wait before the first retry, in seconds; it doubles with each further one, with a random part."""

    backoff_max_s: float = Field(default=5.0, ge=0, le=600, allow_inf_nan=False)
    """Longest wait before a retry, in seconds."""

    rate_per_s: float = Field(default=5.0, gt=0, le=10_000, allow_inf_nan=False)
    """Calls a second that a worker process makes at most, over time."""

    rate_burst: int = Field(default=10, ge=1, le=10_000)
    """Calls that may be made at once after a rest."""

    breaker_failures: int = Field(default=5, ge=1, le=1000)
    """Failures in a row after which a remote provider is left alone for breaker_cooldown_s."""

    breaker_cooldown_s: float = Field(default=30.0, gt=0, le=86_400, allow_inf_nan=False)
    """How long a failing provider is left alone, in seconds, before one call may try it again."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The keys that are the provider's own, as written."""
        return MappingProxyType(self.model_extra or {})


@dataclass(frozen=True, slots=True)
class Setup:
    """What a provider is built from.

    ``options`` is an instance of its kind's ``options`` model, None where it has none; ``home`` is the folder
    that relative paths in options are under.
    """

    market: str
    settings: MarketSettings
    provider: ProviderSettings
    options: Any
    home: Path


def parse_providers(
    raw: object, known: tuple[str, ...], where: str = "config/trading_config.yaml"
) -> dict[str, ProviderSettings]:
    """Check the ``providers`` mapping of a configuration file, but for each provider's own options.

    Raises ConfigurationError naming file, key, value and what is allowed, for all that is wrong at once.
    """
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        refuse([problem(where, "providers", "a mapping of providers to their settings is needed", raw)])
        return {}
    found: dict[str, ProviderSettings] = {}
    problems: list[Problem] = []
    for spelling, section in raw.items():
        name = str(spelling)
        if name not in known:
            more = {"allowed": ", ".join(known), "nearest": nearest(name, known)}
            problems.append(problem(where, f"providers.{name}", "there is no such provider", **more))
            continue
        try:
            found[name] = ProviderSettings.model_validate(section or {})
        except ValidationError as error:
            problems += option_problems(error, where, f"providers.{name}", ProviderSettings)
    refuse(problems)
    return found


def option_problems(
    error: ValidationError, where: str, section: str, *models: type[BaseModel]
) -> list[Problem]:
    """Tell what pydantic found wrong in a section; an unknown key names those of the models."""
    fields = [name for model in models for name in model.model_fields]
    problems = []
    for each in error.errors(include_url=False):
        key = ".".join(map(str, (section, *each["loc"])))
        if each["type"] == "extra_forbidden":
            more = {"allowed": ", ".join(fields), "nearest": nearest(str(each["loc"][-1]), fields)}
            problems.append(problem(where, key, "unknown key", each["input"], **more))
        else:
            reason = each["msg"].removeprefix("Value error, ").removeprefix("Input ")
            problems.append(problem(where, key, reason, each["input"]))
    return problems
