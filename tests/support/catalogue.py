"""A fake broker that plays the service to the command line."""

from typing import Any

from tests.support.fake_broker import Answer, failure, success

SCAN: dict[str, Any] = {
    "name": "scan.market",
    "summary": "Scan a market",
    "pool": "fast",
    "idempotent": True,
    "max_s": 30.0,
    "aliases": ["scan"],
    "renames": {"market_type": "market"},
    "params_schema": {
        "$ref": "#/$defs/Params",
        "$defs": {
            "Params": {
                "type": "object",
                "properties": {
                    "market": {"enum": ["US", "CN"], "default": "US"},
                    "symbols": {"type": "array", "items": {"type": "string"}, "description": "Which ones"},
                    "limit": {
                        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
                        "default": None,
                    },
                    "price": {"type": "string", "format": "decimal", "default": "1.5"},
                    "descending": {"type": "boolean", "default": False},
                    "criteria": {"$ref": "#/$defs/Criteria"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "portfolio": {"type": "object", "additionalProperties": {"type": "number"}},
                },
                "required": ["criteria"],
            },
            "Criteria": {
                "type": "object",
                "properties": {
                    "min_volume": {"type": "number"},
                    "price_range": {"type": "array", "items": {"type": "number"}},
                },
            },
        },
    },
    "result_schema": {},
    "examples": [{"market": "US", "criteria": {"min_volume": 5}, "symbols": ["AAPL", "MSFT"], "limit": 3}],
}
ECHO: dict[str, Any] = {
    "name": "debug.echo",
    "summary": "Answer with the params",
    "pool": "fast",
    "idempotent": True,
    "max_s": 5.0,
    "aliases": [],
    "renames": {},
    "params_schema": {},
    "result_schema": {},
    "examples": [{"hello": "world"}],
}
SERVED = {each["name"]: each for each in (SCAN, ECHO)}
HEALTH = {"status": "healthy", "version": "0.1.0", "home": "/srv/tacore", "database": "/srv/tacore/data/x.db"}
ROWS = [
    {"symbol": "AAPL", "name": "Apple Inc", "price": 430.5, "signals": ["up", "volume"]},
    {"symbol": "600519", "name": "贵州茅台", "price": 1700, "signals": []},
]


def service(request: dict[str, Any]) -> Answer | None:
    """Answer as a small service would: four methods, and test.CODE for every failure."""
    method = request["method"]
    if method == "test.silence":
        return None
    if method.startswith("test."):
        code = method.removeprefix("test.")
        return Answer(failure(request, code, "why not", details={"field": "is wrong"}))
    answer = ANSWERS.get(method, _unknown)
    return answer(request, request["params"])


def _health(request: dict[str, Any], _params: dict[str, Any]) -> Answer:
    return Answer(success(request, HEALTH))


def _scan(request: dict[str, Any], _params: dict[str, Any]) -> Answer:
    data = {"market": "US", "source": "synthetic", "simulated": True, "opportunities": ROWS}
    return Answer(success(request, data | {"warnings": ["old data"], "missing": {"X": "delisted"}}))


def _echo(request: dict[str, Any], params: dict[str, Any]) -> Answer:
    return Answer(failure(request, "denied") if "fail" in params else success(request, params))


def _unknown(request: dict[str, Any], _params: dict[str, Any]) -> Answer:
    return Answer(failure(request, "unknown_method", f"Unsupported method: {request['method']}"))


def _describe(request: dict[str, Any], params: dict[str, Any]) -> Answer:
    name = params.get("method")
    if name is None:
        return Answer(success(request, {"methods": list(SERVED.values())}))
    found = next((each for each in SERVED.values() if name in (each["name"], *each["aliases"])), None)
    if found is None:
        return Answer(failure(request, "unknown_method", f"Unsupported method: {name}"))
    return Answer(success(request, {"methods": [found]}))


ANSWERS = {"health.check": _health, "describe.methods": _describe, "scan.market": _scan, "debug.echo": _echo}
