"""Thresholds of `tacore check` by the examples of the plugins' guidelines, and how results are written."""

import subprocess
import sys
from pathlib import Path

import pytest

from tacore.cli.check.formats import as_json, nagios, prometheus
from tacore.cli.check.ranges import parse
from tacore.cli.check.result import CRITICAL, OK, UNKNOWN, WARNING, Metric, Result, worst
from tacore.cli.exits import Usage
from tests.support.command import environment


@pytest.mark.parametrize(
    ("text", "alerting", "well"),
    [
        ("10", [-0.1, 10.1, 1e9], [0, 5, 10]),
        ("10:", [9.9, 0, -3], [10, 11, 1e9]),
        ("~:10", [10.1, 99], [10, 0, -1e9]),
        ("10:20", [9.9, 20.1], [10, 15, 20]),
        ("@10:20", [10, 15, 20], [9.9, 20.1]),
        ("@5", [0, 3, 5], [-0.1, 5.1]),
        ("0.5:1.5", [0.4, 1.6], [0.5, 1.0]),
    ],
)
def test_range_when_read_alerts_where_the_guidelines_say(
    text: str, alerting: list[float], well: list[float]
) -> None:
    given = parse("--warn", text)
    assert [each for each in alerting if not given.alerts(each)] == []
    assert [each for each in well if given.alerts(each)] == []
    assert given.text == text


@pytest.mark.parametrize("text", ["", "a", "20:10", "1:2:3", "nan", "~", "10%", "@", ":"])
def test_range_when_it_makes_no_sense_says_what_is_allowed(text: str) -> None:
    with pytest.raises(Usage, match=r"--crit is a range like 10 .*@10:20"):
        parse("--crit", text)


@pytest.mark.parametrize(
    ("value", "state"), [(0, OK), (10, OK), (11, WARNING), (20, WARNING), (21, CRITICAL), (-1, CRITICAL)]
)
def test_metric_when_both_ranges_alert_is_critical(value: float, state: int) -> None:
    assert Metric("x", value, "", parse("--warn", "10"), parse("--crit", "20")).state == state


def test_worst_when_something_is_unknown_is_outweighed_by_what_is_known_to_be_bad() -> None:
    assert worst([OK, UNKNOWN]) == UNKNOWN
    assert worst([OK, UNKNOWN, WARNING]) == WARNING
    assert worst([CRITICAL, UNKNOWN, WARNING]) == CRITICAL


def some() -> list[Result]:
    ranges = parse("--warn", "1000"), parse("--crit", "5000")
    waits = [
        Metric("queued", 3, "", *ranges, ("pool", "fast")),
        Metric("queued", 0, "", *ranges, ("pool", "orders")),
    ]
    slow = Metric("p95", 1500.25, "ms", *ranges)
    return [
        Result("queue", OK, "3 requests wait", waits),
        Result("latency", WARNING, "p95 1500.2 ms | a\nlot", [slow]),
        Result("errors", UNKNOWN, "no journal"),
        Result("workers", UNKNOWN, "no journal"),
    ]


def test_nagios_when_written_is_one_line_with_the_worst_first_and_one_bar() -> None:
    assert nagios(some()) == (
        "TACORE WARNING - latency WARNING: p95 1500.2 ms / a lot; errors, workers UNKNOWN: no journal; "
        "3 requests wait | queued_fast=3;1000;5000;0 queued_orders=0;1000;5000;0 p95=1500.25ms;1000;5000;0\n"
    )


def test_prometheus_when_written_has_base_units_and_parses() -> None:
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - slow to import

    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(prometheus(some()))
        for sample in family.samples
    }
    assert samples == {
        ("tacore_check_state", ("check", "queue")): 0,
        ("tacore_check_state", ("check", "latency")): 1,
        ("tacore_check_state", ("check", "errors")): 3,
        ("tacore_check_state", ("check", "workers")): 3,
        ("tacore_check_queue_queued", ("pool", "fast")): 3,
        ("tacore_check_queue_queued", ("pool", "orders")): 0,
        ("tacore_check_latency_p95_seconds",): 1.50025,
    }


def test_json_when_written_is_one_line() -> None:
    assert as_json(some()).count("\n") == 1


def test_check_when_asked_of_a_service_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"typer", "pydantic", "yaml", "redis", "polars", "pandas", "sqlite_utils", "psutil"}
    code = "import sys; from tacore.cli import entry; entry.run(['check', 'all']); "
    code += f"print(({heavy!r} | {{'prometheus_client'}}) & set(sys.modules))"
    environ = environment(TACORE_ENDPOINT="tcp://127.0.0.1:1")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
