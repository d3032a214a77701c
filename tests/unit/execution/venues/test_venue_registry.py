"""Which venue is built, and what is refused before one is."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import ConfigurationError
from tacore.execution.venues.registry import build_venue
from tacore.model.trading import AlpacaVenue, CcxtVenue
from tests.support.venues.server import KEY, SECRET
from tests.support.venues.worlds import keys

LOOPBACK = "http://127.0.0.1:8080"
MAKE: dict[str, Callable[..., Any]] = {
    "alpaca": lambda **more: AlpacaVenue(kind="alpaca", **more),
    "ccxt": lambda **more: CcxtVenue(kind="ccxt", **more),
}
VARIABLES = {
    "alpaca": ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"),
    "ccxt": ("CCXT_API_KEY", "CCXT_SECRET"),
}
kinds = pytest.mark.parametrize("kind", MAKE)


@kinds
@pytest.mark.parametrize(
    "url",
    [
        "https://api.alpaca.markets",
        "https://api.binance.com/api",
        "http://10.0.0.1:80",
        "http://0.0.0.0:80",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1:80@example.com",
        "http://example.com\\@127.0.0.1",
        "http://127.0.0.1.example.com",
        "http://[2001:db8::1]:80",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "",
    ],
)
def test_build_when_the_address_is_not_this_machine_is_refused_naming_it(
    kind: str, url: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        build_venue("far", MAKE[kind](base_url=url, **keys(tmp_path)), {})
    assert f"trading.venues.far.base_url = {url!r}" in raised.value.message
    assert "loopback" in raised.value.message


@kinds
@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("url", [LOOPBACK, "https://localhost/base", "http://[::1]:80/", "http://127.9.9.9"])
def test_build_when_the_address_is_this_machine_is_made(
    kind: str, url: str, live: bool, tmp_path: Path
) -> None:
    venue = build_venue("near", MAKE[kind](base_url=url, live=live, **keys(tmp_path)), {})
    assert (venue.name, venue.paper) == ("near", not live)
    venue.close()


@kinds
def test_build_when_no_key_is_there_names_the_variable(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES[kind]:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match=VARIABLES[kind][0]):
        build_venue("near", MAKE[kind](base_url=LOOPBACK), {})


@kinds
def test_build_when_keys_are_in_the_environment_takes_them(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in zip(VARIABLES[kind], (KEY, SECRET), strict=True):
        monkeypatch.setenv(name, text)
    build_venue("near", MAKE[kind](base_url=LOOPBACK), {}).close()


@kinds
def test_build_when_a_key_file_is_relative_reads_it_under_the_home(kind: str, tmp_path: Path) -> None:
    keys(tmp_path)
    files = {"api_key_file": "api_key_file", "secret_key_file": "secret_key_file"}
    build_venue("near", MAKE[kind](base_url=LOOPBACK, **files), {}, tmp_path).close()


@kinds
def test_build_when_its_extra_is_missing_says_what_to_install(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name.split(".", maxsplit=1)[0] == kind:
            raise ModuleNotFoundError(f"No module named {kind!r}", name=kind)
        return importing(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigurationError, match=rf"pip install 'tacore\[{kind}\]'"):
        build_venue("near", MAKE[kind](base_url=LOOPBACK, **keys(tmp_path)), {})


def test_build_when_ccxt_has_no_such_exchange_says_so(tmp_path: Path) -> None:
    settings = MAKE["ccxt"](base_url=LOOPBACK, exchange="bourse", **keys(tmp_path))
    with pytest.raises(ConfigurationError, match=r"trading\.venues\.near\.exchange = 'bourse'"):
        build_venue("near", settings, {})


def test_venue_when_of_another_exchange_than_binance_only_echoes(tmp_path: Path) -> None:
    venue = build_venue("near", MAKE["ccxt"](base_url=LOOPBACK, exchange="kraken", **keys(tmp_path)), {})
    assert venue.dedupe == "echo"
    venue.close()


def test_registry_when_imported_brings_no_extra_along() -> None:
    for name in ("tacore.execution.venues.alpaca", "tacore.execution.venues.ccxt"):
        source = Path(importlib.import_module(name).__file__ or "").read_text(encoding="utf-8")
        assert not [line for line in source.splitlines() if line.startswith(("import ccxt", "from alpaca"))]
    assert "tacore.execution.venues.registry" in sys.modules
