"""Pipeline executions as an operator sees them: steps with their times, the training curve, why one was refused."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli.environment import Environment
from cli.errors import OperatorError
from drawing_ocr.dataset.manifest import RunManifest

RUNNING = {"Executing", "Stopping"}
POLL_SECONDS = 2.0
# `step=120 loss=0.4321` and `epoch=3 val_exact=0.9125`: the metric lines of a training job (docs/architecture.md).
METRIC = re.compile(r"(\w+)=(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|inf)")
# What SageMaker writes around the words of our own functions.
OUR_WORDS = re.compile(r"^.*\bPlatformError: ", re.DOTALL)
LOG_GROUPS = {"TrainingJob": "/aws/sagemaker/TrainingJobs", "ProcessingJob": "/aws/sagemaker/ProcessingJobs"}


class Step(BaseModel):
    """One step of an execution. `detail` is what to know of it in one line; `refusal` marks the gate's Fail step."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: str
    started: datetime | None
    ended: datetime | None
    job: str | None
    detail: str
    refusal: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took, or has been taking."""
        if self.started is None:
            return None
        return ((self.ended or datetime.now(UTC)) - self.started).total_seconds()


class Curve(BaseModel):
    """What the training job has logged so far: loss by step, the metrics of each epoch."""

    model_config = ConfigDict(frozen=True)

    loss: list[float] = []
    step: int = 0
    images_per_second: float | None = None
    epochs: list[dict[str, float]] = []


class Run(BaseModel):
    """One pipeline execution."""

    model_config = ConfigDict(frozen=True)

    arn: str
    status: str
    started: datetime
    ended: datetime | None
    parameters: dict[str, str]
    steps: list[Step]
    curve: Curve
    refusal: str | None

    @property
    def name(self) -> str:
        """The execution's id, the end of its ARN."""
        return self.arn.rsplit("/", 1)[1]

    @property
    def running(self) -> bool:
        """Whether it may still change."""
        return self.status in RUNNING

    @property
    def seconds(self) -> float:
        """How long it took, or has been taking."""
        return ((self.ended or datetime.now(UTC)) - self.started).total_seconds()


def latest(environment: Environment) -> str:
    """ARN of the newest execution; OperatorError where none was started yet."""
    found = _list(environment, 1)
    if not found:
        raise OperatorError(f"{environment.names.pipeline_name}: no training was started yet; `drawingops train start`")
    return str(found[0]["PipelineExecutionArn"])


def find(environment: Environment, name: str | None) -> str:
    """ARN of the execution whose ARN or id is `name`, the newest without a name."""
    if name is None:
        return latest(environment)
    for item in _list(environment, 100):
        if name in (item["PipelineExecutionArn"], item["PipelineExecutionArn"].rsplit("/", 1)[1]):
            return str(item["PipelineExecutionArn"])
    raise OperatorError(f"{name}: no such execution of {environment.names.pipeline_name}; the newest is the default")


def manifests(environment: Environment, name: str) -> list[str]:
    """Addresses of the labelled batches that the execution `name` learned from."""
    uri = _parameters(environment.client("sagemaker"), find(environment, name))["LabelManifest"]
    return [item.uri for item in RunManifest.parse(environment.read_object(uri), where=uri).manifests]


def started_since(environment: Environment, moment: datetime, patience: float) -> str | None:
    """ARN of an execution that started after `moment`, waiting up to `patience` seconds for it."""
    deadline = time.monotonic() + patience
    while True:
        for item in _list(environment, 5):
            if item["StartTime"] >= moment:
                return str(item["PipelineExecutionArn"])
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL_SECONDS)


def read(environment: Environment, arn: str) -> Run:
    """The execution as it is now, with the curve that its training job has logged."""
    client = environment.client("sagemaker")
    found = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = [_step(client, item) for item in _steps(client, arn)]
    training = next((step.job for step in steps if step.job and ":training-job/" in step.job), None)
    ended = found["PipelineExecutionStatus"] not in RUNNING
    return Run(
        arn=arn,
        status=found["PipelineExecutionStatus"],
        started=found["CreationTime"],
        ended=found["LastModifiedTime"] if ended else None,
        parameters=_parameters(client, arn),
        steps=steps,
        curve=parse_curve(log_lines(environment, training)) if training else Curve(),
        refusal=_refusal(found, steps) if ended else None,
    )


