"""A new box without a pointer: arrow keys move a cross-hair, Enter sets its corners; then one corner is moved alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from drawing_ocr.labelling.task import Task
from tests.web.actions import arrive, label_next
from tests.web.world import World


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def drawn(world: World) -> dict[str, Any]:
    """The region that the machine did not find, as it is saved."""
    desk = world.labelling.desks[0]
    machines = {region.id for region in desk.task.regions}
    (draft,) = desk.drafts.values()
    (region,) = [region for region in draft["answer"]["regions"] if region["id"] not in machines]
    return dict(region)


def doubtful(task: Task) -> np.ndarray:
    """The box with which the work begins: the page shows it in the middle of the screen."""
    return np.array(min(task.regions, key=lambda region: region.confidence).points)


def test_a_box_is_drawn_fitted_read_and_mended_by_keys_alone(page: Page, world: World) -> None:
    arrive(page, world, "ann")
    label_next(page)
    press(page, "Escape", "w")
    hint = page.get_by_role("status").filter(has_text="Corner")
    expect(hint).to_contain_text("Corner 1 of 2")
    expect(hint).to_contain_text("Ctrl+← → ↑ ↓ to the next ink")
    # From the middle of the text to its beginning, and from there generously around it.
    press(page, *["Control+ArrowLeft"] * 3, *["ArrowUp"] * 5, "Enter")
    expect(hint).to_contain_text("Corner 2 of 2")
    press(page, "Shift+ArrowDown", *["Shift+ArrowRight"] * 8, "Enter")
    text = page.locator("#text")
    expect(text).to_be_focused()
    expect(text).to_have_value(world.labelling.reads)
    expect(hint).to_have_count(0)
    press(page, "Escape", "c", "ArrowRight", "ArrowRight", "b", "Shift+ArrowDown")
    expect(page.locator("[data-link=saved]")).to_be_visible()
    expect(page.locator("[data-unsent='0']")).to_be_visible()
    expected = doubtful(world.labelling.desks[0].task) + np.array([[0, 10], [0, 10], [2, 10], [0, 10]])
    assert np.array(drawn(world)["points"]) == pytest.approx(expected, abs=4)
    assert drawn(world)["text"] == world.labelling.reads
