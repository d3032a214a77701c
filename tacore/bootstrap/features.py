"""What broker, workers and refresher must agree on about feature tables."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tacore import runfiles
from tacore.market.features.status import fingerprint, read_status
from tacore.market.scan.presets import Scanning
from tacore.model.markets import MarketSettings
from tacore.model.providers import ProviderSettings
from tacore.ports import MethodInfo
from tacore.settings.loaded import Loaded

Anchors = Mapping[str, Mapping[str, Any]]


def table_fingerprints(
    loaded: Loaded, markets: Mapping[str, MarketSettings], anchors: Anchors
) -> dict[str, str]:
    """Name what each market's table depends on: a table of another name is never read."""
    providers = loaded.trading.get("providers") or {}
    return {
        market: fingerprint(repr(each), anchors.get(market, {}), _of(each, providers))
        for market, each in markets.items()
    }


def data_fingerprint(market: MarketSettings, providers: Mapping[str, ProviderSettings]) -> str:
    """Name what a market's history depends on: its settings but for the clock, its providers' own options.

    How often and how patiently a provider is asked does not change what it says.
    """
    settings = {name: providers[name] for name in market.provider if name in providers}
    options = {name: dict(each.options) for name, each in settings.items() if each.options}
    return fingerprint(market.model_dump(mode="json", exclude={"replay"}), options)


def _of(market: MarketSettings, providers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: providers.get(name) for name in market.provider}


def leave_anchors(loaded: Loaded, anchors: Anchors) -> None:
    """Leave the broker's market clocks where this host's refresher finds them."""
    path = anchors_path(loaded)
    text = json.dumps(anchors, indent=1)
    with contextlib.suppress(FileNotFoundError):
        if path.read_text(encoding="utf-8") == text:
            return
    runfiles.write_whole(path, text)


def anchors_path(loaded: Loaded) -> Path:
    """Give the file of the market clocks as workers of this host were told them."""
    return loaded.settings.features_dir / "clock.json"


def name_presets(catalogue: Mapping[str, MethodInfo], scanning: Scanning) -> None:
    """Show the configured presets in scan.market's description."""
    schema = catalogue["scan.market"].params_schema
    for found in _properties(schema):
        told = "; ".join(
            f"{name}: {each.description}" if each.description else name
            for name, each in scanning.presets.items()
        )
        found["preset"] |= {"description": f"A scan by its name. {told}", "examples": list(scanning.presets)}


def _properties(schema: dict[str, Any]) -> list[dict[str, Any]]:
    structs = [schema, *schema.get("$defs", {}).values()]
    return [each["properties"] for each in structs if "preset" in each.get("properties", {})]


def refresher_report(folder: Path) -> dict[str, Any]:
    """Report on the refresher of this host, as far as there is one."""
    told = read_status(folder)
    if not told:
        return {"status": "healthy", "state": "none runs on this host"}
    markets = told.get("markets", {})
    report = {"status": "healthy", **told, "state": _state(markets)}
    if runfiles.process_of(told) is None:
        reason = f"the refresher (pid {told.get('pid')}) ended, and none runs on this host"
        return {**report, "status": "degraded", "reason": reason}
    failing = [name for name, each in markets.items() if each.get("failed")]
    if failing:
        reason = "; ".join(f"{name}: {markets[name]['doing']}" for name in failing)
        return {**report, "status": "degraded", "reason": reason}
    return msgspec.to_builtins(report)  # type: ignore[no-any-return]


def _state(markets: Mapping[str, Mapping[str, Any]]) -> str:
    ready = sum(bool(each.get("full")) for each in markets.values())
    return f"{ready} of {len(markets)} ready"
