"""The web page beside a real service: what it shows, by pointer, by keyboard and at phone width."""

import json
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tacore.errors import TacoreError
from tests.support.browsers import PHONE, VIEWS, needs_chromium, page_of, show
from tests.support.service import Service

pytestmark = needs_chromium
ROWS = "main tbody tr"
MARKUP = "<img src=x onerror=window.hacked=1>"
SPANS = [
    {"depth": 0, "kind": "request", "span": "debug.echo", "start_ms": 0, "ms": 40, "outcome": "success"},
    {
        "depth": 1,
        "kind": "attempt",
        "span": "attempt 1",
        "start_ms": 0,
        "ms": 10,
        "worker_id": "fast-1",
        "outcome": "worker_lost",
        "note": "killed by signal 9",
    },
    {"depth": 1, "kind": "attempt", "span": "attempt 2", "start_ms": 10, "ms": 30, "worker_id": "fast-2"},
    {"depth": 2, "kind": "step", "span": "<b>step</b>", "start_ms": 12, "ms": 20, "worker_id": "fast-2"},
]
"""As tacore/store/spans.py tells them."""
NAMELESS = """() => [...document.querySelectorAll('button, input, select, a')]
  .filter((each) => each.checkVisibility())
  .filter((each) => !(each.ariaLabel || each.textContent.trim() || each.labels?.length))
  .map((each) => each.outerHTML)"""


def echo(service: Service, request_id: str, params: dict[str, Any] | None = None) -> None:
    service.client.call("debug.echo", params or {}, request_id=request_id)


def fail(service: Service, method: str = "no.method") -> None:
    with pytest.raises(TacoreError):
        service.client.call(method)


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


@pytest.mark.parametrize("view", VIEWS)
def test_view_when_opened_has_its_heading_and_names_everything(page: Page, view: str) -> None:
    show(page, view.lower())
    expect(page.get_by_role("heading", level=1)).to_have_text(view)
    expect(page.locator("nav a[aria-current=page]")).to_have_text(view)
    expect(page.locator("#health")).to_contain_text("healthy")
    expect(page.locator("#money")).to_contain_text("PAPER")
    for role in ("banner", "navigation", "main"):
        expect(page.get_by_role(role)).to_have_count(1)
    assert page.evaluate(NAMELESS) == []
    assert page.locator("table:not(:has(caption))").count() == page.locator("table.u-legend").count()


def test_page_when_loaded_asks_nobody_else(page: Page, monitor: httpx.Client) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    show(page, "chart/AAPL")
    expect(page.locator(".bar-plots canvas")).to_have_count(3)
    assert [url for url in asked if not url.startswith(str(monitor.base_url))] == []


