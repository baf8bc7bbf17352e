"""The functions of the Ground Truth backend, called as Ground Truth and the workflow call them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from drawing_ocr.labelling.task import Task
from ground_truth_before import handler as before
from ground_truth_round import settling
from shared.errors import PlatformError
from shared.ground_truth import LabelingJob
from tests.lambda_context import Context
from tests.lambda_ground_truth import ARN, GroundTruth, Says, ground_truth
from tests.lambda_labelling import BUCKET, World

LABEL, REVIEW = "dev-gears-label", "dev-gears-review"


@pytest.fixture
def service(account: None) -> Iterator[GroundTruth]:  # noqa: ARG001
    with ground_truth(World()) as service:
        yield service


def says(world: World, text: str = "M8", **more: Any) -> Says:
    return lambda task: world.answer(task["job"], task["task"], text) | more


def open_first(service: GroundTruth, **job: Any) -> tuple[list[str], dict[str, Any]]:
    tasks = service.world.prepare(**job)
    return tasks, service.rounds().first("gears")


def test_the_first_round_names_every_task_by_reference(service: GroundTruth) -> None:
    tasks, opened = open_first(service, annotators=2)
    lines = [json.loads(line) for line in service.read(opened["manifest"]).splitlines()]
    assert [line["task"] for line in lines] == sorted(tasks)
    for line in lines:
        assert line["task-ref"] == f"s3://{BUCKET}/jobs/gears/tasks/{line['task']}.json"
        assert line["pyramid-ref"] == f"s3://{BUCKET}/jobs/gears/pyramids/{line['task']}.pmtiles"
        assert line["source-ref"].startswith("s3://data/drawings/gears/")
    told = {name: opened[name] for name in ("step", "name", "attribute", "people", "team", "title")}
    assert told == {
        "step": "open",
        "name": LABEL,
        "attribute": "labels",
        "people": 2,
        "team": "arn:annotators",
        "title": "Gears",
    }


def test_a_job_without_a_task_is_told_with_where_the_reasons_are(service: GroundTruth) -> None:
    with pytest.raises(PlatformError, match=r"job gears has no task to label: see .*refused\.json"):
        service.rounds().first("gears")


def test_the_contract_before_a_task_is_two_addresses_and_a_boolean() -> None:
    line = {"source-ref": "s3://d/a.png", "task-ref": "s3://l/t.json", "pyramid-ref": "s3://l/p.pmtiles", "other": 1}
    event = {"version": "2018-10-16", "labelingJobArn": ARN + LABEL, "dataObject": line}
    assert before.handle(event, Context()) == {
        "taskInput": {"taskRef": "s3://l/t.json", "pyramidRef": "s3://l/p.pmtiles"},
        "isHumanAnnotationRequired": True,
    }


@pytest.mark.parametrize("line", [{}, {"task-ref": "https://l/t.json", "pyramid-ref": "s3://l/p"}])
def test_a_line_that_is_not_ours_is_refused_in_one_line(line: dict[str, str]) -> None:
    with pytest.raises(PlatformError, match="cannot be shown: "):
        before.handle({"labelingJobArn": ARN + LABEL, "dataObject": line}, Context())


def test_what_workers_say_is_kept_and_compared_as_by_our_own_backend(service: GroundTruth) -> None:
    (task, *_), opened = open_first(service, drawings=1, annotators=2)
    world = service.world
    (line,) = service.hand_out(opened, {"private.eu.A1": says(world), "private.eu.B2": says(world)})
    for worker in ("private.eu.A1", "private.eu.B2"):
        assert world.get(f"jobs/gears/answers/{task}/{worker}.json")["regions"][0]["text"] == "M8"
    consensus = world.get(f"jobs/gears/consensus/{task}.json")
    assert (consensus["people"], consensus["needs_review"]) == (["private.eu.A1", "private.eu.B2"], False)
    assert line["labels"] == {
        "consensus-ref": f"s3://{BUCKET}/jobs/gears/consensus/{task}.json",
        "status": "labelled",
        "needs-review": False,
        "people": 2,
    }


def test_one_entry_an_object_however_many_workers_and_however_often_it_comes(service: GroundTruth) -> None:
    (task, *_), _ = open_first(service, drawings=1)
    world = service.world
    uri = world.get(f"jobs/gears/tasks/{task}.json")["image"]["uri"]

    def entry(worker: str) -> dict[str, Any]:
        content = json.dumps({"answer": json.dumps(world.answer("gears", task))})
        annotation = {"workerId": worker, "annotationData": {"content": content}}
        return {"datasetObjectId": "0", "dataObject": {"s3Uri": uri}, "annotations": [annotation]}

    (answered,) = service.after(LABEL, "labels", [entry("a"), entry("b")])
    assert answered["datasetObjectId"] == "0"
    assert answered["consolidatedAnnotation"]["content"]["labels"]["people"] == 2


@pytest.mark.parametrize("key", ["s3Uri", "s3uri"])
def test_both_spellings_of_an_address_are_understood(service: GroundTruth, key: str) -> None:
    (task, *_), _ = open_first(service, drawings=1)
    fields = json.dumps({"answer": json.dumps(service.world.answer("gears", task))})
    service.write(f"s3://{BUCKET}/jobs/gears/ground_truth/answer.json", fields)
    uri = service.world.get(f"jobs/gears/tasks/{task}.json")["image"]["uri"]
    data = {key: f"s3://{BUCKET}/jobs/gears/ground_truth/answer.json"}
    payload = [
        {
            "datasetObjectId": "0",
            "dataObject": {key: uri},
            "annotations": [{"workerId": "w", "annotationData": data}],
        }
    ]
    assert len(service.after(LABEL, "labels", payload, key=key)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"job": "wheels"},
        {"task": "0" * 16},
        {"schema": 2},
        {"regions": [{"id": "r1"}]},
        {"status": "skipped"},
    ],
)
def test_an_answer_that_cannot_be_used_does_not_hold_up_the_others(service: GroundTruth, wrong: dict[str, Any]) -> None:
    _, opened = open_first(service, drawings=2, annotators=2)
    world = service.world
    first, second = service.hand_out(opened, {"good": says(world), "bad": says(world, **wrong)})
    assert [first["labels"]["people"], second["labels"]["people"]] == [1, 1]


def test_an_answer_for_another_drawing_of_the_job_is_not_taken(service: GroundTruth) -> None:
    tasks, opened = open_first(service, drawings=2)
    world = service.world
    service.hand_out(
        opened, {"w": lambda task: world.answer("gears", max(tasks)) if task["task"] == min(tasks) else None}
    )
    found = world.s3.list_objects_v2(Bucket=BUCKET, Prefix="jobs/gears/answers/")
    assert found["KeyCount"] == 0


def test_what_people_do_not_agree_on_goes_to_a_reviewer_with_all_versions(service: GroundTruth) -> None:
    tasks, opened = open_first(service, drawings=2, annotators=2)
    world, disputed = service.world, min(tasks)
    other = {disputed: "M9"}
    lines = service.hand_out(
        opened, {"a": says(world), "b": lambda task: world.answer("gears", task["task"], other.get(task["task"], "M8"))}
    )
    assert {line["task"]: line["labels"]["needs-review"] for line in lines} == {min(tasks): True, max(tasks): False}
    follow = service.closed(LABEL)
    assert (follow["step"], follow["name"], follow["attribute"], follow["people"], follow["team"]) == (
        "open",
        REVIEW,
        "review",
        1,
        "arn:reviewers",
    )
    (line,) = [json.loads(each) for each in service.read(follow["manifest"]).splitlines()]
    assert line["labels"]["needs-review"]  # what the round before said comes along
    task = Task.parse(service.read(line["task-ref"]), where="task")
    assert (task.round, [version.regions[0].text for version in task.versions]) == ("review", ["M8", "M9"])
    service.hand_out(follow, {"rita": says(world, "M9")})
    assert service.closed(REVIEW)["step"] == "export"
    assert world.get(f"jobs/gears/reviewed/{disputed}.json")["regions"][0]["text"] == "M9"
    states = {state.task: (state.stage, state.outcome) for state in world.table.tasks("gears")}
    assert states == {disputed: ("done", "reviewed"), max(tasks): ("done", "labelled")}


def test_drawings_that_nobody_answered_are_left_out_and_told(service: GroundTruth) -> None:
    tasks, opened = open_first(service, drawings=2)
    world, left = service.world, min(tasks)
    service.hand_out(opened, {"a": lambda task: None if task["task"] == left else world.answer("gears", task["task"])})
    told = service.closed(LABEL)
    assert (told["step"], told["left_out"]) == ("export", 1)
    assert told["news"] == (
        f"Labelling job gears is exported without 1 of 2 drawings: {left} ({settling.NOBODY_ANSWERED})"
    )
    item = world.table.job("gears")
    assert {name: int(item[name]) for name in ("tasks", "labelled", "skipped")} == {
        "tasks": 2,
        "labelled": 1,
        "skipped": 1,
    }


def test_the_same_event_twice_changes_nothing(service: GroundTruth) -> None:
    _, opened = open_first(service, drawings=2)
    service.hand_out(opened, {"a": says(service.world)})
    once = service.closed(LABEL)
    before = list(service.world.table.tasks("gears"))
    assert service.closed(LABEL) == once
    assert list(service.world.table.tasks("gears")) == before


@pytest.mark.parametrize(("status", "reason"), [("Failed", "ClientError: no workers"), ("Stopped", "it was stopped")])
def test_a_round_that_ended_early_is_told_with_its_reason(service: GroundTruth, status: str, reason: str) -> None:
    service.world.prepare()
    described = {"FailureReason": "ClientError: no workers"} if status == "Failed" else {}
    service.sagemaker.described[LABEL] = described
    with pytest.raises(PlatformError, match=f"job gears: round label ended early: {reason}"):
        service.closed(LABEL, status)


def test_names_of_rounds_fit_what_sagemaker_takes() -> None:
    assert LabelingJob("staging", "x" * 48, "review").name.endswith("-review")
    with pytest.raises(PlatformError, match="66 characters, Ground Truth takes 63"):
        _ = LabelingJob("production", "x" * 48, "review").name
    with pytest.raises(PlatformError, match="is no labelling job of dev"):
        LabelingJob.of(f"{ARN}prod-gears-label", "dev")
