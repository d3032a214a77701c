"""The ``scan`` section of trading_config.yaml: named scans, and how often feature tables are refreshed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tacore.errors import InvalidParams
from tacore.market.features.catalogue import FEATURES, named
from tacore.market.scan.criteria import Group, read_criteria
from tacore.model.markets import MARKETS
from tacore.settings.files import packaged_config_dir, read_mapping
from tacore.settings.names import TRADING_FILE
from tacore.settings.problems import Problem, nearest, problem, refuse

SORTS = (*FEATURES, "symbol")
MOST_SHOWN = 1000


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PresetSettings(_Section):
    """A scan by its name."""

    description: str = ""
    """What it finds, for people."""

    criteria: dict[str, Any] = {}
    """What an instrument must meet, as in a request; one with criteria is a signal of what meets them."""

    sort_by: str = "score"
    """A feature, or symbol."""

    descending: bool = True
    """Largest first."""

    limit: int | None = Field(default=None, ge=1, le=MOST_SHOWN)
    """How many to show; nothing means the default of a scan."""

    markets: list[str] = []
    """The only markets that have it; empty means all."""


class ScanSettings(_Section):
    """Named scans and the refresh of feature tables."""

    refresh_s: float = Field(default=5.0, ge=0.2, le=86_400, allow_inf_nan=False)
    """Seconds between two refreshes of a table; more where that would take over a quarter of a core."""

    refresh_s_of: dict[str, float] = {}
    """Other seconds for some markets, such as {SIM: 10}."""

    presets: dict[str, PresetSettings] | None = None
    """Scans by their names; left out, those that tacore comes with."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named scan, its criteria read."""

    name: str
    description: str
    condition: Group
    sort_by: str
    descending: bool
    limit: int | None
    markets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scanning:
    """What the ``scan`` section says."""

    presets: Mapping[str, Preset]
    refresh_s: float = 5.0
    refresh_s_of: Mapping[str, float] | None = None

    def refresh_of(self, market: str) -> float:
        """Give the seconds between two refreshes of a market's table."""
        return (self.refresh_s_of or {}).get(market, self.refresh_s)


def parse_scan(raw: object, where: str = "config/trading_config.yaml") -> Scanning:
    """Check the ``scan`` mapping of a configuration file; None means what tacore comes with.

    Raises ConfigurationError naming file, key, value and what is allowed, for all that is wrong at once.
    """
    try:
        settings = ScanSettings.model_validate({} if raw is None else raw)
    except ValidationError as error:
        refuse([_problem(each, where) for each in error.errors(include_url=False)])
        raise
    if settings.presets is None:
        packaged = ScanSettings.model_validate(_packaged())
        settings = settings.model_copy(update={"presets": packaged.presets})
    problems: list[Problem] = []
    presets = {}
    for name, each in (settings.presets or {}).items():
        presets[name.lower()] = _preset(name, each, where, problems)
    for market, seconds in settings.refresh_s_of.items():
        if market not in MARKETS:
            problems.append(_no_market(where, "scan.refresh_s_of", market))
        elif not 0.2 <= seconds <= 86_400:  # noqa: PLR2004 - as refresh_s
            key = f"scan.refresh_s_of.{market}"
            problems.append(problem(where, key, "out of bounds", seconds, allowed="0.2 to 86400"))
    refuse(problems)
    return Scanning(presets, settings.refresh_s, settings.refresh_s_of)


def _packaged() -> object:
    return read_mapping(packaged_config_dir() / TRADING_FILE, TRADING_FILE)[0]["scan"]


def _preset(name: str, settings: PresetSettings, where: str, problems: list[Problem]) -> Preset:
    key = f"scan.presets.{name}"
    condition = Group(())
    try:
        condition = read_criteria(settings.criteria)
    except InvalidParams as error:
        for field, said in error.details.items():
            close = str(said.get("nearest") or "")
            problems.append(
                problem(where, f"{key}.{field}", said["problem"], said.get("value"), nearest=close)
            )
    sort_by = named(settings.sort_by)
    if sort_by not in SORTS:
        allowed = ", ".join(SORTS)
        close = nearest(sort_by, SORTS)
        said = "nothing to sort by"
        problems.append(
            problem(where, f"{key}.sort_by", said, settings.sort_by, allowed=allowed, nearest=close)
        )
    problems += [
        _no_market(where, f"{key}.markets", each) for each in settings.markets if each not in MARKETS
    ]
    return Preset(
        name=name.lower(),
        description=settings.description,
        condition=condition,
        sort_by=sort_by,
        descending=settings.descending,
        limit=settings.limit,
        markets=tuple(settings.markets),
    )


def _no_market(where: str, key: str, market: str) -> Problem:
    return problem(
        where,
        key,
        "there is no such market",
        market,
        allowed=", ".join(MARKETS),
        nearest=nearest(market.upper(), MARKETS),
    )


def _problem(each: Any, where: str) -> Problem:  # noqa: ANN401 - pydantic's own
    key = ".".join(map(str, ("scan", *each["loc"])))
    if each["type"] != "extra_forbidden":
        return problem(where, key, each["msg"].removeprefix("Value error, "), each["input"])
    deep = len(each["loc"]) > 1
    known = (PresetSettings if deep else ScanSettings).model_fields
    close = nearest(str(each["loc"][-1]), known)
    return problem(where, key, "unknown key", each["input"], allowed=", ".join(known), nearest=close)
