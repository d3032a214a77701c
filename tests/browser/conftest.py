"""One service, monitor and browser for the tests of a module; a page of its own for each test."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.browsers import chromium, page_of
from tests.support.monitors import monitor_of
from tests.support.service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("shown")
    with Service(home, orders=True, agents=True, journal__commit_ms=10) as started:
        yield started


@pytest.fixture(scope="module")
def monitor(service: Service) -> Iterator[httpx.Client]:
    with monitor_of(service) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, monitor: httpx.Client) -> Iterator[Page]:
    """A page at desktop width whose console stays silent."""
    with page_of(browser, str(monitor.base_url)) as (opened, complaints):
        yield opened
        assert complaints == []
