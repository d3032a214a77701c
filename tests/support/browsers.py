"""The system's Chromium, driven by playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium on PATH: install Debian's package of that name"
)
DESKTOP, PHONE = (1440, 900), (390, 844)
PATIENCE_MS = 45_000
VIEWS = ("Overview", "Workers", "Methods", "Requests", "Orders", "Jobs", "Chart")
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser; within a container root has no sandbox."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(
    browser: Browser, url: str, size: tuple[int, int] = DESKTOP, **options: Any
) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; what its console complains of is collected."""
    context = browser.new_context(
        base_url=url, viewport={"width": size[0], "height": size[1]}, locale="en-GB", **options
    )
    context.set_default_timeout(PATIENCE_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page, complaints
    finally:
        context.close()


def show(page: Page, route: str) -> None:
    """Go to a view, and wait until the page hears of the service."""
    page.goto(f"/#/{route}")
    expect(page.locator("#health .word")).not_to_have_text("connecting")
