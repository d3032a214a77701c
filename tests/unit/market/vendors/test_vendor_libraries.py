"""Vendors' libraries: imported only where they are used, and named where they are missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tacore.errors import ConfigurationError
from tests.support.vendors.serving import markets_of

LIBRARIES = {"yahoo": "yfinance", "akshare": "akshare", "alpaca": "alpaca", "ccxt": "ccxt"}
MARKET = {"yahoo": "US", "akshare": "CN", "alpaca": "US", "ccxt": "CRYPTO"}
HEAVY = ("yfinance", "akshare", "alpaca", "ccxt", "pandas", "numpy", "requests", "curl_cffi")


@pytest.mark.parametrize("name", LIBRARIES)
def test_start_when_the_library_is_missing_says_what_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [each for each in sys.modules if each.partition(".")[0] == LIBRARIES[name]]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(ConfigurationError, match=rf"pip install 'tacore\[{name}\]'"):
        markets_of(name, MARKET[name], tmp_path)


def test_provider_files_when_imported_load_no_library_of_a_vendor() -> None:
    code = (
        "import importlib, json, sys\n"
        f"for name in {list(LIBRARIES)}:\n"
        "    importlib.import_module(f'tacore.market.providers.{name}')\n"
        f"print(json.dumps([each for each in {HEAVY} if each in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []
