"""Labelling as people meet it: the deployed page in real browsers, until the training that follows has started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from drawing_ocr.labelling.task import Task, task_id
from tests.e2e.account import Account, client, empty_account, eventually, free_port
from tests.e2e.test_labelling import COMPARED, PASSWORD, PEOPLE, Jobs
from tests.web.conftest import CHROMIUM
from tests.web.world import sample

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

JOB = "shafts"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The labelling and the training stack and what they stand on."""
    port, folder = free_port(), tmp_path_factory.mktemp("account")
    with empty_account(folder, port) as cdk:
        cdk.bootstrap()
        cdk("deploy", "Local/Labelling", "Local/Training", "--method=direct", "--require-approval=never")
        prefix = "/drawing-platform/local/"
        pages = client("ssm", port).get_paginator("get_parameters_by_path").paginate(Path=prefix)
        names = {item["Name"].removeprefix(prefix): item["Value"] for page in pages for item in page["Parameters"]}
        deployed = Account(port, folder / "account", names)
        cognito, pool = deployed.client("cognito-idp"), names["labelling-pool"]
        for name, group in PEOPLE.items():
            cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
            cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        yield deployed


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class PreparedJob(Jobs):
    """A job of one sheet that the machine has read."""

    def prepare_sheet(self, folder: Path) -> Task:
        read, pyramid = sample(folder, 4, keep=6)
        uri = f"s3://{self.data}/drawings/{JOB}/sheet.png"
        name = task_id(uri, None)
        key = f"jobs/{JOB}/pyramids/{name}.pmtiles"
        task = read.model_copy(
            update={
                "job": JOB,
                "task": name,
                "image": read.image.model_copy(update={"uri": uri}),
                "pyramid": read.pyramid.model_copy(update={"uri": f"s3://{self.bucket}/{key}"}),
            }
        )
        self.s3.put_object(Bucket=self.data, Key=f"drawings/{JOB}/sheet.png", Body=b"png")
        self.s3.upload_file(str(pyramid), self.bucket, key)
        order: dict[str, Any] = {
            "schema": 1,
            "job": JOB,
            "title": "Shafts",
            "created": "2026-11-21T09:00:00Z",
            "created_by": "test",
            "annotators": 2,
            "priority": 0,
            "drawings": [{"uri": uri, "version_id": None}],
        }
        self.put(f"jobs/{JOB}/job.json", order)
        self.s3.put_object(Bucket=self.bucket, Key=f"jobs/{JOB}/tasks/{name}.json", Body=task.to_json().encode())
        self.open(JOB)
        return task


def signed_in(browser: Browser, account: Account, name: str, at: str = "") -> Page:
    """A browser of its own in which somebody has signed in."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB").new_page()
    page.goto(account.names["labelling-page"].rstrip("/") + "/" + at)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.get_by_role("link", name="Jobs", exact=True).wait_for()
    return page


def begin(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Begin", exact=True).click()


def hand_in(page: Page) -> None:
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    page.get_by_role("heading", name="What there is to label").wait_for()


def test_two_people_label_a_third_reviews_and_the_training_starts(
    account: Account, browser: Browser, tmp_path: Path
) -> None:
    PreparedJob(account).prepare_sheet(tmp_path)
    for name, text in (("ana", "⌀12 H7"), ("ben", "⌀12 H1")):
        page = signed_in(browser, account, name)
        begin(page, "Label next")
        page.locator("#text").fill(text)
        page.keyboard.press("Enter")
        hand_in(page)
    rita = signed_in(browser, account, "rita")
    review = rita.get_by_role("button", name="Review next")
    expect(review).to_be_enabled(timeout=COMPARED * 1000)
    begin(rita, "Review next")
    versions = rita.get_by_role("region", name="What people say")
    decided = versions.get_by_role("status")
    expect(decided).to_have_text("0 of 6 differences decided")  # one text was read otherwise, at five nobody looked
    for _ in range(6):
        rita.keyboard.press("Alt+a")
    expect(decided).to_have_text("6 of 6 differences decided")
    hand_in(rita)
    mira = signed_in(browser, account, "mira", at=f"#/jobs/{JOB}")
    mira.get_by_role("button", name="Write the training data").click()
    expect(mira.get_by_text("Training starts from there by itself")).to_be_visible(timeout=COMPARED * 1000)
    sagemaker, pipeline = account.client("sagemaker"), account.names["pipeline-name"]
    started = eventually(
        lambda: sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"] or None,
        seconds=60,
        what="a training run starts",
    )
    assert len(started) == 1
