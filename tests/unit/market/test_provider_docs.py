"""docs/providers.md and the shipped configuration name every key and agree with the defaults."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tacore.errors import NotFound
from tacore.market.files.columns import ADJUSTED, NUMBERS
from tacore.market.providers.files import FilesOptions
from tacore.market.registry import Providers, provider_kinds, provider_names
from tacore.model.markets import MarketSettings, parse_markets
from tacore.model.providers import ProviderSettings, Setup, parse_providers

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "config" / "trading_config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ProviderSettings.model_fields)
def test_key_of_every_provider_when_listed_has_its_default(name: str) -> None:
    field = ProviderSettings.model_fields[name]
    assert field.description
    assert f"| `{name}` | {field.default:g} |" in TEXT
    assert re.search(rf"{name}: {field.default:g}\b", SHIPPED)


def test_columns_and_options_of_files_when_listed_are_documented() -> None:
    for name in (*NUMBERS, ADJUSTED):
        assert f"`{name}`" in TEXT
    for name, field in FilesOptions.model_fields.items():
        assert f"providers.files.{name}" in TEXT
        assert field.description
    assert str(FilesOptions().path) in TEXT


def test_configuration_when_shipped_fits_every_provider() -> None:
    raw: dict[str, Any] = yaml.safe_load(SHIPPED)
    configured = Providers(parse_providers(raw["providers"], tuple(provider_names())), Path("home"))
    for market, settings in parse_markets(raw["markets"]).items():
        for name, kind in provider_kinds(market, settings).items():
            configured.setup(name, kind, market, settings)


class Prices(BaseHTTPRequestHandler):
    """The service that the page tells of."""

    def do_GET(self) -> None:
        rows = [
            ["2024-01-02", 187.15, 188.44, 183.89, 185.64, 82488700],
            ["2024-01-03", 184.22, 185.88, 183.43, 184.25, 5],
        ]
        known = self.path == "/daily/AAPL"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps(rows if known else {"error": "none"}).encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Prices) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_example_when_run_is_a_provider_that_answers(service: str) -> None:
    code = TEXT[TEXT.index("```python") + len("```python") :]
    space: dict[str, Any] = {"__name__": "desk"}
    exec(code[: code.index("```")], space)  # noqa: S102 - our own page
    kind = space["PROVIDER"]
    options = kind.options(base_url=service, universe=["AAPL", "NONE"])
    made = kind.build(
        Setup("US", MarketSettings(provider=("desk",)), ProviderSettings(), options, Path("home"))
    )
    now = datetime(2024, 1, 4, 15, tzinfo=UTC)
    (apple,) = made.instruments("US")
    quote = made.quote(apple, now=now)
    assert (quote.price, quote.change_pct, quote.source) == (Decimal("184.25"), Decimal("-0.7488"), "desk")
    bars = made.bars(apple, "1d", now=datetime(2024, 1, 3, 15, tzinfo=UTC))
    assert [bar.session for bar in bars] == ["2024-01-02"]
    with pytest.raises(NotFound):
        made.resolve("TSLA", "US")
