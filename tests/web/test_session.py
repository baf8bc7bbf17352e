"""Signing in, and what happens when a sign-in ends."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.actions import label_next, provide_name, sign_in, wait_for_task
from tests.web.world import World


def test_somebody_signs_in_and_sees_the_jobs(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    expect(page.get_by_role("heading", name="Shafts and flanges, week 47")).to_be_visible()
    expect(page.get_by_text("ann@example.com")).to_be_visible()
    assert "code=" not in page.url


def test_a_link_to_a_page_is_followed_after_the_sign_in(page: Page, world: World) -> None:
    sign_in(page, world, "mia", at="#/jobs/shafts")
    expect(page.get_by_role("heading", name="Agreement by category")).to_be_visible()


def test_somebody_without_a_group_is_told_whom_to_ask(page: Page, world: World) -> None:
    sign_in(page, world, "guest")
    expect(page.get_by_role("alert")).to_contain_text("ask a manager")


def test_an_annotator_is_offered_neither_review_nor_export(page: Page, world: World) -> None:
    sign_in(page, world, "ann", at="#/jobs/shafts")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(page.get_by_role("button", name="Write the training data")).to_have_count(0)
    page.get_by_role("link", name="Jobs", exact=True).click()
    expect(page.get_by_role("button", name="Label next")).to_be_visible()
    expect(page.get_by_role("button", name="Review next")).to_have_count(0)


def test_a_token_that_ends_is_renewed_without_a_question(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.get_by_role("button", name="Label next").wait_for()
    world.openid.refuse_access()
    label_next(page)
    assert world.openid.renewals >= 1


def test_after_a_sign_in_that_ended_the_same_drawing_is_there_with_everything(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    label_next(page)
    place = page.url
    world.openid.end_all()
    page.locator("#text").fill("typed while nobody was signed in")
    ended = page.get_by_role("alert").filter(has_text="Your sign-in has ended")
    expect(ended).to_be_visible()
    ended.get_by_role("button", name="Sign in").click()
    provide_name(page, "ann")
    wait_for_task(page)
    assert page.url == place
    expect(page.locator("#text")).to_have_value("typed while nobody was signed in")
    expect(page.locator("[data-link=saved]")).to_be_visible()
    (draft,) = world.labelling.desks[0].drafts.values()
    assert "typed while nobody was signed in" in {region["text"] for region in draft["answer"]["regions"]}


def test_somebody_signs_out(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Label drawings")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()  # the way over the pool's page has ended
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter(name => name.startsWith('oidc.user')).length") == 0
