"""Options that every vendor has, and finding its library."""

import importlib
import warnings
from types import ModuleType
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints

from tacore.errors import ConfigurationError

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#\s]+[^?#\s]*$")]


class VendorOptions(BaseModel):
    """What a vendor's section under ``providers`` may say, apart from what every provider has."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    base_url: Address | None = None
    """Another address to ask than the vendor's own: a proxy, a mirror, a test's server."""

    universe: tuple[str, ...] = ()
    """The symbols that the market consists of, for scans; those of other markets are left to them.

    Nothing means the vendor's own listing, where it has one."""


def library(provider: str, package: str, *modules: str) -> list[ModuleType]:
    """Import a vendor's library; ConfigurationError says which extra to install where it is missing."""
    with warnings.catch_warnings():
        # Vendors' libraries warn of what they import in turn; that is theirs to mend.
        warnings.simplefilter("ignore")
        try:
            return [importlib.import_module(name) for name in (package, *modules)]
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"provider {provider} needs {error.name}: run pip install 'tacore[{provider}]'"
            ) from error


def elsewhere(url: str, base_url: str | None) -> str:
    """Give the same path and query at another address."""
    if base_url is None:
        return url
    there = urlsplit(url)
    return base_url.rstrip("/") + there.path + (f"?{there.query}" if there.query else "")
