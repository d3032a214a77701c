"""The methods that the broker serves itself, typed like any other."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tacore.broker import admin
from tacore.broker.core import Core
from tacore.broker.fleet import Fleet
from tacore.broker.health import INFO as HEALTH
from tacore.broker.health import HealthCheck, HealthParams
from tacore.errors import InvalidParams, UnknownMethod
from tacore.ports import MethodInfo
from tacore.wire.envelope import Head
from tacore.wire.reply import encode_value


class DescribeParams(msgspec.Struct, kw_only=True):
    """One method by name or alias, else all."""

    method: str | None = None


class Methods(msgspec.Struct, kw_only=True):
    """What the service answers to."""

    methods: list[MethodInfo]


DESCRIBE = MethodInfo(
    name="describe.methods",
    summary="List the methods with the JSON Schemas of their params and answers",
    pool="broker",
    idempotent=True,
    max_s=1.0,
    quick=True,
    params_schema=msgspec.json.schema(DescribeParams),
    result_schema={"type": "object", "properties": {"methods": {"type": "array"}}},
    examples=({}, {"method": "scan.market"}),
)
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Describe:
    """Serves describe.methods from the catalogue."""

    def __init__(self, core: Core, infos: Iterable[MethodInfo]) -> None:
        self._core = core
        self._infos = {info.name: info for info in sorted(infos, key=lambda each: each.name)}

    def __call__(self, params: DescribeParams) -> Methods:
        """Give one method or all."""
        if params.method is None:
            return Methods(methods=list(self._infos.values()))
        name = self._core.resolve(params.method)
        if name not in self._infos:
            raise UnknownMethod(f"Unsupported method: {params.method!r}", details={"method": params.method})
        return Methods(methods=[self._infos[name]])


def install(core: Core, fleet: Fleet, health: HealthCheck, stop: Callable[[str], None]) -> None:
    """Make the broker's own methods known to its core."""
    served = admin.methods(admin.Admin(fleet, stop))
    infos = [state.info for state in core.methods.values()] + [info for info, _, _ in served]
    describe = Describe(core, [*infos, HEALTH, DESCRIBE])
    core.add_local(HEALTH, _typed(HealthParams, health.report))
    core.add_local(DESCRIBE, _typed(DescribeParams, describe))
    for info, params, serve in served:
        core.add_local(info, _typed(params, serve))


def _typed(params: type[msgspec.Struct], serve: Callable[[Any], Any]) -> Callable[[Head], bytes]:
    decode = msgspec.json.Decoder(params).decode
    strict = params.__struct_config__.forbid_unknown_fields

    def handle(head: Head) -> bytes:
        try:
            given = decode(head.params)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at ")
            field = where.strip("`$.") or "params"
            raise InvalidParams(f"{field}: {what}", details={field: what}) from error
        except msgspec.DecodeError as error:
            raise InvalidParams(f"params: {error}", details={"params": str(error)}) from error
        result = serve(given)
        unknown = [] if strict else sorted(set(_decode_keys(head.params)) - set(params.__struct_fields__))
        if unknown:
            warnings = [f"{name}: not a param of {head.method}, ignored" for name in unknown]
            result = {**msgspec.to_builtins(result), "warnings": warnings}
        return encode_value(result)

    return handle
