"""Play a role as a child process, whose spec comes on standard input."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tacore import processes
from tacore.errors import TacoreError
from tacore.settings.loaded import Loaded

if TYPE_CHECKING:
    from tacore.bootstrap.executor import Open

CONFIGURATION = 6


def main(argv: list[str]) -> int:
    """Play the role; give the exit status."""
    spec = processes.read_spec()
    try:
        _play(argv[0] if argv else "", spec)
    except TacoreError as error:
        sys.stderr.write(f"tacore {' '.join(argv)}: {error.message}\n")
        return CONFIGURATION
    return 0


def _play(role: str, spec: Mapping[str, Any]) -> None:
    # Each role pays for its own imports only.
    if role == "broker":
        from tacore.bootstrap.broker import serve_broker  # noqa: PLC0415

        serve_broker(Loaded.from_json(spec["loaded"]), stderr=bool(spec.get("stderr")), watch_parent=True)
    elif role == "workers":
        from tacore.bootstrap.supervisor import serve_workers  # noqa: PLC0415

        serve_workers(
            Loaded.from_json(spec["loaded"]),
            count=int(spec["count"]),
            pool=str(spec["pool"]),
            endpoint=str(spec["endpoint"]),
            stderr=bool(spec.get("stderr")),
            watch_parent=True,
        )
    elif role == "refresher":
        _one_thread()
        from tacore.bootstrap.refresher import serve_refresher  # noqa: PLC0415

        serve_refresher(Loaded.from_json(spec["loaded"]))
    elif role == "worker":
        _one_thread()
        from tacore.bootstrap.worker import serve_worker  # noqa: PLC0415

        serve_worker(spec)
    elif role == "executor":
        _one_thread()
        from tacore.bootstrap.executor import serve_executor  # noqa: PLC0415

        serve_executor(spec, _opener(str(spec["pool"])))
    elif role == "calendar":
        from tacore.bootstrap.calendars import serve_calendar  # noqa: PLC0415

        serve_calendar(spec)
    else:
        roles = "broker, workers, worker, executor, refresher, calendar"
        raise TacoreError(f"there is no role {role!r}; there are: {roles}")


def _opener(pool: str) -> "Open":
    """Choose the store that the one worker of a pool owns."""
    if pool == "agents":
        from tacore.bootstrap.jobs import open_jobs  # noqa: PLC0415

        return open_jobs
    from tacore.bootstrap.desk import open_desk  # noqa: PLC0415

    return open_desk


def _one_thread() -> None:
    """Give numerical libraries one thread each, said before any of them is loaded."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
