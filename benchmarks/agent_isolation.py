"""What hung agent jobs do to everything else: p99 of health.check and scan.market beside 50, and without.

A model server that never answers holds two runs, and 48 more wait. Rounds with and without take turns, so
that a noisy machine is as noisy for both: ``python -m benchmarks.agent_isolation``. At most 1.5 is wanted.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.agent_service import AgentService

QUICK: Mapping[str, dict[str, Any]] = {
    "health.check": {},
    "scan.market": {"market": "US", "criteria": {"min_price": 50}, "limit": 10},
}


def p99_of(service: AgentService, method: str, requests: int) -> float:
    """Call a method so often, one call after the other; give the p99 in milliseconds."""
    took_ms = []
    for _ in range(requests):
        began = time.perf_counter()
        service.call(method, **QUICK[method])
        took_ms.append((time.perf_counter() - began) * 1000)
    return sorted(took_ms)[int(len(took_ms) * 0.99)]


def begin(service: AgentService, jobs: int) -> list[str]:
    """Queue jobs whose first call hangs; give their ids once two of them are there."""
    service.server.mode = "hang"
    calls = len(service.server.calls)
    queued = [service.ask(analysts=["market"])["job_id"] for _ in range(jobs)]
    service.server.wait_for_calls(calls + 2)
    return queued


def main() -> None:
    """Play the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=200, help="of each method in a round")
    parser.add_argument("--jobs", type=int, default=50, help="that hang or wait")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    alone: dict[str, list[float]] = {method: [] for method in QUICK}
    beside: dict[str, list[float]] = {method: [] for method in QUICK}
    with tempfile.TemporaryDirectory() as home, AgentService(Path(home) / "home", options.workers) as service:
        for method in QUICK:
            p99_of(service, method, options.requests)
        for _ in range(options.rounds):
            for method in QUICK:
                alone[method].append(p99_of(service, method, options.requests))
            queued = begin(service, options.jobs)
            for method in QUICK:
                beside[method].append(p99_of(service, method, options.requests))
            for each in reversed(queued):
                service.call("cancel.job", job_id=each)
    print(
        f"p99 in ms, one call after the other, {options.workers} workers (median of {options.rounds} rounds):"
    )
    for method in QUICK:
        one, two = statistics.median(alone[method]), statistics.median(beside[method])
        ratio = statistics.median(b / a for a, b in zip(alone[method], beside[method], strict=True))
        print(f"  {method:14} alone {one:7.2f}   beside {options.jobs} hung {two:7.2f}   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
