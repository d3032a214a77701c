"""What a run of agents costs over the bare graph of its engine: ``python -m benchmarks.agents``.

Both run under the engine's own interpreter, imported beforehand, on the same data, against the same scripted
model server, which takes 0.3 s for each answer. TRADINGAGENTS_PATH (and TRADINGAGENTS_PYTHON), or TAURIC_PATH
(and TAURIC_PYTHON), name the engines. Rounds alternate; the median of each kind counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

from tacore.analysis.agents.adapter import RUNNER
from tacore.analysis.agents.data import TOOLS
from tacore.model.jobs import Engine
from tests.support.agent_runs import KEY, KEY_NAME, Team, agent_settings, ask_of, team
from tests.support.model_server import ModelServer

NAMED: dict[Engine, tuple[str, str]] = {
    "tradingagents_cn": ("TRADINGAGENTS_PATH", "TRADINGAGENTS_PYTHON"),
    "tradingagents": ("TAURIC_PATH", "TAURIC_PYTHON"),
}
BARE = Path(__file__).with_name("bare_agents.py")


def bare(agents: Team, folder: Path) -> tuple[float, float]:
    """Run the bare graph; gives the seconds of building it, and of both."""
    ask = ask_of(agents.engine)
    order = dict(agents.analyst.order(ask, folder))
    order["texts"] = {tool: agents.data.answer(ask, "", tool, {})[0] for tool in TOOLS}
    environment = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "OPENAI_API_KEY": KEY}
    with subprocess.Popen(
        [str(agents.python), "-I", "-B", str(BARE), str(RUNNER)],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        into, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        said: list[Any] = []
        for line in ({"engine": agents.engine, "checkout": str(agents.checkout)}, order):
            into.write(json.dumps(line).encode() + b"\n")
            into.flush()
            said.append(json.loads(out.readline()))
    build_s, whole_s = said[1]
    return build_s, whole_s


def warmed(agents: Team, name: str) -> float:
    """Run by the adapter in a process that is ready; gives the seconds until its decision."""
    agents.analyst.warm()
    agents.analyst.wait_warm(60)
    began = time.perf_counter()
    _, heard = agents.start(ask_of(agents.engine), name)
    heard.outcome()
    return time.perf_counter() - began


def measure(engine: Engine, server: ModelServer, rounds: int) -> None:
    """Measure one engine, and print it."""
    checkout, python = (os.environ.get(name, "") for name in NAMED[engine])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        agents = team(
            engine, Path(checkout), Path(python or sys.executable), agent_settings(server.url), folder
        )
        bares, runs = [], []
        for number in range(rounds):
            place = folder / f"bare-{number}"
            place.mkdir()
            bares.append(bare(agents, place))
            runs.append(warmed(agents, f"run-{number}"))
        agents.analyst.close()
    build_s = statistics.median(each for each, _ in bares)
    whole_s, run_s = statistics.median(each for _, each in bares), statistics.median(runs)
    print(f"{engine}: bare {whole_s:.3f} s ({build_s:.3f} s of it builds the graph), run {run_s:.3f} s")
    for words, base in (
        ("", [each for _, each in bares]),
        (" without its building", [b - a for a, b in bares]),
    ):
        ratio = statistics.median(run / each for run, each in zip(runs, base, strict=True))
        print(f"  over the bare graph{words}: {(ratio - 1) * 100:+.1f} % (median of {rounds} rounds)")


def main() -> None:
    """Measure the engines that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-s", type=float, default=0.3)
    options = parser.parse_args()
    named = [engine for engine, (path, _) in NAMED.items() if os.environ.get(path)]
    if not named:
        sys.exit("name a checkout: TRADINGAGENTS_PATH (TradingAgents-CN) or TAURIC_PATH (TradingAgents)")
    os.environ[KEY_NAME] = KEY
    with ModelServer(KEY) as server:
        server.change(latency_s=options.latency_s)
        for engine in named:
            measure(engine, server, options.rounds)


if __name__ == "__main__":
    main()
