"""Labelling over the whole length of the product: a released version reads first, what it doubts is offered to people,
and the same jobs go through Ground Truth.

One account, since to deploy one takes most of a minute: our own backend first, then one line of the settings is changed
and deployed over it.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest

from drawing_ocr.labelling.task import Task
from tests.e2e.account import ROOT, Account, empty_account, eventually, free_port
from tests.e2e.labelling_account import PASSWORD, names, with_people
from tests.e2e.people import Person, browser, sign_in
from tests.faults.drift_drawings import draw

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

DONE = 60  # seconds
BLURRED = 3.0  # of the scanner, in pixels: a third of the letters are lost
LABEL, REVIEW = "local-gears-label", "local-gears-review"
TYPED, DECIDED = "M8", "M8×1"


@dataclass(frozen=True)
class World:
    """The account, the operator's command, and the people."""

    account: Account
    config: Path
    folder: Path

    def operator(self, *arguments: str) -> Any:
        """What `drawingops <arguments>` answers."""
        command = [sys.executable, "-m", "cli.main", "--env", "local", "--json", *arguments]
        variables = self.account.cdk.variables
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return json.loads(done.stdout)

    def person(self, name: str) -> Person:
        return sign_in(self.account, name, PASSWORD)

    def drawing(self, seed: int, blur: float = 0.0) -> bytes:
        """Six dimensions; blurred, the reader doubts them."""
        return bytes(cv2.imencode(".png", draw(seed, blur=blur))[1].tobytes())

    def read(self, drawing: bytes) -> list[str]:
        """What the released version reads, asked at its endpoint."""
        answer = self.account.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.account.names["endpoint-name"], ContentType="image/png", Body=drawing
        )
        return [each["text"] for each in json.loads(answer["Body"].read())["predictions"]]

    def keys(self, bucket: str, prefix: str) -> list[str]:
        found = self.account.client("s3").list_objects_v2(Bucket=self.account.names[bucket], Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def content(self, uri: str, **version: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return bytes(self.account.client("s3").get_object(Bucket=bucket, Key=key, **version)["Body"].read())

    def change(self, section: str, line: str) -> None:
        """Puts a line into a section of the settings."""
        text = self.config.read_text("utf-8")
        text, found = re.subn(rf"(?m)^(\[{section}\].*)$", rf"\1\n{line}", text)
        assert found == 1
        self.config.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Every stack, the official reader released, every request captured, one uncertain drawing a week."""
    folder, port = tmp_path_factory.mktemp("account"), free_port()
    with empty_account(folder, port) as cdk:
        config = folder / "config" / "local.toml"
        text, found = re.subn(r"(?m)^capture_percent = .*$", "capture_percent = 100", config.read_text("utf-8"))
        assert found == 1
        config.write_text(text, "utf-8")
        world = World(Account(port, folder / "account", {}, cdk), config, folder)
        world.change("labelling", "weekly_drawings = 1")
        cdk.bootstrap()
        cdk.deploy()
        world.account.names.update(names(port))
        with_people(world.account)
        world.operator("models", "import-official")
        world.operator("models", "approve", "v1", "--reason", "to label with it", "--follow")
        yield world


@pytest.fixture(scope="module")
def ground_truth(world: World) -> World:
    """The same account after the one line that chooses the other backend."""
    world.change("labelling", 'backend = "ground_truth"')
    world.account.cdk.deploy()
    return world


def test_the_released_version_has_read_a_drawing_before_people_see_it(world: World) -> None:
    drawing = world.drawing(1)
    (world.folder / "plate.png").write_bytes(drawing)
    ordered = world.operator("labels", "create", "plates", str(world.folder / "plate.png"))["ordered"]
    assert (ordered["job"], ordered["drawings"]) == ("plates", 1)
    work = world.person("ana").lease(job="plates")
    assert work is not None
    assert work["task"]["model"] == {"version": "1"}
    expected = world.read(drawing)
    assert len(expected) >= 4
    assert [region["text"] for region in work["task"]["regions"]] == expected
    picture = browser().get(work["pyramid_url"], headers={"Range": "bytes=0-6"}, timeout=10)
    assert picture.content == b"PMTiles"


def test_what_the_endpoint_doubts_is_offered_within_the_weeks_budget(world: World) -> None:
    blurred = {
        hashlib.sha256(each).hexdigest(): each for each in (world.drawing(2, BLURRED), world.drawing(3, BLURRED))
    }
    for drawing in blurred.values():
        world.read(drawing)
    captures = f"capture/{world.account.names['endpoint-name']}/"

    def captured() -> bool | None:
        lines = [
            world.content(f"s3://{world.account.names['data-bucket']}/{key}")
            for key in world.keys("data-bucket", captures)
        ]
        return True if sum(len(each.splitlines()) for each in lines) >= len(blurred) else None

    eventually(captured, seconds=DONE, what="the captures")
    report = world.operator("labels", "offer")["report"]
    assert (report["state"], report["budget"], report["job"]) == ("offered", 1, "uncertain-1")
    (offered,) = report["drawings"]
    assert offered["sha256"] in blurred
    assert world.content(offered["uri"], VersionId=offered["version_id"]) == blurred[offered["sha256"]]
    ana = world.person("ana")

    def opened() -> dict[str, Any] | None:
        known = ana.ask("GET", "/jobs/uncertain-1")
        return known.body if known.status == 200 and known.body["state"] == "open" else None

    assert eventually(opened, seconds=DONE, what="the job is open")["tasks"] == 1
    work = ana.lease(job="uncertain-1")
    assert work is not None
    assert work["task"]["image"]["uri"] == offered["uri"]
    assert work["task"]["model"] == {"version": "1"}
    again = world.operator("labels", "offer")["report"]
    assert (again["state"], again["spent"]) == ("budget_spent", 1)
    assert world.keys("labelling-bucket", "jobs/uncertain-2/") == []


@dataclass(frozen=True)
class Worker:
    """Somebody of the private workforce, at the portal of Ground Truth."""

    world: World
    name: str

    def take(self, job: str) -> tuple[str, Task]:
        """The next object and its task, by the addresses that the template gets."""
        found = self.ask(job, f"next?worker={self.name}")
        assert found is not None, f"{self.name} gets no task of {job}"
        given = found["input"]
        assert self.world.content(given["pyramidRef"]).startswith(b"PMTiles")
        return found["task"], Task.parse(self.world.content(given["taskRef"]), where=given["taskRef"])

    def submit(self, job: str, identity: str, task: Task, first_text: str = "") -> None:
        """Accepts what the machine, or the consensus, says; the first text otherwise where one is given."""
        regions = [
            {**region.model_dump(mode="json", exclude={"confidence"}), "source": "machine", "accepted": True}
            for region in task.regions
        ]
        if first_text:
            regions[0] |= {"text": first_text, "source": "person"}
        answer = {"schema": 1, "job": task.job, "task": task.task, "status": "labelled", "regions": regions}
        fields = {"answer": json.dumps(answer)}
        self.ask(job, f"tasks/{identity}/submit", {"worker": self.name, "fields": fields})

    def ask(self, job: str, path: str, body: Any = None) -> Any:
        url = f"http://localhost:{self.world.account.port}/emulator/labeling-jobs/{job}/{path}"
        answer = browser().request("GET" if body is None else "POST", url, json=body, timeout=10)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.content else None


def test_the_same_job_goes_through_ground_truth_until_training_starts(ground_truth: World) -> None:
    world = ground_truth
    account, sagemaker = world.account, world.account.client("sagemaker")
    for seed in (4, 5):
        (world.folder / f"gear-{seed}.png").write_bytes(world.drawing(seed))
    world.operator(
        "labels", "create", "gears", *(str(world.folder / f"gear-{n}.png") for n in (4, 5)), "--annotators", "2"
    )

    def job(name: str, status: str) -> dict[str, Any] | None:
        listed = sagemaker.list_labeling_jobs(NameContains=name)["LabelingJobSummaryList"]
        return listed[0] if listed and listed[0]["LabelingJobStatus"] == status else None

    opened = eventually(lambda: job(LABEL, "InProgress"), seconds=DONE, what="the first round")
    assert opened["PreHumanTaskLambdaArn"]
    # Both read both drawings and disagree about one text of the second.
    handed_in = []
    for name in ("ana", "ben"):
        worker = Worker(world, name)
        for _ in range(2):
            identity, task = worker.take(LABEL)
            assert (task.round, task.model is not None, len(task.regions) >= 4) == ("label", True, True)
            if name == "ana":
                worker.submit(LABEL, identity, task)
            else:
                handed_in.append(task.task)
                worker.submit(LABEL, identity, task, first_text=TYPED if len(handed_in) == 2 else "")
    disputed = handed_in[1]
    first = eventually(lambda: job(LABEL, "Completed"), seconds=DONE, what="the end of the first round")
    lines = [json.loads(line) for line in world.content(first["LabelingJobOutput"]["OutputDatasetS3Uri"]).splitlines()]
    assert {line["task"]: line["labels"]["needs-review"] for line in lines} == {
        task: task == disputed for task in handed_in
    }
    # The function after got both objects at once, with two answers each, and kept each person's.
    requests = world.keys(
        "labelling-bucket",
        f"jobs/gears/ground_truth/{LABEL}/annotations/consolidated-annotation/consolidation-request/",
    )
    payloads = [json.loads(world.content(f"s3://{account.names['labelling-bucket']}/{key}")) for key in requests]
    assert sorted(len(each["annotations"]) for payload in payloads for each in payload) == [2, 2]
    assert max(len(payload) for payload in payloads) == 2
    assert len(world.keys("labelling-bucket", f"jobs/gears/answers/{disputed}/")) == 2

    # What is in dispute is chained to a second job, for reviewers, with all versions.
    eventually(lambda: job(REVIEW, "InProgress"), seconds=DONE, what="the review")
    rita = Worker(world, "rita")
    identity, task = rita.take(REVIEW)
    assert (task.task, task.round, len(task.versions)) == (disputed, "review", 2)
    rita.submit(REVIEW, identity, task, first_text=DECIDED)
    second = eventually(lambda: job(REVIEW, "Completed"), seconds=DONE, what="the end of the review")
    (line,) = [
        json.loads(line) for line in world.content(second["LabelingJobOutput"]["OutputDatasetS3Uri"]).splitlines()
    ]
    assert (line["labels"]["needs-review"], line["review"]["status"]) == (True, "labelled")

    def exported() -> Any | None:
        told = world.operator("labels", "status", "gears")["report"]["progress"]
        return told if told["state"] == "exported" else None

    told = eventually(exported, seconds=DONE, what="the export")
    assert (told["tasks"], told["labelled"], told["reviewed"], told["skipped"]) == (2, 2, 1, 0)
    manifest = [json.loads(line) for line in world.content(told["manifest"]).splitlines()]
    texts = {Path(each["image"]).parent.name: [region["text"] for region in each["regions"]] for each in manifest}
    assert set(texts) == set(handed_in)
    assert DECIDED in texts[disputed]
    assert TYPED not in texts[disputed]
    pipeline = account.names["pipeline-name"]
    (started,) = eventually(
        lambda: sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"] or None,
        seconds=DONE,
        what="a training run starts",
    )
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=started["PipelineExecutionArn"])


def test_an_event_about_a_round_that_cannot_be_delivered_is_kept_and_watched(ground_truth: World) -> None:
    alarms = ground_truth.account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (watched,) = [each for each in alarms if "DeadLettersGroundTruth" in each["AlarmName"]]
    (queue,) = [each["Value"] for each in watched["Dimensions"]]
    rules = ground_truth.account.client("events").list_rules()["Rules"]
    (closed,) = [each["Name"] for each in rules if each.get("Description", "").startswith("A round of labelling")]
    (target,) = ground_truth.account.client("events").list_targets_by_rule(Rule=closed)["Targets"]
    assert target["DeadLetterConfig"]["Arn"].endswith(f":{queue}")
