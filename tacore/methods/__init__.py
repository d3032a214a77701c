"""One file per RPC method: scan_market.py serves scan.market through its module attribute ``METHOD``."""

import importlib
import pkgutil
from typing import Any

import msgspec

from tacore.ports import Method, MethodInfo


def discover(*, debug: bool = False) -> dict[str, Method]:
    """Import every method module and index its METHOD by name; debug methods only where asked."""
    found: dict[str, Method] = {}
    for module in pkgutil.iter_modules(__path__):
        method: Method = importlib.import_module(f"{__name__}.{module.name}").METHOD
        if method.name.replace(".", "_") != module.name:
            raise ImportError(f"{module.name}.py serves {method.name}: name the file after its method")
        if debug or not method.debug:
            found[method.name] = method
    return found


def describe(method: Method) -> MethodInfo:
    """Turn a method into data: names, pool and JSON Schemas of its params and its result."""
    return MethodInfo(
        name=method.name,
        summary=method.summary,
        pool=method.pool,
        idempotent=method.idempotent,
        max_s=method.max_s,
        quick=method.quick,
        writes=method.writes,
        waits=method.waits,
        aliases=method.aliases,
        renames=dict(method.renames),
        routes={param: dict(values) for param, values in method.routes.items()},
        params_schema=_schema(method.params),
        result_schema=_schema(method.result),
        examples=method.examples,
    )


def _schema(kind: type) -> dict[str, Any]:
    return {} if kind is msgspec.Raw else _with_numbers(msgspec.json.schema(kind))


def _with_numbers(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Say number where a Decimal is: on the wire it is one, with all its digits."""
    if isinstance(schema, list):
        return [_with_numbers(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        rest = {name: each for name, each in schema.items() if name not in {"type", "format"}}
        return {"type": "number", **rest}
    return {name: _with_numbers(each) for name, each in schema.items()}
