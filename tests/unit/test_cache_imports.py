"""Who pays for the cache's libraries: workers, and for redis only those that use Redis."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = "{'redis', 'cachetools'}"


def imported(code: str, cwd: Path) -> str:
    whole = f"import sys; {code}; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module", ["bootstrap.broker", "bootstrap.supervisor", "client", "cli.call", "cli.cache"]
)
def test_redis_when_a_process_is_no_worker_is_not_imported(module: str, tmp_path: Path) -> None:
    assert (
        imported(f"import tacore.{module}; from tacore.methods import discover; discover()", tmp_path) == "[]"
    )


@pytest.mark.parametrize(
    ("url", "expected"), [("", "['cachetools']"), ("unix:///nowhere", "['cachetools', 'redis']")]
)
def test_redis_when_a_worker_has_no_url_is_not_imported(url: str, expected: str, tmp_path: Path) -> None:
    code = (
        "from tacore.bootstrap.cache import build_cache; from tacore.settings.load import load_settings; "
        f"build_cache(load_settings({{'redis.url': {url!r}}}, environ={{}})).close()"
    )
    assert imported(code, tmp_path) == expected
