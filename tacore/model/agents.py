"""The ``agents`` section of trading_config.yaml: engines, models and their prices, limits of a job.

Apart from the other values because it needs pydantic, which nothing on the way of a request should import.
"""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from tacore.model.jobs import AnalystName, Engine, Limits
from tacore.model.sections import WHERE, Location, Section, parse


def _exact(value: object) -> object:
    """Read a float of a YAML file by its digits, not by its binary value."""
    return Decimal(repr(value)) if isinstance(value, float) else value


Price = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=Decimal("1e6"), allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=604_800, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class TokenPrice(Section):
    """What a model's tokens cost, per million, in ``agents.currency``."""

    input: Price
    """Of what the model reads."""

    output: Price
    """Of what it writes."""


class ModelServer(Section):
    """The server of the models, which speaks OpenAI's chat completions."""

    base_url: str = Field("https://api.openai.com/v1", pattern=r"^https?://[^\s]+$")
    """Its address, the version included."""

    quick: str = Field("", max_length=100)
    """The model that analysts and debaters use."""

    deep: str = Field("", max_length=100)
    """The model that judges and managers use; empty: the quick one."""

    api_key_env: str = Field("TRADINGAGENTS_API_KEY", pattern=r"^[A-Z][A-Z0-9_]{0,99}$")
    """The variable that has its key."""

    api_key_file: str = Field("", max_length=1000)
    """A file that has its key instead; relative to the home."""

    temperature: float = Field(0.1, ge=0, le=2)
    """How much the answers may vary."""

    max_answer_tokens: int = Field(4000, ge=100, le=200_000)
    """The longest answer of one call."""

    timeout_s: Seconds = 120
    """How long one call may take."""


class JobLimits(Section):
    """What one job may use; a request may ask for less."""

    max_s: Seconds = 1800
    """Seconds of running."""

    max_tokens: int = Field(2_000_000, ge=1000, le=1_000_000_000)
    """Tokens, read and written together."""

    max_cost: Price | None = None
    """Money, in ``agents.currency``; it needs a price of each model."""


class Retries(Section):
    """What becomes of a run that the model's server turned away: 429, 5xx, no connection."""

    attempts: Count = 5
    """Attempts without a further node finished; each goes on after the last finished one."""

    backoff_s: Seconds = 2
    """Wait before the second; it doubles with each further one. The server's Retry-After goes before."""

    backoff_max_s: Seconds = 120
    """Longest wait."""


class AgentSettings(Section):
    """Agent jobs."""

    engine: Engine = "tradingagents_cn"
    """The engine of a request that names none."""

    analysts: tuple[AnalystName, ...] = Field(("market", "fundamentals", "news", "social"), min_length=1)
    """The analysts of a request that names none."""

    debate_rounds: int = Field(1, ge=1, le=5)
    """Rounds of bull and bear."""

    risk_rounds: int = Field(1, ge=1, le=5)
    """Rounds of the three views of risk."""

    model: ModelServer = ModelServer()
    """The models and their server."""

    prices: dict[str, TokenPrice] = Field(default_factory=dict)
    """What a model's tokens cost, by its name; the cost of others is unknown, and is shown so."""

    currency: str = Field("USD", pattern=r"^[A-Z]{3,5}$")
    """What prices are in."""

    concurrency: int = Field(2, ge=1, le=64)
    """Runs at once, each a process."""

    queue_limit: int = Field(100, ge=1, le=10_000)
    """Jobs that may wait."""

    warm: int = Field(0, ge=0, le=8)
    """Processes kept ready with the engine imported, each some 350 MB; 0 starts them when needed."""

    limits: JobLimits = JobLimits()
    """What one job may use."""

    retries: Retries = Retries()
    """What becomes of a run that the model's server turned away."""

    result_hours: float = Field(24, ge=0, le=8760)
    """How long a decision answers the same ask again; 0 never. A degraded one never does."""

    keep_days: int = Field(90, ge=1, le=3650)
    """How long ended jobs are kept."""

    @model_validator(mode="after")
    def _limited_costs_are_known(self) -> Self:
        if self.limits.max_cost is not None:
            lacking = sorted({self.model.quick, self.model.deep or self.model.quick} - set(self.prices))
            if lacking and self.model.quick:
                raise ValueError(f"limits.max_cost needs prices of {', '.join(lacking)}")
        return self

    @property
    def job_limits(self) -> Limits:
        """What a job may use that asks for nothing else."""
        return Limits(
            max_s=self.limits.max_s, max_tokens=self.limits.max_tokens, max_cost=self.limits.max_cost
        )


_AT: dict[str, type[Section]] = {"model": ModelServer, "limits": JobLimits, "retries": Retries}


def parse_agents(raw: object, where: str = WHERE) -> AgentSettings:
    """Check the section; what it lacks is as in tacore's own. Raises ConfigurationError for all at once."""
    return parse(AgentSettings, "agents", raw, where, _fields_at)


def _fields_at(location: Location) -> tuple[str, ...]:
    if not location:
        return tuple(AgentSettings.model_fields)
    kind = TokenPrice if location[0] == "prices" else _AT.get(str(location[0]))
    return () if kind is None else tuple(kind.model_fields)
