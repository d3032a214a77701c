"""The bare graph of an engine, for benchmarks/agents.py: run by the engine's own interpreter, without tacore.

Its data is plain functions, it keeps no checkpoint and tells nobody what it does. It takes the runner's file
as its argument, for the patches of the data, and JSON lines on standard input: what to import, then the run.
"""

import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Texts:
    """Answers every question with what is there for its tool."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def ask(self, _node: str, tool: str, _arguments: dict[str, Any]) -> str:
        """Give the text."""
        return self.texts[tool]


def main() -> None:
    """Import, wait, run; says the seconds of building the graph, and of both."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    spec: Any = importlib.util.spec_from_file_location("runner", sys.argv[1])
    runner: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    first = json.loads(sys.stdin.readline())
    texts = Texts()
    data = runner.Data(texts)
    engine = runner.ENGINES[first["engine"]]
    runner.prepare(first["checkout"])
    module = engine.load(data)
    runner.quiet_logs()
    print(json.dumps("ready"), file=answers, flush=True)
    order = json.loads(sys.stdin.readline())
    texts.texts = order["texts"]
    data.symbol, data.own_symbol = order["symbol"], order["ask"]["symbol"]
    Path("run").mkdir()
    os.chdir("run")
    began = time.perf_counter()
    team = engine.build(module, order)
    built = time.perf_counter()
    state = team.graph.invoke(engine.begin(team, order), config={"recursion_limit": 100})
    if first["engine"] == "tradingagents_cn":
        team.process_signal(state["final_trade_decision"], order["symbol"])
    else:
        team.process_signal(state["final_trade_decision"])
    print(json.dumps([built - began, time.perf_counter() - began]), file=answers, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
