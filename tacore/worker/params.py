"""From raw params to a method's typed struct, or to an error that names every bad field."""

import difflib
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tacore.errors import InvalidParams, bad_param
from tacore.ports import Method
from tacore.worker.wrong_params import plainly, said


def _number(text: str) -> float | Decimal:
    """Read a number with all its digits: a float where that holds them, else a Decimal."""
    made = float(text)
    if math.isinf(made):
        raise ValueError("Number out of range")
    exact = Decimal(text)
    return made if Decimal(repr(made)) == exact else exact


_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder(float_hook=_number).decode


class ParamsReader:
    """Reads the params of one method.

    The common case, exact names and right types, is one typed decode. Anything else takes the long way: other
    spellings are renamed, unknown params become warnings (or, where the method is strict, errors), and each
    field is checked by itself.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        self._raw = method.params is msgspec.Raw
        if self._raw:
            return
        self._fields: dict[str, Any] = {
            each.encode_name: each.type for each in msgspec.structs.fields(method.params)
        }
        self._decode: Callable[[msgspec.Raw], Any] = msgspec.json.Decoder(
            msgspec.defstruct(
                f"{method.params.__name__}Exact",
                [],
                bases=(method.params,),
                kw_only=True,
                forbid_unknown_fields=True,
            )
        ).decode

    def read(self, params: msgspec.Raw) -> tuple[Any, list[str]]:
        """Give the typed params and warnings for what was ignored; InvalidParams names each bad field."""
        if self._raw:
            return params, []
        if self._method.normalise is None:
            try:
                return self._decode(params), []
            except msgspec.MsgspecError:
                pass
        return self._read_slowly(params)

    def _read_slowly(self, params: msgspec.Raw) -> tuple[Any, list[str]]:
        try:
            fields = _decode_fields(params)
        except (msgspec.MsgspecError, RecursionError) as error:
            what = str(error).partition(" - at ")[0]
            raise InvalidParams(
                f"params must be a JSON object: {what}", details={"params": {"problem": what}}
            ) from error
        given, warnings = self._rename(self._values(fields))
        if self._method.normalise is not None:
            given = self._method.normalise(given)
        return self._convert(given), warnings

    def _values(self, fields: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        problems: dict[str, dict[str, Any]] = {}
        for name, raw in fields.items():
            try:
                values[name] = _decode_any(raw)
            except (msgspec.MsgspecError, RecursionError) as error:
                if self._method.renames.get(name, name) in self._fields:
                    problems[name] = {
                        "problem": str(error),
                        "value": bytes(raw)[:100].decode(errors="replace"),
                    }
                else:
                    values[name] = None
        if problems:
            told = "; ".join(f"{name}: {each['problem']}" for name, each in problems.items())
            raise InvalidParams(told, details=problems)
        return values

    def _rename(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        given: dict[str, Any] = {}
        said_by: dict[str, str] = {}
        warnings = []
        for name, value in fields.items():
            field = self._method.renames.get(name, name)
            if field not in self._fields:
                if self._method.strict:
                    raise self._unknown(name)
                warnings.append(self._ignored(name))
            elif field in given and given[field] != value:
                raise InvalidParams(
                    f"{said_by[field]} and {name} mean the same and disagree",
                    details={
                        said_by[field]: {"value": given[field]},
                        name: {"value": value, "problem": f"disagrees with {said_by[field]}"},
                    },
                )
            else:
                given[field], said_by[field] = value, name
        return given, warnings

    def _unknown(self, name: str) -> InvalidParams:
        return bad_param(name, f"no param of {self._method.name}", allowed=self._fields, near=name)

    def _ignored(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self._fields, *self._method.renames], n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        return f"{name}: not a param of {self._method.name}, ignored{hint}"

    def _convert(self, given: dict[str, Any]) -> Any:  # noqa: ANN401 - the method's own struct
        try:
            return msgspec.convert(given, self._method.params)
        except msgspec.ValidationError as whole:
            problems = self._problems(given)
            if not problems:
                problems = {"params": {"problem": str(whole)}}
            told = "; ".join(f"{name}: {said(each)}" for name, each in problems.items())
            raise InvalidParams(told, details=problems) from whole

    def _problems(self, given: dict[str, Any]) -> dict[str, dict[str, Any]]:
        problems: dict[str, dict[str, Any]] = {}
        for name, kind in self._fields.items():
            if name not in given:
                continue
            try:
                msgspec.convert({name: given[name]}, msgspec.defstruct("Params", [(name, kind)]))
            except msgspec.ValidationError as error:
                what, _, where = str(error).partition(" - at ")
                field = where.strip("`").removeprefix("$.") or name
                value = _reached(given, field)
                problems[field] = plainly(what, value, self._fields[name] if field == name else None)
        for each in msgspec.structs.fields(self._method.params):
            if each.required and each.encode_name not in given:
                problems[each.encode_name] = {"problem": "missing, and required"}
        return problems


def _reached(given: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - any JSON value
    """Give the value that a dotted field names; the whole param where the way has a list in it."""
    first, *rest = field.split(".")
    value = given.get(first.partition("[")[0])
    for name in rest if "[" not in field else ():
        value = value.get(name) if isinstance(value, Mapping) else value
    return value
