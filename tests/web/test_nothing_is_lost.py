"""What a person typed is there again: after a crash, without network, in a second tab, and when others were there."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.web.actions import arrive, label_next, wait_for_task
from tests.web.killable import kill, started
from tests.web.world import World


def task_address(world: World) -> str:
    task = world.labelling.desks[0].task
    return f"#/tasks/{task.job}/{task.task}"


def draft_texts(world: World) -> set[str]:
    (draft,) = world.labelling.desks[0].drafts.values()
    return {region["text"] for region in draft["answer"]["regions"]}


def test_work_without_network_is_there_after_the_browser_was_killed(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    with started(browser.browser_type, tmp_path) as context:
        page = context.pages[0]
        arrive(page, world, "ann")
        label_next(page)
        context.set_offline(True)
        page.locator("#text").press_sequentially(" typed")
        page.keyboard.press("Enter")
        page.keyboard.press("Alt+4")
        expect(page.locator("[data-stored='8']")).to_be_visible()
        kill(tmp_path)
    assert world.labelling.desks[0].drafts == {}
    with started(browser.browser_type, tmp_path) as context:
        page = context.pages[0]
        arrive(page, world, "ann", at=task_address(world))
        wait_for_task(page)
        expect(page.get_by_text("Taken up where you were: 8 steps")).to_be_visible()
        expect(page.locator("[data-link=saved]")).to_be_visible()
        assert any(text.endswith(" typed") for text in draft_texts(world))
        for _ in range(3):
            page.keyboard.press("Control+Z")
        expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_lost_network_is_said_and_waited_for(page: Page, world: World) -> None:
    arrive(page, world, "ann")
    label_next(page)
    page.context.set_offline(True)
    page.locator("#text").fill("⌀7 offline")
    expect(page.get_by_text("No network: 1 step kept on this computer")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("[data-link=saved]")).to_be_visible()
    assert "⌀7 offline" in draft_texts(world)


def test_a_second_tab_is_told_and_takes_over_with_the_last_stroke(page: Page, world: World) -> None:
    arrive(page, world, "ann")
    label_next(page)
    second = page.context.new_page()
    arrive(second, world, "ann", at=task_address(world))
    expect(second.get_by_role("heading", name="This drawing is open in another tab.")).to_be_visible()
    page.locator("#text").fill("typed in the first tab")
    second.get_by_role("button", name="Go on here").click()
    wait_for_task(second)
    expect(second.locator("#text")).to_have_value("typed in the first tab")
    expect(page.get_by_role("heading", name="This drawing is open in another tab.")).to_be_visible()


def test_a_task_that_went_to_somebody_else_keeps_the_work_here(page: Page, world: World) -> None:
    desk = world.labelling.desks[0]
    arrive(page, world, "ann")
    label_next(page)
    desk.holders = {"bob": "the lease of bob"}
    page.locator("#text").fill("typed too late")
    expect(page.get_by_text("This drawing is no longer lent to you.")).to_be_visible()
    assert desk.drafts == {}
    desk.holders = {"ann": "a new lease"}
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-link=saved]")).to_be_visible()
    assert "typed too late" in draft_texts(world)


def test_what_another_machine_saved_is_merged_and_both_are_kept_where_they_differ(page: Page, world: World) -> None:
    desk = world.labelling.desks[0]
    arrive(page, world, "ann")
    label_next(page)
    current = page.locator("#text").get_attribute("data-region")
    page.locator("#text").fill("first")
    expect(page.locator("[data-link=saved]")).to_be_visible()
    page.context.set_offline(True)
    page.locator("#text").fill("typed here")
    elsewhere: dict[str, Any] = copy.deepcopy(desk.drafts["ann"])
    elsewhere["revision"] += 1
    for region in elsewhere["answer"]["regions"]:
        region["text"] = "typed there" if region["id"] == current else f"{region['text']} there"
    desk.drafts["ann"] = elsewhere
    page.context.set_offline(False)
    expect(page.get_by_text("1 box was changed on both sides: both are kept")).to_be_visible()
    expect(page.locator("[data-link=saved]")).to_be_visible()
    texts = draft_texts(world)
    assert {"typed here", "typed there"} <= texts
    assert sum(text.endswith(" there") for text in texts) == len(desk.task.regions)
