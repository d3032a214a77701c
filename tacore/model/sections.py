"""Sections of trading_config.yaml: how one is checked, and completed from tacore's own file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tacore.settings.files import packaged_config_dir, read_mapping
from tacore.settings.names import TRADING_FILE
from tacore.settings.problems import Problem, nearest, problem, refuse

WHERE = "config/trading_config.yaml"
Location = tuple[int | str, ...]
FieldsAt = Callable[[Location], Sequence[str]]


class Section(BaseModel):
    """A mapping of known keys, which does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


S = TypeVar("S", bound=Section)


def parse(kind: type[S], name: str, raw: object, where: str, fields_at: FieldsAt) -> S:
    """Check the mapping of a configuration file; a key that it lacks is as in tacore's own file.

    ``fields_at`` names the keys that there may be at a place in the section. Raises ConfigurationError naming
    file, key, value and what is allowed, for all that is wrong at once.
    """
    whole = {**_own(name), **(raw or {})} if isinstance(raw, Mapping | None) else raw
    try:
        return kind.model_validate(whole)
    except ValidationError as error:
        refuse(_problems(error, name, where, fields_at))
        raise


def _own(name: str) -> Mapping[str, Any]:
    path = packaged_config_dir() / TRADING_FILE
    found, problems = read_mapping(path, str(path))
    refuse(problems)
    own: Mapping[str, Any] = found[name]
    return own


def _problems(error: ValidationError, name: str, where: str, fields_at: FieldsAt) -> list[Problem]:
    found = []
    for each in error.errors(include_url=False):
        key = ".".join(map(str, (name, *each["loc"])))
        if each["type"] == "extra_forbidden":
            names = fields_at(each["loc"][:-1])
            more = {"allowed": ", ".join(names), "nearest": nearest(str(each["loc"][-1]), names)}
            found.append(problem(where, key, "unknown key", each["input"], **more))
        else:
            found.append(problem(where, key, each["msg"].removeprefix("Value error, "), each["input"]))
    return found
