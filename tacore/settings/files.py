"""The folder of configuration files, and the files in it."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tacore.settings.names import CONFIG_FILES, ENV_CONFIG
from tacore.settings.problems import Problem, nearest, problem

# libyaml's takes a tenth of the time, which each process spends when it starts; not every build has it.
_Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc, valid-type]
    """Reads plain JSON-like values: a date stays text, and a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        made: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        own = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        seen: set[str] = set()
        for key in own:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key.value!r} is there twice", key.start_mark
                )
            seen.add(str(key.value))
        return made


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def packaged_config_dir() -> Path:
    """Give the folder of the configuration files that come with tacore.

    It is inside the package where that was installed from a wheel, beside it in a checkout.
    """
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_config"
    return packaged if packaged.is_dir() else package.parent / "config"


def find_config_dir(environ: Mapping[str, str], home: Path, cwd: Path) -> tuple[Path, list[Problem]]:
    """Choose TACORE_CONFIG, else config/ under home or the working folder if it has our files, else ours."""
    if chosen := environ.get(ENV_CONFIG):
        folder = cwd / Path(chosen).expanduser()
        if folder.is_dir():
            return folder, []
        where = f"environment {ENV_CONFIG}"
        return folder, [problem(where, "", f"no such folder: {folder}", allowed="an existing folder")]
    for folder in (home / "config", cwd / "config"):
        if any((folder / name).is_file() for name in CONFIG_FILES):
            return folder, []
    return packaged_config_dir(), []


def shown(path: Path, cwd: Path) -> str:
    """Give a path as people would type it from the working folder."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def read_mapping(path: Path, where: str) -> tuple[dict[str, Any], list[Problem]]:
    """Read one YAML file, or say what is wrong with it; an empty or missing file is an empty mapping."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError) as error:
        return {}, [problem(where, "", f"cannot be read: {error}")]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {}, [problem(where, "", f"not valid YAML: {_said(error)}")]
    if found is None:
        return {}, []
    if not isinstance(found, dict):
        return {}, [problem(where, "", "a mapping of keys to values is needed", found)]
    return _text_keys(found), []


def check_keys(found: Mapping[str, Any], where: str, known: tuple[str, ...]) -> list[Problem]:
    """Name the top-level keys of a file that mean nothing."""
    return [
        problem(where, key, "unknown key", allowed=", ".join(known), nearest=nearest(key, known))
        for key in found
        if key not in known
    ]


def _text_keys(found: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(key): _text_keys(value) if isinstance(value, dict) else value for key, value in found.items()}


def _said(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    text = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {text}" if mark else str(text)