def watch(environment: Environment, arn: str) -> Iterator[Run]:
    """The execution again and again until it has ended; the last one is the result."""
    while True:
        run = read(environment, arn)
        yield run
        if not run.running:
            return
        time.sleep(POLL_SECONDS)


def log_lines(environment: Environment, job_arn: str) -> list[str]:
    """What a training or processing job wrote to CloudWatch Logs so far."""
    kind = "TrainingJob" if ":training-job/" in job_arn else "ProcessingJob"
    job = job_arn.rsplit("/", 1)[1]
    client = environment.client("logs")
    lines: list[str] = []
    try:
        streams = client.describe_log_streams(logGroupName=LOG_GROUPS[kind], logStreamNamePrefix=f"{job}/")[
            "logStreams"
        ]
        for stream in streams:
            token: dict[str, str] = {}
            while True:
                page = client.get_log_events(
                    logGroupName=LOG_GROUPS[kind], logStreamName=stream["logStreamName"], startFromHead=True, **token
                )
                lines += [event["message"] for event in page["events"]]
                # The service gives back the same token at the end of a stream.
                if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
                    break
                token = {"nextToken": page["nextForwardToken"]}
    except ClientError as error:
        # The group and the stream appear with the job's first line.
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    return lines


def parse_curve(lines: list[str]) -> Curve:
    """The curve in the metric lines of a training log; every other line is passed over."""
    losses: list[float] = []
    epochs: list[dict[str, float]] = []
    step, speed = 0, None
    for line in lines:
        values = {name: float(value) for name, value in METRIC.findall(line)}
        if "step" in values and "loss" in values:
            losses.append(values["loss"])
            step, speed = int(values["step"]), values.get("images_per_second")
        elif "epoch" in values and "val_exact" in values:
            epochs.append(values)
    return Curve(loss=losses, step=step, images_per_second=speed, epochs=epochs)


def _list(environment: Environment, count: int) -> list[dict[str, Any]]:
    answer = environment.client("sagemaker").list_pipeline_executions(
        PipelineName=environment.names.pipeline_name, SortBy="CreationTime", SortOrder="Descending", MaxResults=count
    )
    return list(answer["PipelineExecutionSummaries"])


def _steps(client: Any, arn: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending"
    )
    return (step for page in pages for step in page["PipelineExecutionSteps"])


def _parameters(client: Any, arn: str) -> dict[str, str]:
    pages = client.get_paginator("list_pipeline_parameters_for_execution").paginate(PipelineExecutionArn=arn)
    return {item["Name"]: item["Value"] for page in pages for item in page["PipelineParameters"]}


def _step(client: Any, found: dict[str, Any]) -> Step:
    metadata = found.get("Metadata", {})
    kind = next(iter(metadata), "")
    content = metadata.get(kind, {})
    job = content.get("Arn") if kind in LOG_GROUPS else None
    return Step(
        name=found["StepName"],
        status=found["StepStatus"],
        started=found.get("StartTime"),
        ended=found.get("EndTime"),
        job=job,
        detail=_detail(client, found, kind, content),
        refusal=kind == "Fail",
    )


def _detail(client: Any, found: dict[str, Any], kind: str, content: dict[str, Any]) -> str:
    reason = found.get("FailureReason", "")
    if reason and kind == "ProcessingJob":
        # What the job itself said is worth more than "Algorithm Error".
        job = client.describe_processing_job(ProcessingJobName=content["Arn"].rsplit("/", 1)[1])
        reason = job.get("ExitMessage") or reason
    if kind == "Condition":
        return f"{content.get('Outcome', '')} {reason}".strip()
    if kind == "Fail":
        return str(content.get("ErrorMessage", reason))
    return " ".join(OUR_WORDS.sub("", reason).split())


def _refusal(found: dict[str, Any], steps: list[Step]) -> str | None:
    if found["PipelineExecutionStatus"] != "Failed":
        return None
    for step in steps:
        if step.status == "Failed" and step.detail:
            # What the gate says needs no name of a step before it.
            return step.detail if step.refusal else f"{step.name}: {step.detail}"
    return " ".join(found.get("FailureReason", found["PipelineExecutionStatus"]).split())
