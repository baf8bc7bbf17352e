"""Draws docs/images/labelling/: the main states of the page on which people label, in a real Chromium.

The page is the built one; its sign-in and its API are those of the tests (tests/web), its drawings are synthetic.

    PYTHONPATH=. .venv/bin/python scripts/annotator_pictures.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.web.actions import sign_in
from tests.web.conftest import CHROMIUM
from tests.web.fake_labelling import Desk, FakeLabelling
from tests.web.fake_openid import FakeOpenId
from tests.web.test_review import answer, first, open_review, second
from tests.web.world import World, sample, served

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images" / "labelling"
SCREEN = {"width": 1366, "height": 768}
PEOPLE = {"ann": ["annotator"], "bob": ["annotator"], "rita": ["reviewer"], "mia": ["manager"]}
SHEETS = (4, 3, 0)  # seeds: the first is labelled by two people who do not agree, the second is labelled now


def main() -> None:
    """Writes every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        openid = FakeOpenId(PEOPLE)
        labelling = FakeLabelling(openid, annotators=2)
        labelling.desks = [Desk(*sample(Path(folder), seed, keep=40)) for seed in SHEETS]
        for name, change in (("ann", first), ("bob", second)):
            labelling.desks[0].holders[name] = "lease"
            labelling.take(labelling.desks[0], name, answer(labelling.desks[0].task, change))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(openid, labelling) as world:
            draw(browser, world)
        browser.close()


def draw(browser: Browser, world: World) -> None:
    light = tab(browser, "light", "en-GB")
    sign_in(light, world, "mia")
    light.locator("article.job").wait_for()
    take(light, "jobs")
    light.goto(f"{world.page}#/jobs/shafts")
    light.locator("table").first.wait_for()
    take(light, "progress")
    light.goto(f"{world.page}#/guideline")
    take(light, "guideline")

    light = tab(browser, "light", "en-GB")
    sign_in(light, world, "ann")
    light.get_by_role("button", name="Label next").click()
    light.locator(".task").wait_for()
    take(light, "first_visit")
    light.get_by_role("button", name="Begin", exact=True).click()
    light.keyboard.press("Enter")
    take(light, "task")
    light.locator("#text").press("Alt+o")
    take(light, "sure_ones")
    light.keyboard.press("Escape")
    light.locator("#text").press("Escape")
    light.keyboard.press("w")
    for key, times in (("ArrowRight", 8), ("ArrowUp", 1), ("Enter", 1), ("ArrowRight", 6), ("ArrowDown", 7)):
        for _ in range(times):
            light.keyboard.press(key)
    take(light, "draw")
    for _ in range(2):
        light.keyboard.press("Escape")
    light.get_by_role("button", name="Label files").click()
    take(light, "files")
    light.keyboard.press("Escape")
    light.locator("#text").press("F1")
    take(light, "keys")
    light.keyboard.press("Escape")
    light.locator("#text").press("Control+Enter")
    take(light, "hand_in")

    light = tab(browser, "light", "en-GB")
    open_review(light, world)
    take(light, "review")

    dark = tab(browser, "dark", "zh-CN")
    dark.goto(world.page)
    dark.locator("button.primary").click()
    dark.get_by_label("Name").fill("bob")
    dark.get_by_role("button", name="Sign in").click()
    dark.locator("article.job button.primary").click()
    dark.locator(".hint button").click()
    take(dark, "task_dark_chinese")


def tab(browser: Browser, theme: str, language: str) -> Page:
    """A browser of its own: nobody was here before."""
    page = browser.new_context(viewport=SCREEN, locale=language).new_page()  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    return page


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(1_200)  # the tiles of the drawing come last, and nothing says so
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