def test_band_when_money_is_real_says_live(page: Page, monitor: httpx.Client) -> None:
    seen = monitor.get("/api/overview").json() | {"paper": False, "live_accounts": ["<b>main</b>"]}
    body = f"retry: 60000\n\nevent: overview\ndata: {json.dumps(seen)}\n\n"
    page.route("**/api/events*", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    page.goto("/#/overview")
    expect(page.locator("#money.live")).to_have_text("LIVE real money (<b>main</b>)")
    assert "LIVE" in page.title()


def test_overview_when_there_was_load_plots_it(page: Page, service: Service) -> None:
    echo(service, "load")
    show(page, "overview")
    expect(page.locator(".plots canvas").first).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("Everything is well")
    expect(page.locator(".tile")).to_have_count(6)


def test_methods_when_sorted_by_name_says_so(page: Page, service: Service) -> None:
    echo(service, "of-methods")
    show(page, "methods?window=3600")
    expect(page.locator(ROWS, has_text="debug.echo")).to_be_visible()
    page.get_by_role("button", name="Method", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Method ▲")
    names = page.locator(f"{ROWS} td:first-child").all_text_contents()
    assert names == sorted(names)


def test_live_tail_when_a_request_is_answered_shows_it_first(page: Page, service: Service) -> None:
    show(page, "requests")
    expect(page.locator(".feed-state")).to_contain_text("live")
    for name in ("first", "second"):
        echo(service, f"tail-{name}")
    expect(page.locator(ROWS).first).to_contain_text("tail-second")
    expect(page.locator(ROWS).nth(1)).to_contain_text("tail-first")


def test_live_tail_when_paused_holds_still_until_followed(page: Page, service: Service) -> None:
    show(page, "requests")
    expect(page.locator(".feed-state")).to_contain_text("live")
    page.keyboard.press("Space")
    echo(service, "held-back")
    expect(page.locator(".feed-state")).to_have_text("paused · 1 new")
    expect(page.locator(ROWS, has_text="held-back")).to_have_count(0)
    page.get_by_role("button", name="Follow").click()
    expect(page.locator(ROWS).first).to_contain_text("held-back")


def test_live_tail_when_thousands_come_keeps_a_window(page: Page, service: Service) -> None:
    show(page, "requests?q=method:debug.echo")
    expect(page.locator(".feed-state")).to_contain_text("live")
    for _ in service.client.map("debug.echo", [{"n": n} for n in range(3000)], concurrency=64):
        pass
    echo(service, "after-the-flood")
    expect(page.locator(ROWS).first).to_contain_text("after-the-flood")
    assert 100 <= page.locator(ROWS).count() <= 300


def test_paging_when_gone_back_shows_each_row_once(page: Page, service: Service) -> None:
    for number in range(120):
        echo(service, f"page-{number:03}")
    show(page, "requests?q=method:debug.echo page-")
    page.locator("#filter").fill("method:debug.echo id:page-000")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator("#filter").fill("method:debug.echo")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS).first).to_contain_text("page-119")
    newest = page.locator(ROWS).evaluate_all("lines => lines.map((each) => Number(each.dataset.key))")
    page.get_by_role("button", name="Older").focus()
    page.keyboard.press("Space")
    expect(page.locator(".feed-state")).to_contain_text("rows ")
    older = page.locator(ROWS).evaluate_all("lines => lines.map((each) => Number(each.dataset.key))")
    assert max(older) < min(newest)
    page.get_by_role("button", name="Newer").click()
    expect(page.locator(".feed-state")).to_contain_text("live")
    expect(page.locator(ROWS).first).to_contain_text("page-119")


def test_filter_when_only_errors_are_wanted_shows_no_success(page: Page, service: Service) -> None:
    fail(service)
    show(page, "requests")
    page.keyboard.press("/")
    page.keyboard.type("status:error method:no.method")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS).first).to_contain_text("unknown_method")
    echo(service, "a-success")
    fail(service)
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(ROWS, has_text="✓ ok")).to_have_count(0)


def test_filter_when_wrong_names_the_part(browser: Browser, monitor: httpx.Client) -> None:
    with page_of(browser, str(monitor.base_url)) as (page, complaints):
        show(page, "requests?q=status:maybe")
        expect(page.locator("#filter-problem")).to_contain_text("is no status; allowed: success, error")
        expect(page.locator("#filter")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#health .word")).to_have_text("healthy")
        assert [each for each in complaints if "400" not in each] == []


def test_detail_when_a_row_is_opened_shows_all_of_it(page: Page, service: Service) -> None:
    echo(service, "in-full", {"symbols": ["AAPL"], "exact": 12345678901234567890, "nested": {"a": None}})
    show(page, "requests?q=id:in-full")
    page.locator(ROWS).first.click()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("12345678901234567890")
    expect(panel.get_by_role("heading", name="Params")).to_be_visible()
    expect(panel.locator(".waterfall tbody tr").first).to_be_visible()
    expect(panel.get_by_text("tacore trace in-full")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(ROWS).first).to_be_focused()


def test_detail_when_a_worker_was_lost_draws_each_attempt(page: Page, service: Service) -> None:
    def with_spans(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"spans": SPANS})

    echo(service, "lost-once")
    page.route("**/api/rows/*", with_spans)
    show(page, "requests?q=id:lost-once")
    page.locator(ROWS).first.click()
    steps = page.locator(".waterfall tbody tr")
    expect(steps).to_have_text(
        [
            "debug.echo40.0 ms",
            "attempt 1fast-1 · killed by signal 9 · worker_lost10.0 ms",
            "attempt 2fast-230.0 ms",
            "<b>step</b>20.0 ms",
        ]
    )
    box = page.locator(".span-bar").evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect())")
    assert box[1]["width"] / box[0]["width"] == pytest.approx(10 / 40, abs=0.02)
    assert (box[2]["x"] - box[0]["x"]) / box[0]["width"] == pytest.approx(10 / 40, abs=0.02)
    expect(page.locator(".span-bar.failed")).to_have_count(1)


