"""A drawing is labelled by keyboard alone, from the sign-in to the next drawing."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED
from tests.web.actions import arrive, label_next
from tests.web.world import World


def focus(page: Page, name: str) -> None:
    """Reaches a button or link by Tab alone."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent?.trim()") == name:
            return
    raise AssertionError(f"{name!r} is not reached by Tab")


def test_a_newcomer_labels_a_sheet_by_keyboard_alone_and_gets_the_next_one(page: Page, world: World) -> None:
    desk, following = world.labelling.desks
    true_texts = {region.points: region.text for region in draw_sheet(4, PLOTTED)[1].regions}
    page.goto(world.page)
    page.get_by_role("heading", name="Label drawings").wait_for()
    focus(page, "Sign in")
    page.keyboard.press("Enter")
    page.get_by_label("Name").wait_for()
    page.keyboard.type("ann")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Label next").wait_for()
    focus(page, "Label next")
    page.keyboard.press("Enter")
    page.locator(".task").wait_for()
    text = page.locator("#text")
    expect(text).to_be_focused()
    # Boxes come by themselves, the doubtful ones first: what is wrong is typed over, Enter goes on.
    by_reading = {region.text: true_texts[region.points] for region in desk.task.regions}
    for _ in desk.task.regions:
        true = by_reading[text.input_value()]
        if text.input_value() != true:
            page.keyboard.press("Control+A")
            page.keyboard.insert_text(true)
        page.keyboard.press("Enter")
    expect(page.get_by_text(f"{len(desk.task.regions)} of {len(desk.task.regions)} accepted")).to_be_visible()
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Drawing sheet-3.png")).to_be_visible()
    assert set(following.holders) == {"ann"}
    answer = desk.answers["ann"]
    assert {region.points: region.text for region in answer.regions} == {
        region.points: true_texts[region.points] for region in desk.task.regions
    }
    assert all(region.accepted for region in answer.regions)
    assert {region.source for region in answer.regions} == {"machine", "person"}
    assert answer.keystrokes >= len(answer.regions)
    assert answer.clicks == 0


def test_a_drawing_is_skipped_with_a_reason_which_is_an_answer(page: Page, world: World) -> None:
    arrive(page, world, "ann")
    label_next(page)
    page.keyboard.press("Control+Shift+Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("a photograph, no drawing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Drawing sheet-3.png")).to_be_visible()
    answer = world.labelling.desks[0].answers["ann"]
    assert (answer.status, answer.reason) == ("skipped", "a photograph, no drawing")


def test_after_the_last_drawing_the_jobs_say_that_nothing_is_left(page: Page, world: World) -> None:
    del world.labelling.desks[1]
    arrive(page, world, "ann")
    label_next(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("Nothing to label for you")).to_be_visible()
    expect(page.get_by_text("1 of 1 drawings labelled")).to_be_visible()


def test_a_drawing_that_is_not_lent_to_somebody_is_not_shown(page: Page, world: World) -> None:
    task = world.labelling.desks[0].task
    arrive(page, world, "bob", at=f"#/tasks/{task.job}/{task.task}")
    expect(page.get_by_role("alert")).to_contain_text("you do not hold this task: take the next one")
    page.get_by_role("link", name="Back to the jobs").click()
    expect(page.get_by_role("button", name="Label next")).to_be_enabled()
