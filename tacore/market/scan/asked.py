"""What a scan request asks for, once its names are known to be right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tacore.errors import bad_param
from tacore.market.features.catalogue import ALWAYS_SHOWN, DEFAULT_SHOWN, FEATURES, named, served
from tacore.market.scan.criteria import Group, features_of, needs_history

DEFAULT_LIMIT = 50
DEFAULT_SCAN = "default"


@dataclass(frozen=True, slots=True)
class Asked:
    """Conditions, an order, and what to show; ``shown`` are features beyond those that always are."""

    condition: Group
    sort_by: str
    descending: bool
    limit: int
    shown: tuple[str, ...]
    needs_history: bool
    preset: str | None = None

    @property
    def order(self) -> str:
        """Say the order in words."""
        return f"{self.sort_by} {'descending' if self.descending else 'ascending'}"


def choose_preset(
    preset: str | None, scan_type: str | None, presets: Mapping[str, Any], warnings: list[str]
) -> Any:  # noqa: ANN401 - a Preset, or None
    """Give the preset that a request names; an unknown scan_type is only a warning, for clients send any."""
    if preset is not None:
        found = presets.get(preset.strip().lower())
        if found is None:
            raise bad_param("preset", "there is no such preset", value=preset, allowed=presets, near=preset)
        return found
    word = (scan_type or DEFAULT_SCAN).strip().lower()
    if word not in presets and word != DEFAULT_SCAN:
        known = ", ".join((DEFAULT_SCAN, *presets))
        warnings.append(f"scan_type {scan_type} is not known and changes nothing; known: {known}")
    return presets.get(word)


def shown_features(wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Give the features to show beyond those always shown, by their own names."""
    found: dict[str, None] = {}
    for each in DEFAULT_SHOWN if wanted is None else wanted:
        name = named(each)
        if name == "all":
            found |= dict.fromkeys(FEATURES)
        elif name not in FEATURES:
            raise bad_param("features", "there is no such feature", value=each, allowed=FEATURES, near=each)
        else:
            found[name] = None
    return tuple(name for name in found if name not in ALWAYS_SHOWN)


def refuse_unserved(asked: Asked, wanted: Sequence[str] | None, market: str) -> tuple[str, ...]:
    """Give what can be shown of a market; InvalidParams where something asked for is not known there."""
    known = served(market)
    needed = {"criteria": set(features_of(asked.condition)), "sort_by": {asked.sort_by} - {"symbol"}}
    everything = wanted is not None and "all" in map(named, wanted)
    if wanted is not None and not everything:
        needed["features"] = set(asked.shown)
    for field, names in needed.items():
        for name in sorted(names - set(known)):
            raise bad_param(field, f"{market} has no {name}", value=name, allowed=known)
    return tuple(name for name in asked.shown if name in known)


def whether_history(condition: Group, sort_by: str, shown: Sequence[str], *, chosen: bool) -> bool:
    """Tell whether an answer needs daily history; features shown by default do not count, being extras."""
    sorted_so = sort_by in FEATURES and FEATURES[sort_by].history
    return needs_history(condition) or sorted_so or (chosen and any(FEATURES[each].history for each in shown))
