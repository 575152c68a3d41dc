"""A real browser, and what axe-core finds in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 380)


def require_browser() -> None:
    """Skip the test where there is no browser; fail where nothing may be skipped."""
    if BROWSER is None and os.environ.get("CUSTOMER_VALUE_REQUIRE_ALL") != "1":
        pytest.skip("no chromium, chromium-browser or google-chrome on the PATH")
    assert BROWSER, "CUSTOMER_VALUE_REQUIRE_ALL=1, but there is no browser on the PATH"


@contextmanager
def opened_browser() -> Iterator[Page]:
    """A page of a browser that asks for nothing by itself."""
    require_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=list(QUIET))
        yield browser.new_page()
        browser.close()


def faults(page: Page, file: Path) -> list[str]:
    """What axe-core finds on a page, on a desk and on a telephone, and whether it fits both."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    page.goto(file.as_uri())
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        seen = (
            Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
        )
        found += [f"{width}: {rule['id']} at {node['target']}" for rule in seen for node in rule["nodes"]]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: too wide")
    return found
