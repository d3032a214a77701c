"""What every answer of the monitor is made of."""

from typing import Annotated, Any

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from tacore.wire.numbers import Exact


class Shown(BaseModel):
    """A part of an answer; the docstrings of its fields are their descriptions."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)


class PassedOn(BaseModel):
    """An answer of the service itself, passed on with the digits that it wrote; more fields may follow."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True, extra="allow")


Method = Annotated[str | None, Query(description="Only this method.")]


def exact(value: Any) -> Response:  # noqa: ANN401 - any JSON value
    """Answer with JSON in which every number is written as it came."""
    return Response(_encoder.encode(value), media_type="application/json")


def _written(value: object) -> object:
    if isinstance(value, Exact):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is no JSON")


_encoder = msgspec.json.Encoder(enc_hook=_written)
