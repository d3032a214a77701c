"""evaluate.risk in one process: the figures from arrays, with the same work in pandas beside them.

    python benchmarks/risk.py [--rounds 30]

``request`` is the whole handler on the sample or the synthetic provider, history and quotes included, the
synthetic's drawn anew each time; ``arrays`` is the assessment of a snapshot at hand; ``pandas`` computes
value, returns, VaR and CVaR with components, volatility, beta, drawdown, weights and liquidity from frames at
hand, without scenarios and score.
The least of the rounds is shown, for other work on the machine only adds to it.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from tacore.clock import SystemClock
from tacore.market.router import build_market_data
from tacore.methods.evaluate_risk import answer, evaluate_risk
from tacore.model.history import History
from tacore.model.markets import parse_markets
from tacore.model.risk import parse_risk
from tacore.model.snapshot import Asset, Benchmark, Part, Snapshot
from tacore.ports import Context, Ports
from tacore.risk.asked import Params

SESSIONS = 505
NOW = datetime(2013, 3, 1, 21, tzinfo=UTC)


def snapshot(positions: int) -> Snapshot:
    """Make a portfolio of random walks with a common factor."""
    source = np.random.default_rng(positions)
    common = source.standard_normal(SESSIONS) * 0.01
    steps = common + source.standard_normal((positions, SESSIONS)) * 0.015
    close = 100 * np.exp(np.cumsum(steps, axis=1))
    volume = source.integers(10_000, 1_000_000, close.shape).astype(np.float64)
    days = np.arange("2011-01-01", np.datetime64("2011-01-01") + SESSIONS, dtype="datetime64[D]")
    names = tuple(f"S{number:04d}" for number in range(positions))
    history = History(
        names, ("made",) * positions, (True,) * positions, days, close, close, close, close, volume, close
    )
    assets = tuple(
        Asset(name, "US", "USD", "technology", float(price), 1.0, NOW)
        for name, price in zip(names, close[:, -1], strict=True)
    )
    part = Part("US", "made", True, False, NOW, assets, history, history, {}, every_day=False)
    benchmark = Benchmark(names[:4], "US", history.take(range(4)))
    return Snapshot(
        "USD", (part,), source.integers(-50, 200, positions).astype(float), {"USD": 1e5}, benchmark
    )


def in_pandas(
    closes: pd.DataFrame, volumes: pd.DataFrame, quantities: pd.Series, cash: float
) -> dict[str, Any]:
    """Do the main of the work as one would with frames."""
    exposures = closes.iloc[-1] * quantities
    value = float(exposures.sum() + cash)
    returns = closes.pct_change().iloc[1:]
    gains = returns.mul(exposures, axis=1)
    total = gains.sum(axis=1)
    var = -total.quantile(0.05)
    tail = gains[total <= -var]
    benchmark = returns.iloc[:, :4].mean(axis=1)
    wealth = (1 + total / value).cumprod()
    return {
        "var": var,
        "cvar": -tail.sum(axis=1).mean(),
        "components": -tail.mean(),
        "volatility": total.std() / value * 252**0.5,
        "deviations": returns.std() * 252**0.5,
        "betas": returns.apply(benchmark.cov) / benchmark.var(),
        "drawdown": (wealth / wealth.cummax() - 1).min(),
        "hhi": ((exposures / exposures.abs().sum()) ** 2).sum(),
        "days": quantities.abs() / (0.2 * volumes.iloc[-20:].mean()),
    }


class Taken(NamedTuple):
    """The least time that some work took: on the clock and of the processor."""

    wall_ms: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.wall_ms:.2f} | {self.cpu_ms:.2f}"


def least_ms(work: Callable[[], object], rounds: int) -> Taken:
    """Time some work at its quickest, after doing it once."""
    work()
    taken = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    return Taken(*(1000 * min(each) for each in zip(*taken, strict=True)))


def request_ms(rounds: int) -> Taken:
    """Time whole requests: ten positions stated, of the four shares with 504 sessions of the sample."""
    lots = [
        {"symbol": name, "quantity": 10 + number} for number, name in enumerate("AAPL GOOG IBM MSFT".split())
    ]
    lots += [{"symbol": name, "quantity": 5} for name in "AAPL GOOG IBM MSFT AAPL GOOG".split()]
    return handled_ms({"US": {"provider": "sample"}}, {"positions": lots, "cash": 10_000}, rounds)


def invented_ms(rounds: int) -> Taken:
    """Time whole requests: ten positions of a synthetic market of 300 that never closes."""
    held = {f"SIM{number:04d}": 10 for number in range(1, 11)}
    return handled_ms({"SIM": {"provider": "synthetic"}}, held, rounds)


def handled_ms(markets: dict[str, Any], portfolio: dict[str, Any], rounds: int) -> Taken:
    """Time the handler on a portfolio."""
    clock = SystemClock()
    ports = Ports(build_market_data(parse_markets(markets), clock))
    context = Context("1", "evaluate.risk", "local", clock.monotonic() + 1e6, clock, ports)
    params = msgspec.convert({"portfolio": portfolio}, Params)
    return least_ms(lambda: evaluate_risk(params, context), rounds)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    settings = parse_risk(None)
    print("| work | wall ms | cpu ms | pandas, wall / wall |")
    print("|---|---:|---:|---:|")
    print(f"| request, 10 lots of 4 shares x 504, sample provider | {request_ms(rounds)} | |")
    print(f"| request, 10 of SIM x 504, synthetic provider | {invented_ms(rounds)} | |")
    for positions in (10, 1000):
        taken = snapshot(positions)
        history = taken.parts[0].history
        closes, volumes = (
            pd.DataFrame(values.T, columns=list(history.symbols))
            for values in (history.close, history.volume)
        )
        quantities = pd.Series(taken.quantities, index=closes.columns)
        frames = least_ms(lambda: in_pandas(closes, volumes, quantities, 1e5), max(3, rounds // 5))  # noqa: B023
        print(f"| pandas, {positions:,} x 504 | {frames} | 1.0 |")
        for method in ("historical", "parametric", "cornish_fisher", "monte_carlo"):
            params = Params(portfolio={}, method=method)
            arrays = least_ms(lambda: answer(params, None, taken, settings), rounds)  # noqa: B023
            print(f"| {method}, {positions:,} x 504 | {arrays} | {frames.wall_ms / arrays.wall_ms:.1f} |")


if __name__ == "__main__":
    main()
