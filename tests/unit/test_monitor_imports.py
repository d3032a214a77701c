"""Who pays for the monitor: itself alone, and it not for tables and charts that nobody asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

WEB = "{'fastapi', 'uvicorn', 'starlette', 'prometheus_client'}"
LARGE = "{'polars', 'pandas', 'numpy', 'talib', 'redis', 'textual', 'sqlite_utils', 'exchange_calendars'}"


def imported(code: str, heavy: str, cwd: Path) -> str:
    whole = f"import sys; {code}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module", ["cli.call", "cli.logs", "cli.up", "cli.ps", "cli.monitor", "bootstrap.broker", "watch.tail"]
)
def test_web_when_a_process_is_no_monitor_is_not_imported(module: str, tmp_path: Path) -> None:
    assert imported(f"import tacore.{module}", WEB, tmp_path) == "[]"


def test_large_libraries_when_the_monitor_starts_are_not_imported(tmp_path: Path) -> None:
    assert imported("import tacore.monitor.serve", LARGE, tmp_path) == "[]"
