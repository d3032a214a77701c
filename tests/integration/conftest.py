"""One running service for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("service")
    with Service(home, journal__commit_ms=10, worker__feature_tables=True) as started:
        yield started
