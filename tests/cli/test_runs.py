"""Pipeline executions: curves out of logs, reasons in one line, moving and plain rendering."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from cli import live, runs
from cli.runs import Curve, Run, Step, parse_curve
from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from tests.cli.world import World

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
JOB = "arn:aws:sagemaker:eu-central-1:123456789012:training-job/run-7"
EXECUTION = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/p/execution/abc123"


def step(name: str, status: str, detail: str = "") -> Step:
    ended = None if status == "Executing" else START + timedelta(seconds=12)
    return Step(name=name, status=status, started=START, ended=ended, job=None, detail=detail)


def run(status: str, *steps: Step, curve: Curve | None = None, refusal: str | None = None) -> Run:
    return Run(
        arn=EXECUTION,
        status=status,
        started=START,
        ended=None if status == "Executing" else START + timedelta(minutes=2),
        parameters={},
        steps=list(steps),
        curve=curve or Curve(),
        refusal=refusal,
    )


def test_the_curve_is_read_from_the_metric_lines_and_nothing_else() -> None:
    curve = parse_curve(
        [
            "reading 812 crops",
            "step=20 loss=4.1 lr=0.000100 images_per_second=7.6",
            "step=40 loss=1.25e+00 lr=0.000090 images_per_second=8.1",
            "epoch=1 val_exact=0.5 val_one_minus_ned=0.8 regression_exact=0.99",
            "epoch=1 finished",
        ]
    )
    assert curve.loss == [4.1, 1.25]
    assert (curve.step, curve.images_per_second) == (40, 8.1)
    assert curve.epochs == [{"epoch": 1, "val_exact": 0.5, "val_one_minus_ned": 0.8, "regression_exact": 0.99}]


def plain() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=120, force_terminal=False), text


def test_without_a_terminal_every_event_is_one_plain_line_and_none_comes_twice() -> None:
    console, text = plain()
    curve = Curve(loss=[4.0, 2.0], step=40, epochs=[{"epoch": 1, "val_exact": 0.5, "regression_exact": 0.99}])
    states = [
        run("Executing", step("Prepare", "Executing")),
        run("Executing", step("Prepare", "Executing")),
        run("Executing", step("Prepare", "Succeeded"), step("Train", "Executing"), curve=curve),
        run("Executing", step("Prepare", "Succeeded"), step("Train", "Executing"), curve=curve),
        run("Succeeded", step("Prepare", "Succeeded"), step("Train", "Succeeded"), curve=curve),
    ]
    assert live.show(console, iter(states)) == states[-1]
    lines = [line.strip() for line in text.getvalue().splitlines()]
    assert [line.split()[:2] for line in lines] == [
        ["Prepare", "Executing"],
        ["Prepare", "Succeeded"],
        ["Train", "Executing"],
        ["step", "40"],
        ["epoch", "1"],
        ["Train", "Succeeded"],
    ]
    assert "12.0 s" in lines[1]
    assert "\x1b" not in text.getvalue()


def test_on_a_terminal_the_last_state_is_given_back_and_the_screen_is_left_clean() -> None:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=True)
    states = [run("Executing", step("Train", "Executing")), run("Succeeded", step("Train", "Succeeded"))]
    assert live.show(console, iter(states)).status == "Succeeded"


def test_a_refused_run_says_why_below_its_steps() -> None:
    console, text = plain()
    refusal = "Refused: accuracy 0.12 (at least 0.85)"
    console.print(live.run_table(run("Failed", step("Refused", "Failed", "accuracy 0.12"), refusal=refusal)))
    assert f"refused: {refusal}" in text.getvalue()
    assert "2 min 00 s" in text.getvalue()


class Pipeline:
    """Answers of SageMaker and CloudWatch Logs for one execution."""

    def __init__(self, status: str, steps: list[dict[str, Any]], log: list[str]) -> None:
        self.status, self.steps, self.log = status, steps, log

    def describe_pipeline_execution(self, **_: str) -> dict[str, Any]:
        return {
            "PipelineExecutionStatus": self.status,
            "CreationTime": START,
            "LastModifiedTime": START + timedelta(minutes=3),
            "FailureReason": "Step failure: One or multiple steps failed.",
        }

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        return {"PipelineExecutionSummaries": [{"PipelineExecutionArn": EXECUTION, "StartTime": START}]}

    def describe_processing_job(self, **_: str) -> dict[str, str]:
        return {"ExitMessage": "DatasetRejected: 3 of 4 drawings are bad"}

    def get_paginator(self, name: str) -> "Pages":
        return {
            "list_pipeline_execution_steps": Pages([{"PipelineExecutionSteps": self.steps}]),
            "list_pipeline_parameters_for_execution": Pages(
                [{"PipelineParameters": [{"Name": "Epochs", "Value": "5"}]}]
            ),
        }[name]

    def describe_log_streams(self, **_: str) -> dict[str, Any]:
        return {"logStreams": [{"logStreamName": "run-7/algo-1"}]}

    def get_log_events(self, **arguments: Any) -> dict[str, Any]:
        if "nextToken" in arguments:
            return {"events": [], "nextForwardToken": "end"}
        return {"events": [{"message": line} for line in self.log], "nextForwardToken": "end"}


class Pages:
    """A paginator over pages that are there already."""

    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.pages = pages

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return iter(self.pages)


def reading(world: World, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> Run:
    real = world.environment.access.client
    stand_in = {"sagemaker": pipeline, "logs": pipeline}
    monkeypatch.setattr("cli.environment.Environment.client", lambda _, name: stand_in.get(name) or real(name))
    return runs.read(world.environment, EXECUTION)


def listed(name: str, status: str, metadata: dict[str, Any], reason: str = "") -> dict[str, Any]:
    entry = {"StepName": name, "StepStatus": status, "StartTime": START, "Metadata": metadata}
    return {**entry, "EndTime": START + timedelta(seconds=5), **({"FailureReason": reason} if reason else {})}


def test_a_run_shows_its_steps_and_the_curve_of_its_training_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [listed("Train", "Succeeded", {"TrainingJob": {"Arn": JOB}})]
    found = reading(world, monkeypatch, Pipeline("Succeeded", steps, ["step=20 loss=0.5", "step=40 loss=0.4"]))
    assert found.curve.loss == [0.5, 0.4]
    assert found.parameters == {"Epochs": "5"}
    assert found.refusal is None
    assert found.seconds == 180


def test_the_refusal_is_what_the_job_itself_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JOB.replace("training-job", "processing-job")
    steps = [listed("Prepare", "Failed", {"ProcessingJob": {"Arn": job}}, "ClientError: AlgorithmError")]
    found = reading(world, monkeypatch, Pipeline("Failed", steps, []))
    assert found.refusal == "Prepare: DatasetRejected: 3 of 4 drawings are bad"


def test_what_a_function_of_ours_said_stands_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "v2, which run r started from, is Rejected meanwhile: nothing was registered"
    around = f"ClientError: The lambda function returned an error: PlatformError: {said}"
    steps = [listed("Register", "Failed", {"Lambda": {"Arn": "arn:aws:lambda:register"}}, around)]
    assert reading(world, monkeypatch, Pipeline("Failed", steps, [])).refusal == f"Register: {said}"


def test_the_refusal_of_the_gate_is_its_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [
        listed("Gate", "Succeeded", {"Condition": {"Outcome": "False"}}),
        listed("Refused", "Failed", {"Fail": {"ErrorMessage": "accuracy 0.12 (at least 0.85)"}}),
    ]
    found = reading(world, monkeypatch, Pipeline("Failed", steps, []))
    assert found.steps[0].detail == "False"
    assert found.refusal == "accuracy 0.12 (at least 0.85)"


def test_an_unknown_execution_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reading(world, monkeypatch, Pipeline("Succeeded", [], []))
    result = world.run("train", "status", "zzz")
    assert result.exit_code == 1
    assert "zzz: no such execution" in result.stderr


def test_waiting_for_a_run_that_fails_fails_and_looking_at_it_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [listed("Refused", "Failed", {"Fail": {"ErrorMessage": "accuracy 0.12"}})]
    reading(world, monkeypatch, Pipeline("Failed", steps, []))
    assert world.run("train", "status").exit_code == 0
    watched = world.run("train", "watch", "abc123", "--json")
    assert watched.exit_code == 1
    assert json.loads(watched.stdout)["run"]["refusal"] == "accuracy 0.12"


def test_a_run_that_has_ended_cannot_be_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reading(world, monkeypatch, Pipeline("Succeeded", [], []))
    result = world.run("train", "stop")
    assert result.exit_code == 1
    assert "abc123: ended already (Succeeded)" in result.stderr


class Trigger:
    """The start_training function: remembers the order and answers."""

    def __init__(self, answer: dict[str, Any], *, failed: bool = False) -> None:
        self.answer, self.failed = answer, failed
        self.order: dict[str, Any] = {}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.order = {"function": FunctionName, **json.loads(Payload)}
        failure = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **failure}


@pytest.fixture
def trigger(world: World, monkeypatch: pytest.MonkeyPatch) -> Trigger:
    function = Trigger({"decision": "started", "reason": "2 new labelled batches", "manifests": ["s3://b/m"]})
    real = world.environment.access.client
    monkeypatch.setattr(
        "cli.environment.Environment.client", lambda _, name: function if name == "lambda" else real(name)
    )
    return function


def test_a_start_by_hand_goes_through_the_gate_with_only_what_was_set(world: World, trigger: Trigger) -> None:
    arguments = ("--learning-rate", "2e-4", "--no-freeze-backbone", "--manifest", "s3://b/m")
    result = world.run("train", "start", *arguments)
    assert result.exit_code == 0, result.stderr
    assert trigger.order["action"] == "start"
    assert trigger.order["dry_run"] is False
    assert trigger.order["manifests"] == ["s3://b/m"]
    assert trigger.order["parameters"] == {"LearningRate": 2e-4, "FreezeBackbone": "false"}
    assert "started: 2 new labelled batches" in result.stdout


def test_the_base_is_named_by_version(world: World, trigger: Trigger) -> None:
    arn = world.register("Approved")
    world.run("train", "start", "--base", "v1")
    assert trigger.order["parameters"] == {"BaseModelPackage": arn}


def test_a_run_is_repeated_with_its_own_batches(
    world: World, trigger: Trigger, monkeypatch: pytest.MonkeyPatch, put: Callable[[str, bytes | str], str]
) -> None:
    learned = RunManifest(run_id="r", manifests=(ManifestReference(uri="s3://b/a"), ManifestReference(uri="s3://b/c")))
    uri = put("datasets/runs/r/run.json", learned.to_json())
    monkeypatch.setattr("cli.runs.find", lambda _, name: f"arn:of:{name}")
    monkeypatch.setattr("cli.runs._parameters", lambda _, arn: {"arn:of:abc123": {"LabelManifest": uri}}[arn])
    assert world.run("train", "start", "--repeat", "abc123").exit_code == 0
    assert trigger.order["manifests"] == ["s3://b/a", "s3://b/c"]


def test_nothing_new_is_no_success(world: World, trigger: Trigger) -> None:
    trigger.answer = {"decision": "nothing_new", "reason": "every labelled batch was trained on already"}
    result = world.run("train", "start")
    assert result.exit_code == 1
    assert "every labelled batch was trained on already" in result.stdout


def test_what_the_gate_refuses_is_said_in_its_words(world: World, trigger: Trigger) -> None:
    trigger.failed = True
    trigger.answer = {"errorMessage": "order: parameters.Epochs = 0: greater than or equal to 1", "errorType": "X"}
    result = world.run("train", "start", "--epochs", "0")
    assert result.exit_code == 1
    assert "error: order: parameters.Epochs = 0" in result.stderr
