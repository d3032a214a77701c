"""What is wrong with a configuration, told all at once."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from pydantic import ValidationError

from tacore.errors import ConfigurationError
from tacore.logs.lines import mask_passwords
from tacore.settings.describe import by_key, sections

_NOT_GIVEN = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong value: where it was found, under which key, and what would be right."""

    where: str
    key: str
    value: str
    reason: str
    allowed: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        said = f"{self.where}: {self.key}" if self.key else self.where
        said += f" = {self.value}" if self.value else ""
        said += f": {self.reason}"
        said += f"; allowed: {self.allowed}" if self.allowed else ""
        return said + (f"; did you mean {self.nearest}?" if self.nearest else "")


def problem(where: str, key: str, reason: str, value: object = _NOT_GIVEN, **more: str) -> Problem:
    """Describe one problem; passwords in URLs are masked and long values cut."""
    shown = "" if value is _NOT_GIVEN else mask_passwords(repr(value))
    return Problem(where, key, shorten(shown), reason, **more)


def shorten(text: str, width: int = 100) -> str:
    """Cut a text that would not fit a line."""
    return text if len(text) <= width else text[: width - 3] + "..."


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the known name closest to a word, or nothing if none is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def refuse(problems: Sequence[Problem]) -> None:
    """Raise ConfigurationError if there are problems; its message has one line for each."""
    if problems:
        head = "" if len(problems) == 1 else f"{len(problems)} wrong settings:\n"
        message = head + "\n".join(map(str, problems))
        raise ConfigurationError(message, details={"problems": [asdict(each) for each in problems]})


def from_validation(error: ValidationError) -> Iterable[tuple[str, Problem]]:
    """Turn pydantic's errors into problems, each with the dotted key that led to it and no source yet."""
    for each in error.errors(include_url=False):
        context = each.get("ctx", {})
        key = str(context.get("key") or ".".join(map(str, each["loc"])))
        if each["type"] == "extra_forbidden":
            yield key, _unknown(key, each["input"])
        elif each["type"] == "conflict":
            yield key, problem("", key, context["reason"], context["value"], allowed=context["allowed"])
        elif key in sections():
            yield key, problem("", key, "a section of settings is needed", each["input"])
        else:
            reason = each["msg"].removeprefix("Value error, ").removeprefix("Input ")
            allowed = by_key()[key].allowed if key in by_key() else ""
            yield key, problem("", key, reason, each["input"], allowed=allowed)


def _unknown(key: str, value: object) -> Problem:
    section, _, field = key.rpartition(".")
    if key in by_key() and "." in key:
        return problem("", key, "a dotted key: write the section, and the field below it", value)
    same_section = [name for name in (*by_key(), *sections()) if name.rpartition(".")[0] == section]
    fields = {name.rpartition(".")[2]: name for name in same_section}
    close = fields.get(nearest(field, fields), "") or nearest(key, by_key())
    return problem("", key, "unknown key", value, nearest=close)
