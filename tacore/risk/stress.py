"""Stress scenarios: how far each position moves, and what the portfolio loses."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from tacore.model.history import History, Reals
from tacore.model.risk import ScenarioSettings
from tacore.model.snapshot import Asset, Part
from tacore.risk.report import Impact, Scenario

_NEAR = np.timedelta64(10, "D")
_MOST_SHOWN = 5
Stress = Mapping[str, ScenarioSettings]


def moves(stress: Stress, parts: Sequence[Part], betas: Reals) -> Reals:
    """Give each scenario's moves of each asset, shaped (scenarios, N); NaN where there is no telling."""
    assets = [asset for part in parts for asset in part.assets]
    made = np.empty((len(stress), len(assets)))
    for row, (name, scenario) in enumerate(stress.items()):
        if scenario.window:
            lived = [_lived(part, name, scenario.window.start, scenario.window.end) for part in parts]
            made[row] = np.concatenate(lived) if lived else ()
        else:
            made[row] = [_shock(scenario, each, beta) for each, beta in zip(assets, betas, strict=True)]
    return np.maximum(made, -1.0)


def losses(moved: Reals, exposures: Reals) -> Reals:
    """Give the loss of each scenario, shaped (scenarios,); NaN where it says nothing of any position."""
    held = exposures != 0
    known = np.isfinite(moved) & held
    lost = -(np.where(known, moved, 0.0) @ exposures)
    return np.where(known.any(axis=1) | (not held.any()), lost, np.nan)


def scenarios(
    stress: Stress, moved: Reals, assets: Sequence[Asset], exposures: Reals, base: float
) -> list[Scenario]:
    """Describe each scenario: its loss, the positions that lose most, and those it says nothing of."""
    found = []
    all_lost = losses(moved, exposures)
    for row, (name, scenario) in enumerate(stress.items()):
        lost = float(all_lost[row])
        hits = -moved[row] * exposures
        losing = np.where(hits > 0, hits, 0.0)
        order = [each for each in np.argsort(-losing, kind="stable")[:_MOST_SHOWN] if losing[each]]
        silent = [
            assets[each].symbol for each in np.flatnonzero(~np.isfinite(hits) & (exposures != 0)).tolist()
        ]
        known = bool(np.isfinite(lost))
        found.append(
            Scenario(
                name=name,
                description=scenario.description,
                loss=lost + 0.0 if known else None,
                loss_pct=100 * lost / base + 0.0 if known and base > 0 else None,
                worst=[Impact(assets[each].symbol, float(hits[each])) for each in order],
                excluded=silent,
                reason=_reason(scenario) if silent else None,
            )
        )
    return found


def _shock(scenario: ScenarioSettings, asset: Asset, beta: float) -> float:
    if asset.symbol in scenario.symbols:
        return scenario.symbols[asset.symbol]
    if asset.sector in scenario.sectors:
        return scenario.sectors[asset.sector]
    return 0.0 if scenario.market is None else scenario.market * beta


def _lived(part: Part, name: str, start: date, end: date) -> Reals:
    """Give what the part's assets returned in a window; NaN where their history does not reach."""
    history = part.windows.get(name)
    if history is None:
        return np.full(len(part.assets), np.nan)
    before, after = _price_at(history, start), _price_at(history, end)
    made: Reals = after / before - 1.0
    return made


def _price_at(history: History, day: date) -> Reals:
    """Give the last adjusted close at or up to ten days before a day; NaN without one."""
    wanted = np.datetime64(day, "D")
    near = (history.sessions <= wanted) & (history.sessions >= wanted - _NEAR)
    if not near.any():
        return np.full(len(history.symbols), np.nan)
    prices = history.adjusted_close[:, near]
    known = np.isfinite(prices)
    last = prices.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    made: Reals = prices[np.arange(len(prices)), last]
    return made


def _reason(scenario: ScenarioSettings) -> str:
    if scenario.window:
        return f"no real history of them covers {scenario.window.start} to {scenario.window.end}"
    return "a move of the market reaches a position through its beta, which is not known"
