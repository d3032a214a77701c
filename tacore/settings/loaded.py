"""What a process was configured with, in a form that its children can be handed as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tacore.settings.model import Settings
from tacore.settings.names import LOGGING_FILE, TRADING_FILE


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, the source of each, and the two files that are handed on as they are."""

    settings: Settings
    trading: Mapping[str, Any]
    logging: Mapping[str, Any]
    config_dir: Path
    origins: Mapping[str, str]
    trading_file: str = TRADING_FILE
    """Where ``trading`` was read from, as messages should name it."""
    logging_file: str = LOGGING_FILE
    """Where ``logging`` was read from."""

    def origin(self, key: str) -> str:
        """Say where a dotted key's value came from: a flag, a variable, a file or the default."""
        return self.origins.get(key, "default")

    def to_json(self) -> str:
        """Write everything down for a child process."""
        return json.dumps(
            {
                "settings": self.settings.model_dump(mode="json"),
                "trading": self.trading,
                "logging": self.logging,
                "config_dir": str(self.config_dir),
                "origins": self.origins,
                "trading_file": self.trading_file,
                "logging_file": self.logging_file,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote; the environment and the files are not looked at again."""
        found = json.loads(text)
        settings = Settings.model_validate(found.pop("settings"))
        return cls(settings, config_dir=Path(found.pop("config_dir")), **found)
