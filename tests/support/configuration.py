"""Configurations in a temporary home."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import ConfigurationError
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded


def write_config(home: Path, text: str, name: str = "config.yaml") -> None:
    """Write one of the files in the home's config folder."""
    folder = home / "config"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def load(home: Path, overrides: Mapping[str, Any] | None = None, **environ: str) -> Loaded:
    """Load the settings of a process started in ``home`` with just these variables."""
    return load_settings(overrides, environ=environ, cwd=home)


def problems(home: Path, overrides: Mapping[str, Any] | None = None, **environ: str) -> list[str]:
    """Give the lines of the error that loading raises, without the line that counts them."""
    with pytest.raises(ConfigurationError) as raised:
        load(home, overrides, **environ)
    lines = raised.value.message.splitlines()
    return [line for line in lines if not line.endswith("wrong settings:")]
