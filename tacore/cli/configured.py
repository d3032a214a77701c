"""The settings of a command: its own flags over the global ones over everything else."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tacore.cli.globals import Globals
from tacore.errors import ConfigurationError
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded
from tacore.settings.names import ENV_CONFIG


def load(options: Globals, flags: Mapping[str, tuple[str, Any]] | None = None) -> Loaded:
    """Load the settings; ``flags`` gives by dotted key the flag as typed and its value, None if not given."""
    given = dict(flags or {})
    given["home"] = ("--home", options.home)
    environ = dict(os.environ)
    if options.config is not None:
        if not Path(options.config).expanduser().is_dir():
            raise ConfigurationError(f"--config {options.config}: no such folder")
        environ[ENV_CONFIG] = options.config
    return load_settings(
        {key: value for key, (_, value) in given.items()},
        environ=environ,
        flag_names={key: flag for key, (flag, _) in given.items()},
    )


def own_flags(options: Globals) -> list[str]:
    """Give the global options again, for a command that this one starts."""
    words: list[str] = []
    if options.home is not None:
        words += ["--home", str(Path(options.home).expanduser().resolve())]
    if options.config is not None:
        words += ["--config", str(Path(options.config).expanduser().resolve())]
    return words
