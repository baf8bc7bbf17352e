"""The browser is killed at random moments while a person labels: every stroke that was called safe is there again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect, sync_playwright

from tests.web.actions import label_next, sign_in, wait_for_task
from tests.web.fake_labelling import Desk, FakeLabelling
from tests.web.fake_openid import FakeOpenId
from tests.web.killable import kill, started
from tests.web.world import World, sample, served

pytestmark = pytest.mark.fault

KILLS = 10  # a seed; five seeds
CATEGORIES = ["text", "dimension", "symbol", "table", "title_block"]

# Of a region: text, category, accepted.
State = dict[str, tuple[str, str, bool]]


@dataclass
class Model:
    """What the page must hold after each step; `states[n]` after the first n."""

    states: list[State] = field(default_factory=list)

    def take(self, region: str, *, text: str = "", category: str | None = None, accept: bool = False) -> None:
        """A stroke of the person in a region; one that changes nothing is no step."""
        now = self.states[-1]
        before = now[region]
        after = (before[0] + text, category or before[1], before[2] or accept)
        if after != before:
            self.states.append(now | {region: after})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    openid = FakeOpenId({"ann": ["annotator"]})
    task, pyramid = sample(tmp_path_factory.mktemp("sheet"), 4, keep=40)
    with served(openid, FakeLabelling(openid, desks=[Desk(task, pyramid)])) as world:
        yield world


@pytest.mark.parametrize("seed", range(5))
def test_every_stroke_is_there_after_ten_kills(world: World, tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    desk = world.labelling.desks[0]
    desk.drafts.clear()
    desk.holders.clear()
    model = Model(
        [{region.id: (region.text, region.category.value, False) for region in desk.task.regions}],
    )
    safe = 0
    with sync_playwright() as playwright:
        for life in range(KILLS + 1):
            with started(playwright.chromium, tmp_path) as context:
                page = context.pages[0]
                page.set_default_timeout(20_000)
                _arrive(page, world, first=life == 0)
                found = _steps(page)
                assert found >= safe, f"life {life}: {safe} steps were safe, {found} are there"
                assert found < len(model.states), f"life {life}: {found} steps are there, {len(model.states) - 1} taken"
                model = Model(model.states[: found + 1])
                _expect_state(page, desk, model.states[found], found)
                if life == KILLS:
                    assert found >= KILLS, f"only {found} strokes were made: the kills came before the work"
                    return
                killer = threading.Timer(rng.uniform(0.05, 1.2), kill, [tmp_path])
                killer.start()
                safe = max(safe, _label_until_dead(page, rng, model))
                killer.join()


def _arrive(page: Page, world: World, *, first: bool) -> None:
    task = world.labelling.desks[0].task
    if first:
        sign_in(page, world, "ann")
        label_next(page)
    else:
        sign_in(page, world, "ann", at=f"#/tasks/{task.job}/{task.task}")
        wait_for_task(page)


def _steps(page: Page) -> int:
    return int(page.locator("[data-stored]").get_attribute("data-stored") or 0)


def _label_until_dead(page: Page, rng: Random, model: Model) -> int:
    """Types, accepts and categorises as fast as a script can; how many steps the page last called safe."""
    safe = 0
    with suppress(Error):
        while True:
            region, stored = page.evaluate(
                "[document.getElementById('text').dataset.region, "
                "document.querySelector('[data-stored]').dataset.stored]"
            )
            safe = int(stored)
            stroke = rng.choice("0123456789RMH±") if rng.random() < 0.7 else rng.choice(["Enter", "Alt+"])
            # The model first: what the browser has taken when it dies may be one step further than what is said.
            if stroke == "Enter":
                model.take(region, accept=True)
                page.keyboard.press("Enter")
            elif stroke == "Alt+":
                number = rng.randrange(5)
                model.take(region, category=CATEGORIES[number])
                page.keyboard.press(f"Alt+{number + 1}")
            else:
                model.take(region, text=stroke)
                page.keyboard.insert_text(stroke)
    return safe


def _expect_state(page: Page, desk: Desk, state: State, steps: int) -> None:
    """What the page shows is what it sends: the draft that it makes of the steps that it found."""
    expect(page.locator("[data-link=saved]")).to_be_visible()
    regions: list[dict[str, Any]] = desk.drafts["ann"]["answer"]["regions"] if "ann" in desk.drafts else []
    if not regions:
        assert steps == 0
        return
    assert {each["id"]: (each["text"], each["category"], each["accepted"]) for each in regions} == state
