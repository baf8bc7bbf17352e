"""axe-core finds nothing serious on any page, in either theme and in either language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.web.actions import sign_in
from tests.web.test_review import disputed as disputed  # the fixture
from tests.web.world import ANNOTATOR, World

AXE = ANNOTATOR / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


def findings(page: Page) -> list[str]:
    """Serious findings on the page as it stands, with what they are about."""
    # Not as a script element: the page's own policy forbids it, which is right.
    page.evaluate(AXE.read_text("utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {found['id']}: {node['html'][:120]}"
        for found in result["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


def jobs(page: Page) -> None:
    page.locator("article.job").wait_for()


def job(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/jobs/shafts")
    page.locator("table").first.wait_for()


def guideline(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/guideline")
    page.locator("figure").first.wait_for()


def review(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("article.job .actions button").nth(1).click()
    page.locator(".version").first.wait_for()


def files(page: Page) -> None:
    page.locator(".task-bar button").click()
    page.locator("dialog").wait_for()


def keys(page: Page) -> None:
    page.locator("dialog button.primary").click()
    page.locator("#text").press("F1")
    page.locator("dialog").wait_for()


def sure(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("article.job .actions button").first.click()
    page.locator(".task").wait_for()
    page.locator("#text").press("Alt+o")
    page.locator("dialog .cell").first.wait_for()


def drawing(page: Page) -> None:
    page.keyboard.press("Escape")
    page.locator(".toolbar button").first.click()
    page.locator(".drawing-hint kbd").first.wait_for()


PAGES: list[Callable[[Page], None]] = [jobs, job, guideline, review, files, keys, sure, drawing]


# Contrast is the theme's, names are the language's: neither changes what the other does.
@pytest.mark.parametrize(("language", "theme"), [("en-GB", "light"), ("zh-CN", "dark")])
@pytest.mark.usefixtures("disputed")
def test_no_page_has_a_serious_finding(browser: Browser, world: World, theme: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale=language)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.goto(world.page)
    page.locator(".welcome").wait_for()
    found = findings(page)
    page.locator("button.primary").click()
    page.get_by_label("Name").fill("mia")
    page.get_by_role("button", name="Sign in").click()
    for visit in PAGES:
        visit(page)
        found += findings(page)
    expected_language = {"en-GB": "en", "zh-CN": "zh-Hans"}[language]
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == [
        expected_language,
        theme,
    ]
    context.close()
    assert found == []


def test_language_and_theme_are_chosen_and_remembered(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.get_by_label("Language").select_option("中文")
    page.get_by_label("外观").select_option("深色")
    page.get_by_role("heading", name="待标注的任务").wait_for()
    page.reload()
    page.get_by_role("heading", name="待标注的任务").wait_for()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
