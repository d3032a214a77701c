"""Finding a brokerage's library, which is an extra."""

import importlib
import warnings
from types import ModuleType

from tacore.errors import ConfigurationError


def library(extra: str, *modules: str) -> list[ModuleType]:
    """Import a library's modules; ConfigurationError says which extra to install where it is missing."""
    with warnings.catch_warnings():
        # Libraries warn of what they import in turn; that is theirs to mend.
        warnings.simplefilter("ignore")
        try:
            return [importlib.import_module(name) for name in modules]
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"venue kind {extra} needs {error.name}: run pip install 'tacore[{extra}]'"
            ) from error
