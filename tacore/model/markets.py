"""The ``markets`` section of trading_config.yaml: which provider serves each market, and its time.

Apart from the other values because it needs pydantic, which nothing on the way of a request should import.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, PlainValidator, ValidationError

from tacore.model.sections import WHERE, Section
from tacore.settings.problems import Problem, nearest, problem, refuse

MARKETS = ("US", "CN", "HK", "CRYPTO", "SIM")


def _moment(value: object) -> datetime | date:
    """Read a date or an aware moment; pydantic alone would take a date for its midnight."""
    if isinstance(value, str):
        value = (
            date.fromisoformat(value) if len(value) == len("2013-02-14") else datetime.fromisoformat(value)
        )
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC, such as 2013-02-14T18:00:00Z")
    if not isinstance(value, date):
        raise ValueError("a date or a moment is needed, such as 2013-02-14 or 2013-02-14T18:00:00Z")
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _names(value: object) -> object:
    """Take one name for a list of one; a name that comes twice is a mistake."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple) or not value or not all(isinstance(each, str) for each in value):
        raise ValueError("a provider's name, or a list of names, first preferred, is needed")
    if len(set(value)) < len(value):
        raise ValueError("a provider is named twice")
    return tuple(value)


class ReplaySettings(Section):
    """A market that lives in the past of its data instead of the present."""

    at: Annotated[datetime | date, PlainValidator(_moment)] | None = None
    """Where the replay starts: a date means that day's close, a moment needs its offset from UTC.

    Nothing means the provider's last session."""

    speed: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False)
    """Market seconds per second: 0 stands still, 1 is the pace of the wall clock, 3600 an hour a second."""


class SyntheticSettings(Section):
    """The invented market of the synthetic provider."""

    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    """What every price grows from: another seed is another history."""

    size: int = Field(default=300, ge=1, le=20_000)
    """How many instruments the market has; the well-known ones come first."""


class MarketSettings(Section):
    """One market."""

    provider: Annotated[tuple[str, ...], BeforeValidator(_names)]
    """Where its instruments and prices come from: a name, or a list whose first that answers is taken."""

    replay: ReplaySettings | None = None
    """Run the market as a replay. Nothing means live; for a provider of history alone, where that ends."""

    stale_after_s: float = Field(default=1200.0, gt=0, le=31_536_000, allow_inf_nan=False)
    """A price is stale once the market has traded for longer than these seconds since it was made."""

    synthetic: SyntheticSettings = SyntheticSettings()
    """Seed and size, for the synthetic provider."""


def parse_markets(raw: object, where: str = WHERE) -> dict[str, MarketSettings]:
    """Check the ``markets`` mapping of a configuration file.

    Raises ConfigurationError naming file, key, value and what is allowed, for all that is wrong at once.
    """
    if not isinstance(raw, Mapping) or not raw:
        refuse([problem(where, "markets", "a mapping of markets to their settings is needed", raw)])
        return {}
    markets: dict[str, MarketSettings] = {}
    problems: list[Problem] = []
    for spelling, section in raw.items():
        name = str(spelling).upper()
        if name not in MARKETS:
            known = {"allowed": ", ".join(MARKETS), "nearest": nearest(name, MARKETS)}
            problems.append(problem(where, f"markets.{spelling}", "there is no such market", **known))
        try:
            markets[name] = MarketSettings.model_validate(section)
        except ValidationError as error:
            problems += _problems(error, where, f"markets.{spelling}")
    refuse(problems)
    return markets


def _problems(error: ValidationError, where: str, section: str) -> list[Problem]:
    return [
        problem(
            where,
            ".".join(map(str, (section, *each["loc"]))),
            each["msg"].removeprefix("Value error, "),
            each["input"],
        )
        if each["type"] != "extra_forbidden"
        else _unknown(where, section, each["loc"], each["input"])
        for each in error.errors(include_url=False)
    ]


def _unknown(where: str, section: str, location: tuple[int | str, ...], value: object) -> Problem:
    kinds: dict[str, type[BaseModel]] = {"replay": ReplaySettings, "synthetic": SyntheticSettings}
    kind = kinds.get(str(location[0]), MarketSettings) if len(location) > 1 else MarketSettings
    close = nearest(str(location[-1]), kind.model_fields)
    known = {"allowed": ", ".join(kind.model_fields), "nearest": close}
    return problem(where, ".".join(map(str, (section, *location))), "unknown key", value, **known)
