"""The monitor holds to its own description, whatever it is asked: schemathesis over the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tacore.monitor.app import make_app
from tacore.watch.watch import Watch
from tests.support.monitors import ABOUT, NOBODY, monitor_of
from tests.support.service import Service

DESCRIPTION = make_app(lambda: Watch(NOBODY), ABOUT, lambda _site: None).openapi()
OPERATIONS = [(path, verb) for path, verbs in DESCRIPTION["paths"].items() for verb in verbs]
SAY_NO = ("/api/requests", "/logs")
"""Whose text may be no filter line, which no schema can tell."""
ANY_TEXT = ("/api/requests/{request_id}", "/api/orders/{order_id}")
"""Whose only parameter can't be wrong."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description of a monitor that may not act: what is asked at random must not end the service."""
    home = tmp_path_factory.mktemp("described")
    with (
        Service(home, workers=1, orders=True, agents=True, api__actions="off") as service,
        monitor_of(service) as monitor,
    ):
        yield schemathesis.openapi.from_url(f"{monitor.base_url}/api/openapi.json")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "verb"), OPERATIONS)
def test_endpoint_when_asked_anything_answers_as_described(
    described: Any, path: str, verb: str, mode: GenerationMode
) -> None:
    operation = described[path][verb]
    takes = operation.query or operation.path_parameters or operation.headers or operation.body
    if mode is GenerationMode.NEGATIVE and (not takes or path in ANY_TEXT):
        return
    excluded = [positive_data_acceptance] if path in SAY_NO else []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(timeout=30, excluded_checks=excluded)

    ask()
