"""What `tacore ps` calls the processes that health.check tells of."""

import os
from pathlib import Path
from typing import Any

from tacore import runfiles
from tacore.cli import ps


def health(home: Path) -> dict[str, Any]:
    supervisors = [
        {"supervisor": f"{pool}-1", "pool": pool, "pid": pid, "host": "h", "wanted": 1, "gave_up": []}
        for pool, pid in (("fast", 20), ("orders", 30))
    ]
    workers = [
        {"worker_id": f"{pool}-1-1", "pool": pool, "pid": pid, "host": "h", "state": "ready"}
        | {"rss_mb": 1.0, "uptime_s": 2.0}
        for pool, pid in (("fast", 21), ("orders", 31))
    ]
    parts = {"broker": {"status": "healthy"}, "journal": {"status": "healthy"}}
    parts["workers"] = {"supervisors": supervisors, "workers": workers}  # type: ignore[dict-item]
    return {"home": str(home), "pid": 10, "endpoint": "e", "database": "d", "components": parts}


def test_ps_when_the_pool_of_orders_runs_names_its_executor(tmp_path: Path) -> None:
    rows = {row.pid: (row.role, row.where) for row in ps._rows(health(tmp_path))}
    assert rows == {
        10: ("broker", "e"),
        20: ("supervisor", "pool fast on h"),
        30: ("supervisor", "pool orders on h"),
        21: ("worker", "pool fast on h"),
        31: ("executor", "pool orders on h"),
    }


def test_ps_when_a_monitor_runs_from_the_home_shows_it(tmp_path: Path) -> None:
    told = health(tmp_path) | {"pid": os.getpid()}
    run = tmp_path / "run"
    with (
        runfiles.announced(run / "broker.json", {}),
        runfiles.announced(run / "monitor.json", {"url": "http://127.0.0.1:8000"}),
    ):
        rows = [(row.role, row.where) for row in ps._rows(told)]
    assert rows[1] == ("monitor", "http://127.0.0.1:8000")