def test_copy_when_clicked_or_typed_gives_the_command(
    page: Page, service: Service, monitor: httpx.Client
) -> None:
    echo(service, "to-copy", {"it's": "quoted"})
    show(page, "requests?q=id:to-copy")
    (row,) = monitor.get("/api/requests", params={"request_id": "to-copy"}).json()
    page.locator(ROWS).get_by_role("button", name="Copy the command").click()
    expect(page.locator("#said")).to_contain_text("copied")
    assert copied(page) == row["command"]
    page.keyboard.press("j")
    page.keyboard.press("y")
    expect(page.locator("#said")).to_contain_text("the row as JSON")
    assert json.loads(copied(page))["request_id"] == "to-copy"
    page.keyboard.press("Shift+Y")
    expect(page.locator("#said")).to_contain_text("tacore call")
    assert copied(page) == row["command"]


def test_markup_when_a_client_sends_it_stays_text(page: Page, service: Service) -> None:
    echo(service, MARKUP, {MARKUP: MARKUP, "list": [MARKUP]})
    fail(service, MARKUP)
    show(page, "requests")
    marked = page.locator(ROWS, has_text=MARKUP)
    expect(marked.first).to_contain_text("unknown_method")
    for line in (marked.first, marked.nth(1)):  # the newest; other tests send markup too
        line.click()
        expect(page.get_by_role("complementary").locator(".json").first).to_contain_text(MARKUP)
    show(page, "methods")
    expect(page.locator(ROWS).first).to_be_visible()
    assert page.evaluate("[window.hacked ?? null, document.querySelectorAll('img').length]") == [None, 0]


def test_keyboard_when_walked_reaches_rows_filter_help_and_views(page: Page, service: Service) -> None:
    echo(service, "walked-1")
    echo(service, "walked-2")
    show(page, "overview")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator(ROWS).first).to_contain_text("walked-2")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("walked-2")
    page.keyboard.press("ArrowDown")
    expect(panel).to_contain_text("walked-1")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#filter")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Filter line")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for letter, view in zip("hwmrojc", VIEWS, strict=True):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.get_by_role("heading", level=1)).to_have_text(view)


def test_chart_when_a_symbol_is_shown_has_its_bars(page: Page, service: Service) -> None:
    data = service.client.call("get.market_data", {"symbols": ["MSFT"], "limit": 1})
    (bar,) = data["symbols"]["MSFT"]["bars"]
    show(page, "chart/MSFT?adjusted=false&indicators=sma20,bollinger,rsi14,macd")
    expect(page.locator(".price strong")).to_have_text(str(bar["close"]))
    expect(page.locator(".bar-plots canvas")).to_have_count(4)
    page.get_by_text("as a table").click()
    expect(page.locator("main tbody tr").first).to_contain_text(bar["session"])


def test_theme_when_chosen_holds_after_a_reload(page: Page) -> None:
    show(page, "overview")
    button = page.get_by_role("button", name="Theme")
    button.click()
    expect(button).to_have_text("Theme: dark")
    page.reload()
    expect(button).to_have_text("Theme: dark")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_when_any_view_is_shown_needs_no_sideways_scroll(
    browser: Browser, monitor: httpx.Client, service: Service, scheme: str
) -> None:
    echo(service, MARKUP * 20)
    with page_of(browser, str(monitor.base_url), PHONE, color_scheme=scheme) as (page, complaints):
        for route in (*map(str.lower, VIEWS), "chart/AAPL"):
            show(page, route)
            expect(page.get_by_role("heading", level=1)).to_be_attached()
            page.wait_for_load_state("load")
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], route
        assert complaints == []
