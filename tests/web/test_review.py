"""A reviewer sees what everybody said and takes, place by place, what is right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from drawing_ocr.annotation import Category
from drawing_ocr.labelling.answer import Answer, AnsweredRegion
from drawing_ocr.labelling.task import Task
from tests.web.actions import arrive
from tests.web.fake_labelling import Desk, FakeLabelling
from tests.web.world import World

Change = Callable[[AnsweredRegion], AnsweredRegion | None]


def answer(task: Task, change: Change) -> Answer:
    """What a person says who changes the machine's reading so; None: he or she deletes a region."""
    regions = [
        AnsweredRegion(**region.model_dump(exclude={"confidence"}), source="person", accepted=True)
        for region in task.regions
    ]
    left = tuple(changed for region in regions if (changed := change(region)) is not None)
    return Answer(job=task.job, task=task.task, regions=left, seconds=90, keystrokes=60, clicks=4)


def first(region: AnsweredRegion) -> AnsweredRegion | None:
    return region.model_copy(update={"text": "⌀12 H7"}) if region.id == "r2" else region


def second(region: AnsweredRegion) -> AnsweredRegion | None:
    if region.id == "r2":
        return region.model_copy(update={"text": "012 H1"})
    if region.id == "r4":
        other = Category.TABLE if region.category is not Category.TABLE else Category.TEXT
        return region.model_copy(update={"category": other})
    return None if region.id == "r6" else region


@pytest.fixture
def disputed(world: World) -> Desk:
    """A sheet on which two people do not agree: a text, a category, and whether there is anything."""
    labelling: FakeLabelling = world.labelling
    labelling.annotators = 2
    desk = labelling.desks[0]
    for name, change in (("ann", first), ("bob", second)):
        desk.holders[name] = "lease"
        labelling.take(desk, name, answer(desk.task, change))
    assert desk.stage == "review"
    return desk


def open_review(page: Page, world: World) -> None:
    arrive(page, world, "rita")
    review = page.get_by_role("button", name="Review next")
    # Of which job: a person who hears the page may have come to the button by Tab.
    expect(review).to_have_accessible_description(world.labelling.title)
    review.click()
    page.get_by_role("region", name="What people say").wait_for()
    page.get_by_role("button", name="Begin", exact=True).click()


def test_a_conflict_is_reviewed_by_keys_alone(page: Page, world: World, disputed: Desk) -> None:
    open_review(page, world)
    versions = page.get_by_role("region", name="What people say")
    expect(versions.get_by_role("status")).to_have_text("0 of 3 differences decided")
    decided = 0
    while decided < 3:
        said = versions.locator(".version").nth(2).inner_text()
        # The first person is right about everything but the text of r2.
        page.keyboard.press("Alt+b" if "012 H1" in said else "Alt+a")
        decided += 1
        expect(versions.get_by_role("status")).to_have_text(f"{decided} of 3 differences decided")
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", name="What there is to label")).to_be_visible()
    assert disputed.reviewed is not None
    reviewed = {region.points: region for region in disputed.reviewed.regions}
    for region in disputed.task.regions:
        assert reviewed[region.points].text == ("012 H1" if region.id == "r2" else region.text)
        assert reviewed[region.points].category == region.category
    assert all(region.accepted for region in disputed.reviewed.regions)


@pytest.mark.usefixtures("disputed")
def test_versions_stand_side_by_side_with_the_letters_marked_that_differ(page: Page, world: World) -> None:
    open_review(page, world)
    versions = page.get_by_role("region", name="What people say")
    disputed_text = versions.locator(".version", has_text="012 H1").last
    for _ in range(3):
        if disputed_text.is_visible():
            break
        page.keyboard.press("Alt+ArrowDown")
    shown = [versions.locator(".version").nth(n) for n in range(3)]
    marked = [each.locator("mark").all_inner_texts() for each in shown[1:]]
    assert marked.count([]) == 1, "one of the two is the result"
    assert sorted(letter for letters in marked for letter in letters) in (["0", "1"], ["7", "⌀"])
    tops = [box["y"] for each in shown if (box := each.bounding_box())]
    assert len(tops) == 3
    assert len(set(tops)) == 1


def test_a_place_can_be_left_empty_and_everything_can_be_undone(page: Page, world: World, disputed: Desk) -> None:
    open_review(page, world)
    count = len(disputed.current.regions)
    page.keyboard.press("Alt+x")
    expect(page.locator("footer.status")).to_contain_text(f"of {count - 1} accepted")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(page.locator("footer.status")).to_contain_text(f"of {count} accepted")


@pytest.mark.usefixtures("disputed")
def test_a_reviewer_may_type_something_else_than_anybody(page: Page, world: World) -> None:
    open_review(page, world)
    page.locator("#text").fill("⌀12 H8")
    result = page.get_by_role("region", name="What people say").locator(".version.result")
    expect(result).to_contain_text("⌀12 H8")
    expect(result).to_contain_text("decided")
