"""Ground Truth's template as a worker meets it: rendered, in a sandboxed frame without storage, and submitted."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.task import Task
from tests.web.world import ANNOTATOR

TEMPLATE = ANNOTATOR / "dist-ground-truth" / "template.liquid.html"
PORTAL, BUCKET = "https://portal.test", "https://bucket.test"
# What crowd-html-elements' <crowd-form> does with fields of its own: they become the answer.
CROWD = """
customElements.define('crowd-form', class extends HTMLElement {
  submit() {
    const fields = [...this.querySelectorAll('input[name]')].map(field => [field.name, field.value]);
    parent.postMessage(JSON.stringify(Object.fromEntries(fields)), '*');
  }
});
"""
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@pytest.fixture(scope="module")
def template() -> str:
    return TEMPLATE.read_text("utf-8")


def rendered(template: str) -> str:
    """As Liquid renders it: addresses that `grant_read_access` gives, escaped; AWS's elements are the stub."""
    elements = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
    assert template.count(elements) == 1
    template = template.replace(elements, f"<script>{CROWD}</script>")
    addresses = {"taskRef": f"{BUCKET}/task?a=1&b=2", "pyramidRef": f"{BUCKET}/pyramid?a=1&b=2"}
    return re.sub(
        r"\{\{ task\.input\.(\w+) \| grant_read_access \}\}", lambda found: html.escape(addresses[found[1]]), template
    )


def test_it_is_one_file_of_at_most_128_000_characters_that_names_no_other_host(template: str) -> None:
    assert len(template) <= 128_000
    hosts = set(re.findall(r"https?://[\w.-]+", template))
    assert hosts == {"https://assets.crowd.aws"}
    assert 'type="module"' not in template


def test_liquid_finds_the_two_addresses_and_nothing_else(template: str) -> None:
    assert re.findall(r"\{\{.*?\}\}", template) == [
        "{{ task.input.taskRef | grant_read_access }}",
        "{{ task.input.pyramidRef | grant_read_access }}",
    ]
    assert "{%" not in template


def test_a_worker_labels_in_a_sandboxed_frame_and_the_form_has_the_answer(
    page: Page, template: str, sheets: list[tuple[Task, Path]]
) -> None:
    task, pyramid = sheets[0]
    content = pyramid.read_bytes()

    def bucket(route: Route) -> None:
        headers = {"access-control-allow-origin": "*"}
        wanted = RANGE.fullmatch(route.request.headers.get("range", ""))
        if "/task?a=1&b=2" in route.request.url:
            route.fulfill(body=task.to_json(), headers=headers)
        elif wanted:
            first, last = int(wanted[1]), int(wanted[2])
            route.fulfill(status=206, body=content[first : last + 1], headers=headers)
        else:
            route.fulfill(status=200, headers=headers | {"access-control-allow-headers": "range"})

    frame = html.escape(rendered(template))
    portal = (
        '<!doctype html><script>addEventListener("message", e => { window.submitted = e.data })</script>'
        f'<iframe sandbox="allow-scripts allow-forms" style="width:1300px;height:720px" srcdoc="{frame}"></iframe>'
    )
    page.route(f"{BUCKET}/**", bucket)
    page.route(f"{PORTAL}/", lambda route: route.fulfill(body=portal, content_type="text/html; charset=utf-8"))
    page.goto(f"{PORTAL}/")
    inside = page.frame_locator("iframe")
    inside.get_by_role("button", name="Begin", exact=True).click()
    inside.locator("#text").fill("⌀12 H7")
    page.keyboard.press("Enter")
    expect(inside.locator("footer.status")).to_contain_text("1 of 12 accepted")
    page.keyboard.press("Control+Enter")
    inside.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    page.wait_for_function("window.submitted")
    fields = json.loads(page.evaluate("window.submitted"))
    assert fields.keys() == {"answer"}
    answer = Answer.parse(fields["answer"], where="the form")
    task.check(answer)
    assert "⌀12 H7" in {region.text for region in answer.regions}
