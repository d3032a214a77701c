"""Assess a portfolio: a pure function of the options, the market's snapshot and the settings."""

import numpy as np

from tacore.model.risk import RiskSettings
from tacore.model.snapshot import Snapshot
from tacore.risk import series, stress
from tacore.risk.book import Book, open_book
from tacore.risk.limits import exceeded
from tacore.risk.measure import Holdings, hold, measure, tail_of
from tacore.risk.report import (
    Assessment,
    Concentration,
    Contribution,
    Exclusion,
    Exposure,
    Liquidity,
    Options,
    Weight,
    Window,
)
from tacore.risk.tail import Tail

_MOST_WEIGHTS = 5


def assess(
    options: Options,
    snapshot: Snapshot,
    settings: RiskSettings,
    trade: tuple[float, float] | None = None,
) -> Assessment:
    """Measure what is held; with a trade (quantity, change of cash) in the snapshot's row, also after it."""
    book = open_book(snapshot, settings, options.lookback_days)
    held = hold(book, snapshot.quantities, book.cash)
    tail = tail_of(book, held, options)
    measures, parts = measure(book, held, tail)
    after, exceeds = None, []
    if trade is not None and snapshot.trade_row is not None:
        changed = snapshot.quantities.copy()
        changed[snapshot.trade_row] += trade[0]
        then = hold(book, changed, book.cash + trade[1])
        after, _ = measure(book, then, tail_of(book, then, options))
        exceeds = exceeded(settings.limits, measures, after, held, then)
    return Assessment(
        measures=measures,
        after=after,
        exceeds=exceeds,
        horizon_scaling=tail.horizon_scaling if tail else "none",
        score_parts={name: round(points, 2) for name, points in parts.items()},
        window=_window(book),
        concentration=_concentration(book, held),
        exposure=_exposure(book, held),
        liquidity=_liquidity(book, held),
        measured=int(np.count_nonzero(book.measured(held.quantities))),
        contributions=_contributions(book, held, tail),
        stress=stress.scenarios(settings.stress, book.moves, book.assets, held.exposures, held.base),
        excluded=_excluded(book, held),
        relative_to="value" if held.value > 0 or not held.gross else "gross",
        warnings=_warnings(book, held, options, tail),
    )


def _window(book: Book) -> Window:
    if book.aligned is None or not len(book.returns):
        return Window(observations=0, start=None, end=None)
    sessions = book.aligned.sessions
    return Window(observations=len(sessions) - 1, start=str(sessions[0]), end=str(sessions[-1]))


def _concentration(book: Book, held: Holdings) -> Concentration:
    hhi = float((held.weights**2).sum())
    largest = np.argsort(-np.abs(held.weights), kind="stable")[:_MOST_WEIGHTS]
    return Concentration(
        hhi=hhi,
        effective_positions=1 / hhi if hhi else 0.0,
        largest=[
            Weight(book.assets[row].symbol, float(held.weights[row])) for row in largest if held.weights[row]
        ],
    )


def _exposure(book: Book, held: Holdings) -> Exposure:
    exposures = held.exposures
    return Exposure(
        long=float(exposures[exposures > 0].sum()),
        short=float(-exposures[exposures < 0].sum()) + 0.0,
        gross=held.gross,
        net=float(exposures.sum()),
        leverage=held.leverage,
        cash=dict(book.snapshot.cash),
    )


def _liquidity(book: Book, held: Holdings) -> Liquidity:
    settings = book.settings.liquidity
    rows = np.flatnonzero(held.quantities)
    known = [row for row in rows if np.isfinite(held.days[row])]
    slowest = max(known, key=lambda row: float(held.days[row]), default=None)
    return Liquidity(
        volume_share=settings.volume_share,
        sessions=settings.sessions,
        days_to_liquidate=None if slowest is None else float(held.days[slowest]),
        slowest=None if slowest is None else book.assets[slowest].symbol,
        unknown=[book.assets[row].symbol for row in rows if not np.isfinite(held.days[row])],
    )


def _contributions(book: Book, held: Holdings, tail: Tail | None) -> list[Contribution]:
    """Describe the measured positions, those that add most to VaR first."""
    if tail is None or book.aligned is None:
        return []
    deviations = series.volatility(book.returns, book.sessions_per_year)
    made = [
        _contribution(book, held, tail, (place, int(row)), float(deviations[place]))
        for place, row in enumerate(book.aligned.kept)
        if held.quantities[row]
    ]
    return sorted(made, key=lambda each: -each.var)


def _contribution(
    book: Book, held: Holdings, tail: Tail, at: tuple[int, int], volatility: float
) -> Contribution:
    place, row = at
    asset = book.assets[row]
    exposure = float(held.exposures[row])
    var = exposure * float(tail.marginal_var[place])
    return Contribution(
        symbol=asset.symbol,
        market=asset.market,
        quantity=float(held.quantities[row]),
        price=asset.price,
        currency=asset.currency,
        value=exposure,
        weight=float(held.weights[row]),
        volatility=volatility,
        beta=_known(book.betas[row]),
        var=var,
        cvar=exposure * float(tail.marginal_cvar[place]),
        marginal_var=float(tail.marginal_var[place]),
        var_share=var / tail.var if tail.var else None,
        days_to_liquidate=_known(held.days[row]),
    )


def _excluded(book: Book, held: Holdings) -> list[Exclusion]:
    found = [Exclusion(each.symbol, each.reason, each.value) for each in book.snapshot.excluded]
    return found + [
        Exclusion(
            book.assets[row].symbol,
            f"its history has {count} returns, and {book.least} are needed",
            float(held.exposures[row]),
        )
        for row, count in book.short_histories().items()
        if held.quantities[row]
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _warnings(book: Book, held: Holdings, options: Options, tail: Tail | None) -> list[str]:
    aligned = book.aligned
    said = [*book.snapshot.warnings, *(tail.warnings if tail else ())]
    if tail is None:
        said.append("no position could be measured: see excluded")
    if held.gross and held.value <= 0:
        said.append("the value is not positive, so fractions and percentages are of gross exposure")
    if aligned is not None and len(aligned.kept):
        count = len(aligned.sessions) - 1
        if aligned.limited_by is not None:
            youngest = book.assets[aligned.limited_by].symbol
            said.append(
                f"{youngest} has the shortest history: {count} returns are used, since {aligned.sessions[0]}"
            )
        elif count < options.lookback_days:
            said.append(f"only {count} of {options.lookback_days} returns are there")
        said += [
            f"{book.assets[row].symbol}: {missing} missing sessions keep the price before them"
            for row, missing in aligned.carried.items()
        ]
        if book.benchmark is None:
            said.append(
                "beta: no benchmark has history on these sessions, so scenarios of the market are empty"
            )
    return said
