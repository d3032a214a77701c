"""What a scan costs: the feature table of 10,000 instruments of 252 sessions, scanned, and held by 8 readers.

The same work in pandas and in plain Polars runs beside it, in turns, and is given as a ratio: its time over
ours. History is at hand in arrays, as it is for the refresher: ``python -m benchmarks.scan``. Bounded to a
minute; what getting the history of the synthetic market costs is measured on 64 instruments and multiplied.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl

from tacore.clock import SystemClock
from tacore.market.features.files import Reader, frame_of, publish
from tacore.market.features.table import make_table
from tacore.market.router import Markets, build_market_data
from tacore.market.scan.presets import parse_scan
from tacore.market.synthetic.market import SyntheticMarket
from tacore.methods.scan_market import METHOD
from tacore.model import Instrument, Quote
from tacore.model.history import History
from tacore.model.markets import SyntheticSettings, parse_markets
from tacore.model.table import Facts, Table
from tacore.ports import Context, Ports
from tacore.wire.reply import encode_value
from tacore.worker.params import ParamsReader

SESSIONS = 252
VOLUME, RSI, PRICE = 1000, 45, 20
CRITERIA = {"min_volume": VOLUME, "rsi_14": {"lt": RSI}, "price": {"gt": PRICE}}
READERS = 8


_FACTS = Facts(market="SIM", source="bench", simulated=True, full=True, market_us=0, built_us=0)


def invented(count: int) -> tuple[list[Instrument], list[Quote], History]:
    """Make random walks: what the table is built of, at hand."""
    random = np.random.default_rng(1)
    close = np.round(80 * np.exp(np.cumsum(random.normal(0, 0.015, (count, SESSIONS)), axis=1)), 2)
    high, low = np.round(close * 1.01, 2), np.round(close * 0.99, 2)
    volume = random.integers(100, 100_000, close.shape).astype(float)
    names = tuple(f"SIM{number:05d}" for number in range(1, count + 1))
    days = np.datetime64("2024-01-01") + np.arange(SESSIONS)
    end = datetime.fromisoformat(f"{days[-1]}T00:00:00+00:00").replace(hour=23, minute=59, tzinfo=UTC)
    quotes = [
        Quote(
            price=Decimal(f"{close[row, -1]:.2f}"),
            change_pct=Decimal(f"{(close[row, -1] / close[row, -2] - 1) * 100:.4f}"),
            open=Decimal(f"{close[row, -1]:.2f}"),
            high=Decimal(f"{high[row, -1]:.2f}"),
            low=Decimal(f"{low[row, -1]:.2f}"),
            volume=Decimal(int(volume[row, -1])),
            as_of=end,
        )
        for row in range(count)
    ]
    instruments = [
        Instrument(symbol=name, market="SIM", name=f"Synthetic {name}", currency="USD") for name in names
    ]
    arrays = (close, high, low, close, volume, close)
    return instruments, quotes, History(names, ("bench",) * count, (True,) * count, days, *arrays)


def in_pandas(history: History) -> pd.DataFrame:
    """Compute the same indicators with pandas, a column per instrument, and take the last two sessions."""
    close, high, low = (pd.DataFrame(each.T) for each in (history.close, history.high, history.low))
    volume = pd.DataFrame(history.volume.T)
    moves, last = close.diff(), close.shift()
    gain, loss = (
        each.ewm(alpha=1 / 14, adjust=False).mean() for each in (moves.clip(lower=0), -moves.clip(upper=0))
    )
    line = close.ewm(span=12, adjust=False).mean() - close.ewm(span=26, adjust=False).mean()
    signal = line.ewm(span=9, adjust=False).mean()
    true_range = np.maximum(high, last) - np.minimum(low, last)
    middle, spread = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
    made = {
        **{f"sma_{length}": close.rolling(length).mean() for length in (20, 50, 200)},
        **{f"ema_{length}": close.ewm(span=length, adjust=False).mean() for length in (12, 26)},
        "rsi_14": 100 * gain / (gain + loss),
        "macd": line,
        "macd_signal": signal,
        "macd_hist": line - signal,
        "atr_14": true_range.ewm(alpha=1 / 14, adjust=False).mean(),
        "bollinger_position": (close - middle + 2 * spread) / (4 * spread),
        "bollinger_width": 4 * spread / middle * 100,
        "high_52w": high.rolling(251).max(),
        "low_52w": low.rolling(251).min(),
        "relative_volume": volume / volume.shift().rolling(20).mean(),
        "volatility": np.log(close).diff().rolling(60).std(),
        **{f"return_{each}": close.pct_change(each) for each in (5, 20, 60)},
        "price": close,
        "volume": volume,
        "change_pct": close.pct_change() * 100,
    }
    frame = pd.DataFrame({name: each.iloc[-1] for name, each in made.items()})
    frame["symbol"] = history.symbols
    return frame


def in_polars(history: History) -> pl.DataFrame:
    """Compute the same indicators with Polars, rolling over each instrument's rows, and take the last."""
    count = len(history.symbols)
    close, last = pl.col("close"), pl.col("close").shift(1)
    moves = close.diff()
    gain, loss = (
        each.ewm_mean(alpha=1 / 14, adjust=False) for each in (moves.clip(0, None), -moves.clip(None, 0))
    )
    line = close.ewm_mean(span=12, adjust=False) - close.ewm_mean(span=26, adjust=False)
    signal = line.ewm_mean(span=9, adjust=False)
    true_range = pl.max_horizontal("high", last) - pl.min_horizontal("low", last)
    middle, spread = close.rolling_mean(20), close.rolling_std(20, ddof=0)
    made = {
        **{f"sma_{length}": close.rolling_mean(length) for length in (20, 50, 200)},
        **{f"ema_{length}": close.ewm_mean(span=length, adjust=False) for length in (12, 26)},
        "rsi_14": 100 * gain / (gain + loss),
        "macd": line,
        "macd_signal": signal,
        "macd_hist": line - signal,
        "atr_14": true_range.ewm_mean(alpha=1 / 14, adjust=False),
        "bollinger_position": (close - middle + 2 * spread) / (4 * spread),
        "bollinger_width": 4 * spread / middle * 100,
        "high_52w": pl.col("high").rolling_max(251),
        "low_52w": pl.col("low").rolling_min(251),
        "relative_volume": pl.col("volume") / pl.col("volume").shift(1).rolling_mean(20),
        "volatility": close.log().diff().rolling_std(60),
        **{f"return_{each}": close / close.shift(each) - 1 for each in (5, 20, 60)},
        "price": close,
        "change_pct": (close / last - 1) * 100,
    }
    frame = pl.DataFrame(
        {
            "symbol": np.repeat(np.arange(count), SESSIONS),
            "close": history.close.ravel(),
            "high": history.high.ravel(),
            "low": history.low.ravel(),
            "volume": history.volume.ravel(),
        }
    )
    grouped = frame.lazy().group_by("symbol", maintain_order=True)
    wanted = [each.last().alias(name) for name, each in made.items()]
    return grouped.agg(*wanted, pl.col("volume").last()).collect()


