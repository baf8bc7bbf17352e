"""Worker templates: rendered as Ground Truth renders them, and worked on in a real browser."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import Browser, sync_playwright

from emulator import lifetime
from emulator.sagemaker import liquid
from tests.emulator.conftest import ROLE, Client
from tests.emulator.labelling_world import World, labelling_world, lines

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
TEMPLATE = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <input type="hidden" name="answer">
  <p id="root" data-task="{{ task.input.ref | grant_read_access }}">…</p>
  <crowd-button form-action="submit">Submit</crowd-button>
</crowd-form>
<script>
fetch(document.getElementById("root").dataset.task, { headers: { Range: "bytes=0-3" } })
  .then((answer) => answer.text())
  .then((text) => {
    document.getElementById("root").textContent = text;
    document.querySelector("input").value = "I read " + text;
  });
</script>
"""


def granted(uri: str) -> str:
    return f"https://signed/{uri.removeprefix('s3://')}?a=1&b=2"


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("{{ task.input.taskRef | grant_read_access }}", "https://signed/b/k.json?a=1&amp;b=2"),
        ("{{ task.input['source-ref'] }}", "&lt;i&gt;"),
        ("{{task.input.more[1].x | to_json}}", "[&quot;y&quot;]"),
        ("{{ task.input.more | to_json | skip_autoescape }}", '[1, {"x": ["y"]}]'),
        ("{{ task.input.more[0] }} { { {", "1 { { {"),
    ],
)
def test_outputs_are_filled_in_and_escaped(template: str, rendered: str) -> None:
    given = {"taskRef": "s3://b/k.json", "source-ref": "<i>", "more": [1, {"x": ["y"]}]}
    assert liquid.render(template, given, granted) == rendered


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ task.input.none }}", "'task.input.none' is not there"),
        ("{{ worker.name }}", "knows task.input only"),
        ("{{ task.input.a | upcase }}", "the filter 'upcase' is not known"),
        ("{% if x %}", "tags"),
    ],
)
def test_what_a_template_cannot_have_is_said_in_one_line(template: str, reason: str) -> None:
    with pytest.raises(liquid.TemplateError, match=reason):
        liquid.render(template, {"a": "b"}, granted)


def test_a_template_can_be_looked_at_before_a_job_starts(client: Client) -> None:
    sagemaker = client("sagemaker")
    request = {"UiTemplate": {"Content": "<b>{{ task.input.x }}</b>"}, "RoleArn": ROLE}
    answer = sagemaker.render_ui_template(**request, Task={"Input": '{"x": "<"}'})
    assert (answer["RenderedContent"], answer["Errors"]) == ("<b>&lt;</b>", [])
    answer = sagemaker.render_ui_template(**request, Task={"Input": "{}"})
    assert answer["Errors"][0]["Message"] == "'task.input.x' is not there"
    with pytest.raises(ClientError, match="128000"):
        sagemaker.render_ui_template(**{**request, "UiTemplate": {"Content": "x" * 128_001}}, Task={"Input": "{}"})


@pytest.fixture(scope="module")
def world(account: lifetime.Running, client: Client) -> Iterator[World]:
    bucket = f"portal-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield from labelling_world(account, client, bucket)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        pytest.skip(f"{CHROMIUM} is not there: `make setup` installs it, CHROMIUM names another one")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def allow_scripts(world: World) -> None:
    """As the labelling stack does for templates."""
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["Range"]}
    world.client("s3").put_bucket_cors(Bucket=world.bucket, CORSConfiguration={"CORSRules": [rule]})


def test_a_worker_reads_what_was_granted_and_submits_in_a_sandboxed_frame(world: World, browser: Browser) -> None:
    s3 = world.client("s3")
    s3.put_object(Bucket=world.bucket, Key="portal.html", Body=TEMPLATE.encode())
    s3.put_object(Bucket=world.bucket, Key="task.txt", Body=b"read me")
    some = [{**line, "source-ref": f"s3://{world.bucket}/task.txt"} for line in lines(2)]
    page = browser.new_page()
    name = world.start(some, template="portal.html")
    page.goto(f"{world.url}/emulator/labeling-jobs/{name}/work?worker=ann")
    frame = page.frame_locator("iframe")
    page.wait_for_timeout(300)
    assert frame.locator("#root").text_content() == "…"  # without CORS a script without an origin reads nothing
    allow_scripts(world)
    for _ in range(2):
        page.reload()
        frame.get_by_text("read", exact=True).wait_for()
        with page.expect_navigation():  # the page shows the next task when the answer has arrived
            frame.locator("crowd-button").click()
    page.get_by_text("There are no tasks.").wait_for()
    world.ended(name)
    assert [line["labels"]["said"] for line in world.output(name)] == [["I read read"]] * 2
    page.close()
