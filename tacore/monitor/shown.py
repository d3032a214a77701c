"""What every answer of the monitor is made of."""

from typing import Annotated, Any

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict

from tacore.wire.numbers import Exact


class Shown(BaseModel):
    """A part of an answer; the docstrings of its fields are their descriptions."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)


class PassedOn(BaseModel):
    """An answer of the service itself, passed on with the digits that it wrote; more fields may follow."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True, extra="allow")


def _given(value: object) -> object:
    return value or None  # a form that was left empty sends empty texts


Given = BeforeValidator(_given)
"""For a text that may be left out, or empty."""
Method = Annotated[str | None, Given, Query(description="Only this method.")]
Moment = Annotated[str | None, Given]
_AT = {"type": "string", "format": "date-time"}
_AGE = {"type": "string", "pattern": "^([0-9]{1,4}[smhd])?$"}
_EMPTY = {"type": "string", "maxLength": 0}
MOMENT: dict[str, Any] = {"anyOf": [_AT, _AGE, {"type": "null"}]}
"""How a moment or an age is described."""
AT: dict[str, Any] = {"anyOf": [_AT, _EMPTY, {"type": "null"}]}
"""How a moment is described."""


def words(pattern: str) -> dict[str, Any]:
    """Describe a text of a pattern that may be left out, or empty."""
    return {"anyOf": [{"type": "string", "pattern": f"^({pattern})?$"}, {"type": "null"}]}


def exact(value: Any) -> Response:  # noqa: ANN401 - any JSON value
    """Answer with JSON in which every number is written as it came."""
    return Response(_encoder.encode(value), media_type="application/json")


def _written(value: object) -> object:
    if isinstance(value, Exact):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is no JSON")


_encoder = msgspec.json.Encoder(enc_hook=_written)
