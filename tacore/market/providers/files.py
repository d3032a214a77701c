"""The files provider: a person's own daily history, a folder of CSV or Parquet files for each market.

Folder, columns and how to fill it: docs/providers.md.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tacore.market.registry import ProviderKind
from tacore.model.providers import Setup
from tacore.ports import MarketDataProvider


class FilesOptions(BaseModel):
    """``providers.files`` in trading_config.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    path: Path = Path("data/history")
    """Folder with a folder for each market (US, CN ...); a relative path is under home."""


def _build(setup: Setup) -> MarketDataProvider:
    from tacore.market.files.history import FileHistory  # noqa: PLC0415 - keeps polars out of the broker

    return FileHistory(setup.market, folder_of(setup.options, setup.home, setup.market))


def folder_of(options: FilesOptions, home: Path, market: str) -> Path:
    """Give the folder of a market's files."""
    return home / options.path.expanduser() / market


PROVIDER = ProviderKind(markets=("US", "CN", "HK", "CRYPTO"), build=_build, options=FilesOptions)