class Kept:
    """One table, as a worker has it."""

    presets = parse_scan(None).presets

    def __init__(self, table: Table) -> None:
        self._table = table

    def table(self, market: str) -> Table:
        """Give it."""
        return self._table

    def history(self, market: str, instruments: Sequence[Instrument]) -> History:
        """Give none: the table has everyone."""
        raise SystemExit(f"history of {len(instruments)} of {market}")


def scanner(table: Table, params: dict[str, Any]) -> Callable[[], int]:
    """Give what a worker does with a request, from its raw params to the bytes of its answer."""
    clock, read, raw = SystemClock(), ParamsReader(METHOD).read, msgspec.Raw(json.dumps(params).encode())
    markets: Markets = build_market_data(
        parse_markets({"SIM": {"provider": "synthetic", "synthetic": {"size": 1}}}), clock
    )
    ports = Ports(markets, tables=Kept(table))

    def scan() -> int:
        context = Context(1, METHOD.name, "local", clock.monotonic() + 5, clock, ports)
        return len(encode_value(METHOD.handler(read(raw)[0], context)))

    return scan


def took_ms(work: Callable[[], Any], times: int) -> list[float]:
    """Run it, and give each run's milliseconds, sorted."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1000)
    return sorted(found)


def middle(times: list[float]) -> float:
    """Give the median to a hundredth."""
    return round(statistics.median(times), 2)


def bench_build(
    world: tuple[list[Instrument], list[Quote], History], repeats: int
) -> tuple[Table, dict[str, Any]]:
    """Build the table in turns with pandas and Polars."""
    instruments, quotes, history = world
    ours, pandas, polars = [], [], []
    for _ in range(repeats):
        ours += took_ms(lambda: make_table(instruments, quotes, [history], _FACTS), 1)
        pandas += took_ms(lambda: in_pandas(history), 1)
        polars += took_ms(lambda: in_polars(history), 1)
    table = make_table(instruments, quotes, [history], _FACTS)
    return table, _beside(ours, pandas, polars)


def bench_scan(table: Table, history: History, times: int) -> dict[str, Any]:
    """Scan with criteria, sorted, 50 shown; the others filter, sort and convert their own frames."""
    frame, wide = frame_of(table), in_pandas(history)

    def pandas_scan() -> int:
        hits = wide[(wide.volume >= VOLUME) & (wide.rsi_14 < RSI) & (wide.price > PRICE)]
        return len(json.dumps(hits.sort_values("change_pct", ascending=False).head(50).to_dict("records")))

    wanted = (pl.col("volume") >= VOLUME) & (pl.col("rsi_14") < RSI) & (pl.col("price") > PRICE)

    def polars_scan() -> int:
        hits = frame.filter(wanted)
        return len(json.dumps(hits.sort("change_pct", descending=True).head(50).to_dicts()))

    scan = scanner(table, {"market": "SIM", "criteria": CRITERIA, "sort_by": "change_pct"})
    plain = scanner(table, {"market": "SIM"})
    ours = took_ms(scan, times)
    found = _beside(ours, took_ms(pandas_scan, times // 4), took_ms(polars_scan, times // 4))
    found["p99_ms"] = round(ours[int(len(ours) * 0.99)], 2)
    everything = took_ms(plain, times)
    found["no_criteria"] = {"p50_ms": middle(everything), "p99_ms": round(everything[int(times * 0.99)], 2)}
    return found


def _beside(ours: list[float], pandas: list[float], polars: list[float]) -> dict[str, Any]:
    own = middle(ours)
    return {
        "p50_ms": own,
        "pandas_ms": middle(pandas),
        "polars_ms": middle(polars),
        "pandas_over_ours": round(middle(pandas) / own, 1),
        "polars_over_ours": round(middle(polars) / own, 1),
    }


def pss_kb() -> int:
    """Give this process's proportional share of memory."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def read_along(folder: str) -> None:
    """Be one reader: say the memory before, map the table and scan it, wait for all, say the memory after."""
    from tacore.market.scan import shown, tables  # noqa: F401, PLC0415 - what a worker has loaded anyway

    reader = Reader(Path(folder), "SIM", "bench", SystemClock())
    params = {"market": "SIM", "criteria": CRITERIA}
    instruments, quotes, history = invented(10)
    small = scanner(make_table(instruments, quotes, [history], _FACTS), params)
    for _ in range(20):
        small()  # what a worker that has scanned before holds anyway
    say = sys.stdout.write
    say(f"{pss_kb()}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    table = reader.table(SystemClock.wall_us(), 0)
    scan = scanner(table, params)
    for _ in range(20):
        scan()
    for column in table.numbers.values():
        column.sum()
    say(f"{pss_kb()}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    say(f"{pss_kb()}\n")


def bench_memory(table: Table) -> dict[str, Any]:
    """Let readers map one table; give what they all grew by, beside the size of the table."""
    with tempfile.TemporaryDirectory() as folder:
        pointer = publish(Path(folder), table, "bench", 5.0)
        argv = [sys.executable, "-m", "benchmarks.scan", "--reader", folder]
        readers = [
            subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(READERS)
        ]
        rounds = []
        for number in range(3):
            for each in readers:
                if number:
                    _pipe(each.stdin).write("\n")
                    _pipe(each.stdin).flush()
            rounds.append([int(_pipe(each.stdout).readline()) for each in readers])
        for each in readers:
            each.communicate()
    grew_kb = sum(rounds[2]) - sum(rounds[0])
    return {
        "readers": READERS,
        "table_mb": round(pointer.size / 1e6, 2),
        "grew_mb": round(grew_kb * 1024 / 1e6, 2),
        "grew_over_table": round(grew_kb * 1024 / pointer.size, 2),
    }


def _pipe(pipe: Any) -> Any:  # noqa: ANN401 - a stream that is there, for it was asked for
    return pipe


def bench_cold() -> dict[str, Any]:
    """Give what the synthetic market's history costs, in CPU: measured on 64 instruments."""
    market = SyntheticMarket("SIM", SyntheticSettings(size=64))
    listed = market.instruments("SIM")
    started = time.process_time()
    market.history(listed, now=datetime(2026, 1, 5, tzinfo=UTC), sessions=SESSIONS)
    each_s = (time.process_time() - started) / len(listed)
    return {"sim_ms_each": round(each_s * 1000, 1), "sim_10000_s": round(each_s * 10_000)}


def main() -> None:
    """Run it, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--scans", type=int, default=400)
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        read_along(options.reader)
        return
    world = invented(options.size)
    table, build = bench_build(world, options.repeats)
    found = {
        "instruments": options.size,
        "sessions": SESSIONS,
        "build": build,
        "scan": bench_scan(table, world[2], options.scans),
        "memory": bench_memory(table),
        "cold": bench_cold(),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
