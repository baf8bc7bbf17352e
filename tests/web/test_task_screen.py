"""Typing, also with a Chinese input method, and what the guideline says before an answer is handed in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.actions import arrive, label_next
from tests.web.world import World


def choose(page: Page, finding: str) -> None:
    """Goes to a finding by the arrows, from the first one down."""
    found = page.get_by_role("dialog").get_by_role("listitem")
    for _ in range(found.count()):
        page.keyboard.press("ArrowUp")
    for index in range(found.count()):
        expect(found.nth(index)).to_have_attribute("aria-current", "true")
        if finding in found.nth(index).inner_text():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no finding says {finding!r}")


def test_an_input_method_keeps_the_text_until_its_composition_ends(page: Page, world: World) -> None:
    arrive(page, world, "ann")
    label_next(page)
    text = page.locator("#text")
    region = text.get_attribute("data-region")
    page.keyboard.press("Control+A")
    keyboard = page.context.new_cdp_session(page)
    for composed in ("g", "gong", "gongcha"):
        keyboard.send("Input.imeSetComposition", {"text": composed, "selectionStart": 0, "selectionEnd": len(composed)})
    # A key that the input method takes for itself is no command: it comes as `Process`.
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Process", "windowsVirtualKeyCode": 229})
    expect(text).to_be_focused()
    expect(text).to_have_value("gongcha")
    expect(page.locator("[data-stored='0']")).to_be_visible()
    keyboard.send("Input.insertText", {"text": "公差"})
    expect(page.locator("[data-stored='1']")).to_be_visible()
    expect(text).to_have_value("公差")
    expect(text).to_have_attribute("data-region", region or "")
    page.keyboard.type(" \\pm 0.1")
    expect(text).to_have_value("公差 ±0.1")


def test_one_key_fixes_what_the_guideline_finds_and_one_goes_there(page: Page, world: World) -> None:
    arrive(page, world, "ann")
    label_next(page)
    text = page.locator("#text")
    page.keyboard.press("Alt+2")
    text.fill("O50")
    page.keyboard.press("Tab")
    page.keyboard.press("Alt+1")
    text.fill("45o")
    page.keyboard.press("Tab")
    text.fill("")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    fix = dialog.get_by_text("write “⌀50”")
    expect(fix).to_be_visible()
    expect(dialog.get_by_text("The text is missing")).to_be_visible()
    expect(dialog.get_by_role("button", name="Hand in")).to_be_disabled()
    choose(page, "write “⌀50”")
    page.keyboard.press("f")
    expect(fix).to_have_count(0)
    expect(dialog.get_by_text("A sign may be another that looks alike")).to_be_visible()
    choose(page, "write “45°”, make it: Dimension")
    page.keyboard.press("f")
    expect(dialog.get_by_text("45o")).to_have_count(0)
    choose(page, "The text is missing")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(text).to_be_focused()
    expect(text).to_have_value("")
