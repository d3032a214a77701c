"""Agent jobs on the web page: those that a real manager has, and made ones of every state."""

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.browsers import PHONE, needs_chromium, page_of, show
from tests.support.made_jobs import MARKUP, job, keep
from tests.support.monitors import asking_of, monitor_of
from tests.support.service import Service
from tests.support.stage import Staged

pytestmark = needs_chromium
ROWS = "main tbody tr"
HACKED = (
    "[window.hacked ?? null, document.querySelectorAll('main img, main script, main a[href^=java]').length]"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose job manager finds two jobs that are done, one of them degraded."""
    service = Service(tmp_path_factory.mktemp("jobs"), workers=1, agents=True)
    path = service.loaded.settings.jobs_path
    keep(path, symbol="MSFT")
    keep(path, "empty_report", symbol="GOOG")
    with service:
        yield service


@pytest.fixture(scope="module")
def monitor(service: Service) -> Iterator[httpx.Client]:
    with monitor_of(service) as client:
        yield client


def told(watch: Staged, url: str) -> httpx.Response:
    """Give what the monitor answers for staged jobs; on a thread, for playwright has this one's loop."""

    async def asked() -> httpx.Response:
        async with asking_of(watch) as client:
            return await client.get(url)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asked())).result()


def play(page: Page, watch: Staged) -> list[tuple[str, Any]]:
    """Have a page see staged jobs; gives what it posts."""
    posted: list[tuple[str, Any]] = []

    def answer(route: Route) -> None:
        url = httpx.URL(route.request.url)
        found = told(watch, f"{url.path}?{url.query.decode()}")
        route.fulfill(json=found.json(), status=found.status_code)

    def act(route: Route) -> None:
        name = httpx.URL(route.request.url).path.rpartition("/")[2]
        posted.append((name, json.loads(route.request.post_data or "{}")))
        watch.agents[0] = job(6, "cancelled")
        route.fulfill(json={"done": "job j-0006 is cancelled", "command": "tacore jobs cancel j-0006"})

    page.route("**/api/jobs*", answer)
    page.route("**/api/jobs/*", answer)
    page.route("**/api/actions/*-job", act)
    return posted


def test_jobs_when_their_manager_has_some_are_shown_as_it_tells_them(page: Page, service: Service) -> None:
    """Nothing is made up between jobs.db and the page here."""
    show(page, "jobs")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(ROWS).first).to_contain_text(re.compile("done.*GOOG.*BUY.*80 %.*DEGRADED"))
    expect(page.locator(ROWS).nth(1)).not_to_contain_text("DEGRADED")
    page.get_by_label("State").select_option("failed")
    expect(page.locator(".empty")).to_contain_text("No job is like that")
    page.get_by_label("State").select_option("done")
    page.locator(ROWS).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("GOOG as of 2012-09-19")
    expect(page.locator(".banner")).to_contain_text("empty_report there is empty_report")
    expect(page.locator(".happened")).to_contain_text("news begins")
    expect(page.locator(".usage tbody tr")).to_have_text("smallmarket11,0001000.002")
    page.locator(".reports summary").first.click()
    expect(page.locator(".reports")).to_contain_text(MARKUP)
    assert page.evaluate(HACKED) == [None, 0]
    (newest, _) = service.client.call("list.jobs")["jobs"]
    expect(page.locator(".ways code")).to_have_text(f"tacore jobs show {newest['job_id']}")


def test_metrics_when_jobs_are_there_count_them(monitor: httpx.Client) -> None:
    text = monitor.get("/metrics", headers={"Accept": "text/plain"}).text
    assert 'tacore_jobs{state="done"} 2.0' in text
    assert 'kind="input",quick_model="small"} 2000.0' in text
    assert monitor.get("/api/metrics").json()["jobs"]["done"] == 2


def test_jobs_when_nobody_serves_them_say_what_starts_a_manager(
    browser: Browser, monitor: httpx.Client
) -> None:
    watch = Staged()
    watch.agents_served = False
    with page_of(browser, str(monitor.base_url)) as (page, _):  # whose console notes the 503
        play(page, watch)
        show(page, "jobs")
        expect(page.locator("main .problem")).to_contain_text("no job manager runs here")
        expect(page.locator("main .problem code")).to_have_text("tacore worker spawn --pool agents")


