"""Results as monitoring systems read them."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tacore.cli.check.ranges import Range
from tacore.cli.check.result import NAMES, OK, SEVERITY, Metric, Result, worst

_FACTOR = {"ms": ("seconds", 1e-3), "s": ("seconds", 1.0), "%": ("ratio", 1e-2)}
"""Prometheus' base units, by Nagios' unit, and what a value is multiplied by."""


def nagios(results: Sequence[Result]) -> str:
    """Write one line: state, what was found, and after the bar the performance data."""
    state = worst(each.state for each in results)
    said = results[0].said if len(results) == 1 else "; ".join(_parts(results))
    data = " ".join(_performance(metric) for each in results for metric in each.metrics)
    text = " ".join(said.replace("|", "/").split())
    return f"TACORE {NAMES[state]} - {text}" + (f" | {data}" if data else "") + "\n"


def told(results: Sequence[Result]) -> dict[str, Any]:
    """Give everything as one JSON object."""
    state = worst(each.state for each in results)
    return {"status": NAMES[state].lower(), "code": state, "checks": [_row(each) for each in results]}


def as_json(results: Sequence[Result]) -> str:
    """Write it in a line."""
    return json.dumps(told(results)) + "\n"


def prometheus(results: Sequence[Result]) -> str:
    """Write the text exposition format, version 0.0.4, for a textfile collector."""
    lines = [
        "# HELP tacore_check_state 0 ok, 1 warning, 2 critical, 3 unknown",
        "# TYPE tacore_check_state gauge",
        *(f'tacore_check_state{{check="{each.check}"}} {each.state}' for each in results),
    ]
    known: set[str] = set()
    for result in results:
        for metric in result.metrics:
            suffix, factor = _FACTOR.get(metric.unit, ("", 1.0))
            own = metric.name if metric.name != result.check else ""
            name = "_".join(part for part in ("tacore_check", result.check, own, suffix) if part)
            if name not in known:
                known.add(name)
                lines += [
                    f"# HELP {name} What `tacore check {result.check}` measured",
                    f"# TYPE {name} gauge",
                ]
            labels = f"{{{metric.label[0]}={json.dumps(metric.label[1])}}}" if metric.label else ""
            lines.append(f"{name}{labels} {_number(metric.value * factor)}")
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Result]], str]] = {
    "nagios": nagios,
    "json": as_json,
    "prometheus": prometheus,
}


def _parts(results: Sequence[Result]) -> list[str]:
    """Say what each came to, the worst first, and once what is the same for several."""
    same: dict[tuple[int, str], list[str]] = {}
    for each in sorted(results, key=lambda result: -SEVERITY.index(result.state)):
        same.setdefault((each.state, each.said), []).append(each.check)
    return [
        said if state == OK else f"{', '.join(checks)} {NAMES[state]}: {said}"
        for (state, said), checks in same.items()
    ]


def _performance(metric: Metric) -> str:
    label = metric.name if metric.label is None else f"{metric.name}_{metric.label[1]}"
    ranges = [_text(each) for each in (metric.warn, metric.crit)]
    values = [f"{_number(metric.value)}{metric.unit}", *ranges, "0", "100" if metric.unit == "%" else ""]
    return f"{label}={';'.join(values).rstrip(';')}"


def _text(given: Range | None) -> str:
    return "" if given is None else given.text


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "U"
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _row(result: Result) -> dict[str, Any]:
    metrics = [
        {
            "name": metric.name,
            **({metric.label[0]: metric.label[1]} if metric.label else {}),
            "value": metric.value,
            "unit": metric.unit,
            "warn": _text(metric.warn),
            "crit": _text(metric.crit),
        }
        for metric in result.metrics
    ]
    return {
        "check": result.check,
        "status": NAMES[result.state].lower(),
        "code": result.state,
        "said": result.said,
        "metrics": metrics,
    }
