"""The layers that settings come from; each says where it has a value from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tacore.settings.describe import by_key, sections
from tacore.settings.names import CONFIG_FILE, ENV_NESTING, ENV_PREFIX, NOT_SETTINGS
from tacore.settings.problems import Problem, nearest, problem

_PREFIXES = (ENV_PREFIX, "TACORESERVICE_")
# Kubernetes puts such variables into each container beside a Service whose name begins with tacore.
_SERVICE_LINK = re.compile(
    r"(?:TACORE|TACORESERVICE)_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_(?:TCP|UDP)\w*)"
)


@dataclass(frozen=True, slots=True)
class Layer:
    """Values in the settings' own shape; ``origins`` names the source of each dotted key that is given."""

    values: dict[str, Any]
    origins: dict[str, str]
    problems: list[Problem] = field(default_factory=list)


def from_flags(overrides: Mapping[str, Any], flag_names: Mapping[str, str]) -> Layer:
    """Take what the command line gave by dotted key; None means that the flag was not given."""
    given = {key: value for key, value in overrides.items() if value is not None}
    origins = {key: f"flag {flag_names.get(key, '--' + key)}" for key in given}
    return Layer(_nested(given), origins)


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Take the variables that set something; an empty one counts as absent."""
    keys = {entry.env: key for key, entry in by_key().items()}
    given = {keys[name]: value for name, value in environ.items() if name in keys and value != ""}
    origins = {key: f"environment {by_key()[key].env}" for key in given}
    return Layer(_nested(given), origins, _unknown(environ, {*keys, *NOT_SETTINGS}))


def from_file(found: Mapping[str, Any], where: str) -> Layer:
    """Take config.yaml's mapping; a section without fields counts as absent."""
    values = _without_empty_sections(found)
    problems = []
    if "home" in values:
        reason = f"home decides where {CONFIG_FILE} is looked for, so it cannot be set in it"
        problems.append(problem(where, "home", reason, values.pop("home"), allowed="--home or TACORE_HOME"))
    origins = dict.fromkeys(_keys(values), where)
    return Layer(values, origins, problems)


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *path, name = key.split(".")
        inside = nested
        for section in path:
            inside = inside.setdefault(section, {})
        inside[name] = value
    return nested


def _without_empty_sections(found: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    return {
        key: _without_empty_sections(value, f"{prefix}{key}.") if isinstance(value, dict) else value
        for key, value in found.items()
        if not (f"{prefix}{key}" in sections() and value is None)
    }


def _keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Give every dotted key, those of sections too."""
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{name}.")


def _unknown(environ: Mapping[str, str], known: set[str]) -> list[Problem]:
    wrong = [
        name
        for name in environ
        if name.startswith(_PREFIXES) and name not in known and not _is_service_link(name)
    ]
    return [
        problem(f"environment {name}", "", "unknown variable", environ[name], nearest=_close(name, known))
        for name in sorted(wrong)
    ]


def _is_service_link(name: str) -> bool:
    return ENV_NESTING not in name and _SERVICE_LINK.fullmatch(name) is not None


def _close(name: str, known: set[str]) -> str:
    by_tail = {each.removeprefix(ENV_PREFIX): each for each in known}
    tail = name.removeprefix(ENV_PREFIX)
    spelled = {entry.key.replace(".", ENV_NESTING).upper(): entry.env for entry in by_key().values()}
    return spelled.get(tail) or by_tail.get(nearest(tail, by_tail), "")
