"""The calls that existing clients make, with what each must answer.

The figures of US symbols are the closes of 2013-03-01, the last session of the sample history.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Data = dict[str, Any]
CLOSES = {"AAPL": 430.47, "FB": 27.78, "GOOG": 806.19, "IBM": 202.91, "MSFT": 27.95}


class WildCall(NamedTuple):
    """A call, and what tells its answer from a wrong one."""

    name: str
    method: str
    params: Data
    right: Callable[[Data], bool]


def _health(data: Data) -> bool:
    return data["status"] in ("healthy", "degraded") and data["uptime_s"] > 0 and bool(data["database"])


def _found(*symbols: str) -> Callable[[Data], bool]:
    def right(data: Data) -> bool:
        prices = {each["symbol"]: each["price"] for each in data["opportunities"]}
        return data["market"] == "US" and prices == {name: CLOSES[name] for name in symbols}

    return right


def _quotes(*symbols: str) -> Callable[[Data], bool]:
    def right(data: Data) -> bool:
        prices = {name: each["quote"]["price"] for name, each in data["symbols"].items()}
        return prices == {name: CLOSES[name] for name in symbols} and not data["missing"]

    return right


def _bitcoin(data: Data) -> bool:
    (only,) = data["opportunities"]
    plausible: bool = 10_000 < only["price"] < 250_000
    return plausible and only["symbol"] == "BTC/USDT" and data["market"] == "CRYPTO" and data["simulated"]


def _ignored(data: Data) -> bool:
    return _found("AAPL")(data) and any("market_conditions" in each for each in data["warnings"])


def _bars(data: Data) -> bool:
    last = data["symbols"]["AAPL"]["bars"][-1]
    return (last["session"], last["close"], last["volume"]) == ("2013-03-01", 430.47, 19_730_300)


def _analysed(kind: str) -> Callable[[Data], bool]:
    def right(data: Data) -> bool:
        said = (data["symbol"], data["analysis_type"], data["date"], data["price"], data["recommendation"])
        return said == ("AAPL", kind, "2013-03-01", 430.47, data["signal"]) and 0 <= data["confidence"] <= 1

    return right


def _methods(data: Data) -> bool:
    return {"scan.market", "get.market_data", "health.check"} <= {each["name"] for each in data["methods"]}


def _only_scan(data: Data) -> bool:
    return [each["name"] for each in data["methods"]] == ["scan.market"]


def _risky(value: float) -> Callable[[Data], bool]:
    def right(data: Data) -> bool:
        worth = abs(data["value"] - value) < 0.01 and 0 < data["var"] <= data["cvar"] < value
        return worth and data["risk_level"] in {"low", "medium", "high"} and not data["excluded"]

    return right


def _coins(data: Data) -> bool:
    (only,) = data["contributions"]
    cash: bool = data["exposure"]["cash"] == {"USDT": 10000}
    return cash and only["symbol"] == "BTC/USDT" and data["simulated"]


def _nothing(data: Data) -> bool:
    return (data["value"], data["var"], data["risk_score"], data["risk_level"]) == (0, 0, 0, "low")


def _bought(data: Data) -> bool:
    after: bool = data["after"]["gross"] > data["before"]["gross"]
    return after and data["exposure"]["cash"] == {"USD": 50000 - 15000}


POSITIONS = {"total_value": 50000, "positions": [{"symbol": "AAPL", "quantity": 100, "value": 15000}]}
TRADE = {"symbol": "MSFT", "action": "buy", "quantity": 50, "estimated_value": 15000}
DEAR = ("AAPL", "GOOG", "IBM")
CHEAP = ("FB", "MSFT")
ECHOED = {"text": "naïve ☃", "list": [1, 2.5, None], "line": "one\ntwo"}
CALLS = (
    WildCall("health", "health.check", {}, _health),
    WildCall("health_underscore", "health_check", {}, _health),
    WildCall("health_system", "system.health", {}, _health),
    WildCall("scan", "scan.market", {"market": "US", "criteria": {"min_price": 100}}, _found(*DEAR)),
    WildCall("scan_market_type", "scan.market", {"market_type": "stock"}, _found(*CLOSES)),
    WildCall("scan_symbol", "scan.market", {"symbol": "AAPL"}, _found("AAPL")),
    WildCall("scan_symbols", "scan.market", {"symbols": ["AAPL", "MSFT"]}, _found("AAPL", "MSFT")),
    WildCall("scan_scan_type", "scan.market", {"market": "US", "scan_type": "momentum"}, _found(*CLOSES)),
    WildCall("scan_filters", "scan.market", {"filters": {"price_range": [20, 30]}}, _found(*CHEAP)),
    WildCall(
        "scan_criteria",
        "scan.market",
        {"market": "US", "scan_criteria": {"price_range": {"min": 20, "max": 30}}},
        _found(*CHEAP),
    ),
    WildCall("scan_max_volume", "scan.market", {"filters": {"max_volume": 5_000_000}}, _found("GOOG", "IBM")),
    WildCall("scan_crypto", "scan.market", {"market_type": "crypto", "symbol": "BTC/USDT"}, _bitcoin),
    WildCall("scan_spot", "scan.market", {"market_type": "spot", "symbols": ["BTC/USDT"]}, _bitcoin),
    WildCall("scan_inferred", "scan.market", {"symbols": ["BTC/USDT"]}, _bitcoin),
    WildCall("scan_extra", "scan.market", {"symbol": "AAPL", "market_conditions": {"vix": 20}}, _ignored),
    WildCall("data_symbols", "get.market_data", {"symbols": ["AAPL", "MSFT"]}, _quotes("AAPL", "MSFT")),
    WildCall("data_symbol", "get.market_data", {"symbol": "IBM"}, _quotes("IBM")),
    WildCall("data_timeframe", "get.market_data", {"symbols": ["AAPL"], "timeframe": "1d"}, _bars),
    WildCall("data_interval", "get.market_data", {"symbol": "AAPL", "interval": "1d"}, _bars),
    WildCall("analyze", "analyze.stock", {"symbol": "AAPL"}, _analysed("technical")),
    WildCall(
        "analyze_symbol",
        "analyze.symbol",
        {"symbol": "AAPL", "analysis_type": "technical", "timeframe": "1d"},
        _analysed("technical"),
    ),
    WildCall("risk", "evaluate.risk", {"portfolio": {"AAPL": 100}}, _risky(43_047)),
    WildCall("risk_cash", "evaluate.risk", {"portfolio": {"BTC": 0.5, "USDT": 10000}}, _coins),
    WildCall(
        "risk_values",
        "evaluate.risk",
        {"portfolio": {"AAPL": {"amount": 100, "value": 15000}}},
        _risky(43_047),
    ),
    WildCall("risk_empty", "evaluate.risk", {"portfolio": {}}, _nothing),
    WildCall("risk_trade", "evaluate.risk", {"portfolio": POSITIONS, "proposed_trade": TRADE}, _bought),
    WildCall("echo", "debug.echo", ECHOED, lambda data: data == ECHOED),
    WildCall("describe_scan", "describe.methods", {"method": "scan.market"}, _only_scan),
    WildCall("describe", "describe.methods", {}, _methods),
)


def is_answered(call: WildCall, request_id: str | int, reply: Data) -> bool:
    """Tell whether a reply is the right one, envelope and all."""
    envelope = (
        reply["status"] == "success"
        and reply["request_id"] == request_id
        and type(reply["request_id"]) is type(request_id)
        and reply["error"] is None
        and reply["processing_time_ms"] >= 0
        and isinstance(reply["timestamp"], int)
    )
    return envelope and call.right(reply["data"])
