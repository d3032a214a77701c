"""Asks a running monitor for each of its endpoints again and again; prints their times, and its memory.

python benchmarks/monitor.py --url http://127.0.0.1:8000 --home .
"""

import argparse
import json
import time
from pathlib import Path

import httpx
import psutil

ENDPOINTS = (
    "/health",
    "/api/overview",
    "/api/workers",
    "/api/series",
    "/api/methods?window_s=10",
    "/api/methods?window_s=3600",
    "/api/metrics",
    "/api/requests",
    "/api/requests?limit=1000",
    "/api/requests?status=error",
    "/api/requests?since=5m&method=scan.market",
    "/api/requests?text=nowhere",
    "/api/requests?offset=10000",
    "/api/requests?q=method:debug.echo+status:error",
    "/",
)
PROMETHEUS = {"Accept": "text/plain"}


def timed(client: httpx.Client, path: str, headers: dict[str, str] | None = None) -> float:
    """Give the milliseconds that one answer took."""
    began = time.perf_counter()
    client.get(path, headers=headers).raise_for_status()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Ask in turns, so that no endpoint lives off an answer that it just gave."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--home", default=".", help="for the monitor's memory")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    took: dict[str, list[float]] = {}
    with httpx.Client(base_url=given.url, timeout=30.0) as client:
        newest = client.get("/api/requests?limit=1").raise_for_status().json()[0]
        paths = [*ENDPOINTS, f"/api/rows/{newest['id'] // 2 + 1}", f"/api/requests/{newest['request_id']}"]
        for _ in range(given.rounds):
            for path in paths:
                took.setdefault(path, []).append(timed(client, path))
            took.setdefault("/metrics for Prometheus", []).append(timed(client, "/metrics", PROMETHEUS))
    for path, times in took.items():
        times.sort()
        p95 = times[max(0, -(-95 * len(times) // 100) - 1)]
        print(
            f"{path:50} p50 {times[len(times) // 2]:7.1f} ms   p95 {p95:7.1f} ms   most {times[-1]:7.1f} ms"
        )
    facts = json.loads((Path(given.home) / "run" / "monitor.json").read_text(encoding="utf-8"))
    print(f"memory of the monitor: {psutil.Process(facts['pid']).memory_info().rss / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
