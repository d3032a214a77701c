"""The web page's actions on a real service, and what it shows while parts of that are away."""

import re

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.support.browsers import needs_chromium, page_of, show
from tests.support.service import Service, wait_until

pytestmark = needs_chromium
ROWS = "main tbody tr"
FAR_BELOW = {"symbol": "AAPL", "action": "buy", "quantity": 2, "price": 1.25, "order_type": "limit"}


def pids(service: Service) -> dict[str, int]:
    listed = service.health()["components"]["workers"]["workers"]
    return {each["worker_id"]: each["pid"] for each in listed}


def test_restart_when_cancelled_does_nothing_and_when_confirmed_restarts(
    page: Page, service: Service
) -> None:
    before = pids(service)
    worker_id = next(each for each in sorted(before) if each.startswith("fast"))
    show(page, "workers")
    restart = page.get_by_role("button", name=f"Restart {worker_id}", exact=True)
    restart.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"tacore worker restart {worker_id}")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(restart).to_be_focused()
    assert pids(service) == before
    restart.click()
    dialog.get_by_role("button", name="Restart", exact=True).click()
    expect(page.locator("#said")).to_have_text(f"{worker_id} restarts")
    wait_until(lambda: pids(service).get(worker_id, before[worker_id]) != before[worker_id], "it restarts")
    service.wait_ready()


def test_action_when_refused_says_why_and_stays_open(browser: Browser, monitor: httpx.Client) -> None:
    refusal = {"code": "forbidden", "message": "<b>not here</b>", "retryable": False, "details": {}}
    with page_of(browser, str(monitor.base_url)) as (page, _):
        page.route("**/api/actions/scale", lambda route: route.fulfill(status=403, json={"error": refusal}))
        show(page, "workers")
        page.get_by_role("button", name="Scale …").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Workers").fill("3")
        expect(dialog.locator("code")).to_have_text("tacore worker scale 3")
        dialog.get_by_role("button", name="Scale", exact=True).click()
        expect(dialog.get_by_role("alert")).to_have_text("forbidden: <b>not here</b>")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="Scale …")).to_be_focused()


def test_halt_when_confirmed_shows_until_it_is_resumed(page: Page, service: Service) -> None:
    show(page, "orders")
    page.get_by_role("button", name="Halt trading …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("it's a test")
    expect(dialog.locator("code")).to_have_text("""tacore halt --reason 'it'"'"'s a test'""")
    dialog.get_by_role("button", name="Halt trading").click()
    expect(page.locator("#trading")).to_have_text("trading halted")
    assert service.client.call("get.trading_state")["reason"] == "it's a test"
    page.get_by_role("button", name="Resume …").click()
    expect(dialog).to_contain_text("it's a test")
    dialog.get_by_role("button", name="Resume trading").click()
    expect(page.locator("#trading")).to_be_hidden()
    assert service.client.call("get.trading_state")["state"] == "active"


def test_order_when_opened_shows_its_course_and_when_cancelled_ends(page: Page, service: Service) -> None:
    order = service.client.call("execute.order", FAR_BELOW, idempotency_key="shown")
    show(page, "orders")
    line = page.locator(ROWS, has_text=order["order_id"])
    expect(line).to_contain_text("accepted")
    expect(line).to_contain_text("PAPER")
    line.click()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("What happened")
    expect(panel).to_contain_text(order["client_order_id"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"Cancel order {order['order_id']}").click()
    page.get_by_role("button", name="Cancel the order").click()
    expect(line).to_contain_text("cancelled")
    assert service.client.call("get.order", {"order_id": order["order_id"]})["status"] == "cancelled"


def test_monitor_when_it_goes_away_is_missed_and_found_again(browser: Browser, monitor: httpx.Client) -> None:
    with page_of(browser, str(monitor.base_url)) as (page, _):
        show(page, "requests")
        expect(page.locator(ROWS).first).to_be_visible()
        expect(page.locator(".feed-state")).to_have_text("live")
        page.context.route("**/api/*", lambda route: route.abort())
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#away")).to_contain_text(re.compile("monitor does not answer.*old.*by itself"))
        expect(page.locator("#health .word")).to_have_text("monitor away")
        expect(page.locator("#filter-problem")).to_have_text("the monitor does not answer")
        page.context.unroute("**/api/*")
        expect(page.locator("#away")).to_be_hidden()
        expect(page.locator("#health .word")).to_have_text("healthy")
        expect(page.locator(ROWS).first).to_be_visible()


def test_broker_when_killed_is_missed_and_found_again(
    browser: Browser, monitor: httpx.Client, service: Service
) -> None:
    """The workers come back by themselves, under other ids."""
    with page_of(browser, str(monitor.base_url)) as (page, _):
        show(page, "workers")
        expect(page.locator(ROWS)).to_have_count(4)
        service.kill(service.broker_pid())
        service.bury("broker")
        expect(page.locator("#away")).to_contain_text(re.compile("broker at .* does not answer.*old"))
        expect(page.locator("#health .word")).to_have_text("broker down")
        expect(page.get_by_role("button", name="Scale …")).to_be_disabled()
        expect(page.locator("#said")).to_contain_text("The broker does not answer")
        service.start_broker()
        expect(page.locator("#away")).to_be_hidden()
        service.wait_ready()
        expect(page.locator("#health .word")).to_have_text("healthy")
        expect(page.get_by_role("button", name="Scale …")).to_be_enabled()
