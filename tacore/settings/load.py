"""Load the settings: flag over environment over config/*.yaml over default."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tacore.settings.describe import by_key, values
from tacore.settings.files import check_keys, find_config_dir, packaged_config_dir, read_mapping, shown
from tacore.settings.layers import Layer, from_environment, from_file, from_flags
from tacore.settings.loaded import Loaded
from tacore.settings.model import Settings
from tacore.settings.names import CONFIG_FILE, ENV_HOME, LOGGING_FILE, TRADING_FILE
from tacore.settings.problems import Problem, from_validation, problem, refuse

_TRADING_KEYS = ("agents", "markets", "providers", "risk", "scan", "trading")
_LOGGING_KEYS = (
    "version",
    "disable_existing_loggers",
    "incremental",
    "formatters",
    "filters",
    "handlers",
    "loggers",
    "root",
)


def load_settings(
    overrides: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    flag_names: Mapping[str, str] | None = None,
) -> Loaded:
    """Load everything an operator set, or raise ConfigurationError naming all that is wrong with it.

    ``overrides`` are flags by dotted key, None for a flag not given; ``flag_names`` gives the flags as
    typed, for messages (``{"worker.count": "-n"}``).
    """
    environ = os.environ if environ is None else environ
    cwd = Path.cwd() if cwd is None else cwd
    flags = from_flags(overrides or {}, flag_names or {})
    environment = from_environment(environ)
    home, home_problems = _home(flags, environment, cwd)
    config_dir, dir_problems = find_config_dir(environ, home, cwd)
    main, main_where, main_problems = _read(config_dir, CONFIG_FILE, cwd)
    trading, trading_where, trading_problems = _read(config_dir, TRADING_FILE, cwd)
    logging, logging_where, logging_problems = _read(config_dir, LOGGING_FILE, cwd)
    layers = [flags, environment, from_file(main, main_where), Layer({"home": home}, {})]
    combined, wrong_values = _combine(layers)
    problems = [
        *home_problems,
        *dir_problems,
        *(each for layer in layers for each in layer.problems),
        *main_problems,
        *trading_problems,
        *logging_problems,
        *check_keys(trading, trading_where, _TRADING_KEYS),
        *check_keys(logging, logging_where, _LOGGING_KEYS),
        *_root_level(logging, logging_where),
        *wrong_values,
    ]
    refuse(problems)
    settings = Settings.model_validate(combined)
    packaged = config_dir == packaged_config_dir()
    origins = {key: _origin(key, layers, settings, packaged, main_where) for key in by_key()}
    return Loaded(settings, trading, logging, config_dir, origins, trading_where, logging_where)


def _home(flags: Layer, environment: Layer, cwd: Path) -> tuple[Path, list[Problem]]:
    layer = flags if "home" in flags.values else environment
    home = cwd / Path(layer.values.get("home", cwd)).expanduser()
    for each in (flags, environment):
        if "home" in each.values:
            each.values["home"] = home
    if home.exists() and not home.is_dir():
        where = layer.origins.get("home", f"environment {ENV_HOME}")
        return home, [problem(where, "home", "not a folder", str(home), allowed="a folder")]
    return home, []


def _read(config_dir: Path, name: str, cwd: Path) -> tuple[dict[str, Any], str, list[Problem]]:
    # A folder that lacks one of the files gets ours, but for the settings, whose defaults are in the model.
    path = config_dir / name
    if name != CONFIG_FILE and not path.exists():
        path = packaged_config_dir() / name
    where = shown(path, cwd)
    found, problems = read_mapping(path, where)
    return found, where, problems


def _root_level(logging: Mapping[str, Any], where: str) -> list[Problem]:
    root = logging.get("root")
    if not isinstance(root, dict) or "level" not in root:
        return []
    reason = "the level is a setting of its own"
    return [problem(where, "root.level", reason, root["level"], allowed=f"log_level in {CONFIG_FILE}")]


class _Source(PydanticBaseSettingsSource):
    """Hands one layer's values to pydantic-settings."""

    def __init__(self, settings_cls: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_cls)
        self._values = layer.values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give one field's value."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Give every value of the layer, the unknown ones included, so that they are refused."""
        return self._values


def _combine(layers: Sequence[Layer]) -> tuple[dict[str, Any], list[Problem]]:
    class Layered(Settings, BaseSettings):
        """The settings, read from the layers at hand and from nowhere else."""

        model_config = SettingsConfigDict(extra="forbid")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            *_: PydanticBaseSettingsSource,
            **__: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            """Put the layers, strongest first, in place of the usual sources."""
            return tuple(_Source(settings_cls, layer) for layer in layers)

    try:
        return Layered().model_dump(), []
    except ValidationError as error:
        # Not raised from here: pydantic's own error shows values as they are, passwords included.
        return {}, [_placed(key, each, layers) for key, each in from_validation(error)]


def _placed(key: str, found: Problem, layers: Sequence[Layer]) -> Problem:
    where = next((layer.origins[key] for layer in layers if key in layer.origins), "default")
    return replace(found, where=where)


def _origin(key: str, layers: Sequence[Layer], settings: Settings, packaged: bool, main_where: str) -> str:
    origin = next((layer.origins[key] for layer in layers if key in layer.origins), "default")
    if not (packaged and origin == main_where):
        return origin
    return "default" if values(settings)[key] == values(Settings(home=settings.home))[key] else origin
