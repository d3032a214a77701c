"""What `tacore ps` calls the processes that health.check tells of."""

from pathlib import Path
from typing import Any

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
