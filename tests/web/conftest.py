"""A real Chromium for the tests of the page, and the page's world."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from drawing_ocr.labelling.task import Task
from tests.web.fake_labelling import Desk, FakeLabelling
from tests.web.fake_openid import FakeOpenId
from tests.web.world import PAGE, World, sample, served

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PEOPLE = {"ann": ["annotator"], "bob": ["annotator"], "rita": ["reviewer"], "mia": ["manager"], "guest": []}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # A sandboxed frame in a process of its own may ask for something before Playwright routes its requests.
        args = ["--no-sandbox", "--disable-features=IsolateSandboxedIframes"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Task, Path]]:
    """Two sample sheets."""
    folder = tmp_path_factory.mktemp("sheets")
    return [sample(folder, 4), sample(folder, 3)]


@pytest.fixture
def world(sheets: list[tuple[Task, Path]]) -> Iterator[World]:
    """One job of two sheets, each by one person."""
    if not (PAGE / "index.html").is_file():
        pytest.fail("web/annotator/dist is not built: run `make setup`")
    openid = FakeOpenId(PEOPLE)
    labelling = FakeLabelling(openid, desks=[Desk(task, pyramid) for task, pyramid in sheets])
    with served(openid, labelling) as world:
        yield world


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that has never been here, on a laptop's screen; an error in the page fails the test."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
