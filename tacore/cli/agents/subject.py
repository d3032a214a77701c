"""An engine as the settings have it, and what was found out about it; each thing is asked once."""

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tacore.analysis.agents import probe
from tacore.analysis.agents.checkout import Checkout, identify
from tacore.analysis.agents.model_server import ModelServer
from tacore.errors import ConfigurationError, TacoreError
from tacore.model.agents import AgentSettings
from tacore.model.jobs import Engine
from tacore.settings.model import Settings
from tacore.settings.names import env_name
from tacore.settings.secrets import secret

ANSWER_S = 15.0
Found = TypeVar("Found")
_PREFIX: dict[Engine, str] = {"tradingagents_cn": "cn", "tradingagents": "tauric"}


class Subject:
    """What the checks are about. An error that was met in finding something out is kept in its place."""

    def __init__(self, engine: Engine, agents: AgentSettings, settings: Settings) -> None:
        self.engine = engine
        self.agents = agents
        self.home = settings.home
        self._sources = settings.agents

    @property
    def path_variable(self) -> str:
        """Name the variable that says where the checkout is."""
        return env_name(f"agents.{_PREFIX[self.engine]}_path")

    @property
    def python_variable(self) -> str:
        """Name the variable that says which interpreter has the engine's packages."""
        return env_name(f"agents.{_PREFIX[self.engine]}_python")

    @property
    def path(self) -> Path | None:
        """Give the checkout's folder, as the settings have it."""
        named = str(getattr(self._sources, f"{_PREFIX[self.engine]}_path"))
        return self.home / Path(named).expanduser() if named else None

    @property
    def python(self) -> str:
        """Give the interpreter."""
        return str(getattr(self._sources, f"{_PREFIX[self.engine]}_python")) or sys.executable

    @property
    def models(self) -> Sequence[str]:
        """List the models that are configured, each once."""
        model = self.agents.model
        return [each for each in dict.fromkeys((model.quick, model.deep)) if each]

    @cached_property
    def checkout(self) -> Checkout | None:
        """Look at the checkout; None where there is none of the engine."""
        found = identify(self.path) if self.path else None
        return found if found and found.engine == self.engine else None

    @cached_property
    def packages(self) -> tuple[str, Sequence[str]] | TacoreError:
        """Give the interpreter's version and the packages that it lacks."""
        return _met(lambda: probe.look(self.python, self.engine))

    @cached_property
    def server(self) -> ModelServer | TacoreError:
        """Give the models' server, with its key."""
        model = self.agents.model
        file = Path(model.api_key_file) if model.api_key_file else None

        def build() -> ModelServer:
            key = secret("agents.model", file, model.api_key_env, self.home)
            return ModelServer(model.base_url, key, min(ANSWER_S, model.timeout_s))

        return _met(build)

    @cached_property
    def listed(self) -> Sequence[str] | TacoreError:
        """List the models that the server has."""
        server = self.server
        if isinstance(server, TacoreError):
            return ConfigurationError("there is no key to ask with")
        return _met(server.models)


def _met(find: Callable[[], Found]) -> Found | TacoreError:
    try:
        return find()
    except TacoreError as error:
        return error
