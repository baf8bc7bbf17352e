"""The built worker template, rendered as Ground Truth renders it and worked on in a real browser."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, sync_playwright

from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.pyramid import write_pyramid
from drawing_ocr.labelling.task import Model, Picture, Pyramid, ReadRegion, Task
from emulator import lifetime
from tests.emulator.conftest import Client
from tests.emulator.labelling_world import World, function, labelling_world
from tests.emulator.test_sagemaker_worker_portal import CHROMIUM, allow_scripts

TEMPLATE = Path(__file__).resolve().parents[2] / "web" / "annotator" / "dist-ground-truth" / "template.liquid.html"
BEFORE = """
def handler(event, context):
    line = event["dataObject"]
    given = {"taskRef": line["task-ref"], "pyramidRef": line["pyramid-ref"]}
    return {"taskInput": given, "isHumanAnnotationRequired": True}
"""
BOX = ((40.0, 40.0), (240.0, 40.0), (240.0, 90.0), (40.0, 90.0))


@pytest.fixture(scope="module")
def world(account: lifetime.Running, client: Client) -> Iterator[World]:
    bucket = f"template-{uuid.uuid4().hex[:8]}"
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


def put_task(world: World, folder: Path) -> Task:
    """A sheet of 900 × 600 pixels on which the machine has read one text."""
    key = "jobs/gears/pyramids/0123456789abcdef.pmtiles"
    made = write_pyramid(np.full((600, 900, 3), 255, np.uint8), folder / "p.pmtiles")
    world.client("s3").upload_file(str(folder / "p.pmtiles"), world.bucket, key)
    task = Task(
        job="gears",
        task="0123456789abcdef",
        image=Picture(uri="s3://data/drawings/a.png", width=made.width, height=made.height),
        pyramid=Pyramid(uri=f"s3://{world.bucket}/{key}", tile=made.tile, levels=made.levels),
        model=Model(version="1"),
        regions=(ReadRegion(id="m1", points=BOX, text="R12.5", category="dimension", confidence=0.4),),
    )
    world.client("s3").put_object(Bucket=world.bucket, Key="task.json", Body=task.to_json().encode())
    return task


def test_a_worker_corrects_what_the_machine_read_and_the_answer_is_ours(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    if not TEMPLATE.is_file():
        pytest.skip("the worker template is not built: `make setup` builds it")
    task = put_task(world, tmp_path)
    world.client("s3").upload_file(str(TEMPLATE), world.bucket, "template.html")
    allow_scripts(world)
    world.functions["before"] = function(world.client, BEFORE)
    line = {
        "source-ref": task.image.uri,
        "task-ref": f"s3://{world.bucket}/task.json",
        "pyramid-ref": task.pyramid.uri,
    }
    name = world.start([line])
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{world.url}/emulator/labeling-jobs/{name}/work?worker=ann")
    frame = page.frame_locator("iframe")
    frame.locator(".task").wait_for()
    drawing = frame.locator("canvas").first.bounding_box()
    assert drawing is not None
    assert drawing["height"] > 300  # the page has its styles: without them the drawing is a line
    begin = frame.get_by_role("button", name="Begin", exact=True)
    if begin.is_visible():
        begin.click()
    text = frame.locator("#text")
    text.fill("R13")
    text.press("Enter")
    page.keyboard.press("Control+Enter")
    frame.get_by_role("dialog").wait_for()  # what the guideline says of the answer
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    page.get_by_text("There are no tasks.").wait_for()
    page.close()
    world.ended(name)
    (said,) = world.output(name)[0]["labels"]["said"]
    answer = Answer.parse(json.loads(json.dumps(said)), where="the answer")
    task.check(answer)
    assert [(region.text, region.source, region.accepted) for region in answer.regions] == [("R13", "person", True)]