def test_jobs_when_there_are_none_say_how_to_start_one(page: Page) -> None:
    watch = Staged()
    watch.agents = []
    play(page, watch)
    show(page, "jobs")
    expect(page.locator(".empty")).to_contain_text("TRADINGAGENTS_PATH")
    expect(page.locator(".empty code").first).to_contain_text("--analysis-type agents")


def test_list_when_a_decision_is_degraded_says_so_and_opens_its_page(page: Page) -> None:
    play(page, Staged())
    show(page, "overview")
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.locator(ROWS)).to_have_count(6)
    expect(page.locator(ROWS, has_text="DEGRADED")).to_have_count(1)
    expect(page.locator(".counts")).to_contain_text("1 running")
    page.keyboard.press("/")
    expect(page.get_by_label("Symbol")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator(ROWS, has_text="DEGRADED").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("GOOG as of 2013-02-28")
    banner = page.locator(".banner")
    expect(banner).to_contain_text("DEGRADED: this decision is not to be trusted")
    expect(banner).to_contain_text(f"empty_report the news report is empty {MARKUP}")
    expect(banner).to_contain_text("SIMULATED")
    page.get_by_role("link", name="Jobs", exact=False).first.click()
    expect(page.locator(ROWS)).to_have_count(6)


def test_texts_of_models_when_opened_are_shown_and_run_nothing(page: Page) -> None:
    play(page, Staged())
    show(page, "jobs/j-0002")
    for each in page.locator("details.text > summary").all():
        each.click()
    report = page.locator(".reports details").first
    expect(report.locator("strong").first).to_have_text("up")
    expect(report.locator("td").nth(1)).to_have_text("441.40")
    expect(report).to_contain_text("the chart (javascript:window.hacked=1)")
    expect(report).to_contain_text(MARKUP)
    expect(page.locator(".debates")).to_contain_text(f"Buy. {MARKUP}")
    expect(page.locator(".tools")).to_contain_text("no news is there")
    expect(page.locator(".usage")).to_contain_text("large-1")
    assert page.evaluate(HACKED) == [None, 0]


def test_page_of_a_job_when_it_goes_on_follows_and_keeps_what_is_open(page: Page) -> None:
    watch = Staged()
    play(page, watch)
    show(page, "jobs/j-0006")
    page.locator(".reports summary").first.click()
    news = {"id": 4, "at": "2026-01-01T00:02:00Z", "kind": "stage", "text": "Trader begins", "data": {}}
    first = watch.agents[0]
    report = {"name": "plan", "title": "Plan", "text": "Wait."}
    watch.agents[0] = first | {
        "last_event_id": 4,
        "events": [*first["events"], news],
        "reports": [*first["reports"], report],
        "progress": 0.8,
    }
    expect(page.locator(".happened li").first).to_contain_text("Trader begins")
    expect(page.locator(".banner progress")).to_have_attribute("value", "0.8")
    expect(page.locator(".reports details")).to_have_count(2)
    expect(page.locator(".reports details[open]")).to_have_count(1)


def test_job_when_cancelled_after_a_yes_ends(page: Page) -> None:
    posted = play(page, Staged())
    show(page, "jobs/j-0006")
    page.get_by_role("button", name="Cancel job j-0006").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("code")).to_have_text("tacore jobs cancel j-0006")
    page.keyboard.press("Escape")
    assert posted == []
    page.get_by_role("button", name="Cancel job j-0006").click()
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#said")).to_have_text("j-0006 is cancelled")
    expect(page.get_by_role("button", name="Retry job j-0006")).to_be_visible()
    assert posted == [("cancel-job", {"job_id": "j-0006"})]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_when_jobs_are_shown_needs_no_sideways_scroll(
    browser: Browser, monitor: httpx.Client, scheme: str
) -> None:
    with page_of(browser, str(monitor.base_url), PHONE, color_scheme=scheme) as (page, complaints):
        play(page, Staged())
        for route, seen in (("jobs", ROWS), ("jobs/j-0002", ".tools tbody tr")):
            show(page, route)
            expect(page.locator(seen).first).to_be_visible()
            for each in page.locator("details.text > summary").all():
                each.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], route
        assert complaints == []
