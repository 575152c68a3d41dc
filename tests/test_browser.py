"""The report in a real browser: no network, no script, hostile names as plain text, narrow screens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser_kit import faults, opened_browser, require_browser
from customer_value import words
from customer_value.report import make_report
from customer_value.report.overview import Entry, overview_html
from report_company import HOSTILE, write_company

PAGES = ("index", "01_data_load", "02_pareto")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_browser()
    folder = tmp_path_factory.mktemp("browser")
    config, notebooks = write_company(folder)
    return make_report(config, folder / "report", notebooks=notebooks).parent


@pytest.fixture(scope="module")
def browser_page(report: Path) -> Iterator[tuple[Page, list[str]]]:
    """A page, and everything that it asked for or complained about."""
    noticed: list[str] = []
    with opened_browser() as page:
        page.on("request", lambda request: noticed.append(request.url))
        page.on("console", lambda message: noticed.append(message.text))
        page.on("pageerror", lambda error: noticed.append(str(error)))
        yield page, noticed


@pytest.fixture(params=PAGES)
def opened(browser_page: tuple[Page, list[str]], report: Path, request: pytest.FixtureRequest) -> Page:
    """Every page of the report in turn, at the width of a telephone."""
    page, noticed = browser_page
    noticed.clear()
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto((report / f"{request.param}.html").as_uri())
    return page


def test_page_asks_for_nothing_and_complains_about_nothing(
    opened: Page, browser_page: tuple[Page, list[str]]
) -> None:
    assert [text for text in browser_page[1] if not text.startswith("data:")] == [opened.url]


def test_no_script_ran(opened: Page) -> None:
    assert opened.evaluate("typeof window.__pwned") == "undefined"
    assert opened.locator("script").count() == 0


def test_page_fits_a_narrow_screen(opened: Page) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth") == 400
    wide = "[...document.images].filter(image => image.getBoundingClientRect().right > 400).length"
    assert opened.evaluate(wide) == 0


def test_every_picture_is_drawn_and_has_a_text_alternative(opened: Page) -> None:
    broken = "[...document.images].filter(image => !image.alt || !image.naturalWidth).length"
    assert opened.evaluate(broken) == 0


def test_page_has_landmarks_a_language_and_one_first_heading(opened: Page) -> None:
    assert opened.evaluate("document.documentElement.lang") == "en"
    assert opened.locator("h1").count() == 1
    assert opened.locator("main").count() == 1
    assert opened.locator("nav").count() >= 1
    assert opened.title()


def test_links_inside_the_report_lead_somewhere(opened: Page, report: Path) -> None:
    targets = opened.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for target in targets:
        file, _, anchor = target.partition("#")
        assert (report / (file or ".")).exists()
        assert not anchor or opened.locator(f"[id='{anchor}']").count() == 1


@pytest.fixture
def pareto(browser_page: tuple[Page, list[str]], report: Path) -> Page:
    page, _ = browser_page
    page.goto((report / "02_pareto.html").as_uri())
    return page


def test_hostile_names_are_plain_text(pareto: Page) -> None:
    cells = pareto.locator("td:first-child").all_inner_texts()
    assert cells[1:] == [words.plain(name) for name in HOSTILE]
    warned = pareto.locator(".cv-warning p").all_inner_texts()
    assert warned == list(HOSTILE)
    assert HOSTILE[0] in (pareto.get_by_role("img").get_attribute("alt") or "")


def test_hostile_file_names_and_sentences_are_plain_text_on_the_summary(
    browser_page: tuple[Page, list[str]], report: Path
) -> None:
    page, _ = browser_page
    page.goto((report / "index.html").as_uri())
    text = page.locator("main").inner_text()
    for sentence in (f"We found {HOSTILE[0]}", f"Mind {HOSTILE[1]}", f"Call {HOSTILE[2]}"):
        assert sentence in text
    assert page.locator("h1").inner_text() == "Acme & <Sons>"


def test_wide_table_scrolls_inside_its_own_frame(pareto: Page) -> None:
    pareto.set_viewport_size({"width": 400, "height": 800})
    scrolls = "frames => frames.some(frame => frame.scrollWidth > frame.clientWidth)"
    assert pareto.locator(".cv-table").evaluate_all(scrolls)


def test_code_is_hidden_until_it_is_asked_for(pareto: Page) -> None:
    code = pareto.locator(".code").first
    assert not code.is_visible()
    pareto.get_by_text("Show code").click()
    assert code.is_visible()
    pareto.get_by_label("Show code").first.press("Space")
    assert not code.is_visible()


def test_code_and_navigation_are_not_printed(pareto: Page) -> None:
    pareto.get_by_text("Show code").click()
    pareto.emulate_media(media="print")
    try:
        assert not pareto.locator(".code").first.is_visible()
        assert not pareto.locator("nav.pages").is_visible()
        assert pareto.locator("h1").is_visible()
    finally:
        pareto.emulate_media(media="screen")


def test_navigation_leads_from_page_to_page(pareto: Page) -> None:
    pareto.get_by_role("navigation", name="Pages of this report").get_by_text("Summary").click()
    assert pareto.url.endswith("/index.html")
    pareto.get_by_role("navigation").get_by_text("Data load").click()
    assert pareto.url.endswith("/01_data_load.html")
    pareto.locator("a[rel=next]").click()
    assert pareto.url.endswith("/02_pareto.html")


def test_keyboard_reaches_the_content_first(pareto: Page) -> None:
    pareto.keyboard.press("Tab")
    assert pareto.evaluate("document.activeElement.textContent") == "Skip to content"


def test_axe_finds_no_fault_on_any_page(browser_page: tuple[Page, list[str]], report: Path) -> None:
    pages = sorted(report.glob("*.html"))
    assert len(pages) == len(PAGES)
    assert {page.name: found for page in pages if (found := faults(browser_page[0], page))} == {}


def test_axe_finds_no_fault_on_the_overview_of_a_batch(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    facts = {
        "data.as_of": "2025-12-31", "data.rows_read": 120_000, "data.customers": 2_400,
        "data.amount_kept": 1234567.0, "clv.customers": 2_400, "clv.expected_active": 1_800.0,
        "clv.customer_equity": 7654321.0,
    }  # fmt: skip
    made = [Entry(f"company{n}", f"company{n}", "A company " * n, "EUR", facts) for n in (1, 2, 9)]
    failed = Entry("lost", "lost", failure=f"{'long' * 30}.csv is not there.", earlier=True)
    page = tmp_path / "index.html"
    page.write_text(overview_html("A batch", [*made, failed]), encoding="utf-8")
    assert faults(browser_page[0], page) == []


def test_table_that_scrolls_is_reached_by_the_keyboard_and_has_a_name(pareto: Page) -> None:
    frames = pareto.locator(".cv-table")
    assert frames.evaluate_all("frames => frames.every(frame => frame.tabIndex === 0 && frame.ariaLabel)")
    assert pareto.locator("th:empty").count() == 0
