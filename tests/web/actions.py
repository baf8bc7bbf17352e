"""What a person does on the page, for the tests."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.web.world import World


def sign_in(page: Page, world: World, name: str, at: str = "") -> None:
    """Opens the page and signs in; `at` is the part of the address after `#`."""
    page.goto(world.page + at)
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    provide_name(page, name)


def arrive(page: Page, world: World, name: str, at: str = "") -> None:
    """Opens the page in a tab in which somebody has signed in before: most tests are not about that."""
    key, kept = map(json.dumps, world.openid.kept_by(name))
    page.add_init_script(f"sessionStorage.getItem({key}) ?? sessionStorage.setItem({key}, {kept})")
    page.goto(world.page + at)


def provide_name(page: Page, name: str) -> None:
    """On the provider's page."""
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Sign in").click()


def label_next(page: Page) -> None:
    """From the jobs to the drawing, ready to be worked on."""
    page.get_by_role("button", name="Label next").click()
    wait_for_task(page)


def wait_for_task(page: Page) -> None:
    page.locator(".task").wait_for()
    begin = page.get_by_role("button", name="Begin", exact=True)
    if begin.is_visible():
        begin.click()
    expect(page.locator("#text")).to_be_focused()
