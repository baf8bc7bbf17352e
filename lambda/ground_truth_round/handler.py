"""What comes next for a job in the Ground Truth backend: its first round, a review of what needs one, or its export.

Nothing is decided twice: a round has one name, so SageMaker refuses to open it again, and the workflow knows that.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, ValidationError

from drawing_ocr.labelling.job import Job
from drawing_ocr.labelling.task import Task
from drawing_ocr.validation import first_reason
from ground_truth_round import settling
from shared import storage
from shared.errors import PlatformError
from shared.ground_truth import LabelingJob
from shared.labelling_places import Places
from shared.labelling_table import LabellingTable
from shared.variables import Variables

logger = Logger()
tracer = Tracer()

_READERS = 32  # 100,000 tasks, a few milliseconds each, in the fifteen minutes of a function
_NAMED = 10  # drawings that a message names
LONGEST_LINE = 100_000  # characters; Ground Truth refuses manifests with longer ones


class Settings(Variables):
    """Variables of this function: bucket and table of labelling, and who labels and who reviews."""

    bucket: str
    table: str
    drawing_env: str
    annotators_team: str
    reviewers_team: str


class Closed(BaseModel):
    """A labelling job that has ended, as the event says."""

    model_config = ConfigDict(frozen=True)

    arn: str
    status: Literal["Completed", "Failed", "Stopped"]


class Request(BaseModel):
    """`job` after the machine has read its drawings, `closed` after a round."""

    model_config = ConfigDict(frozen=True)

    job: str | None = None
    closed: Closed | None = None


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Answers with `{"step": "open", …}`, what CreateLabelingJob needs of this round, or `{"step": "export", …}`.

    Raises:
        PlatformError: a round failed or was stopped, or there is nothing to label.
    """
    try:
        request = Request.model_validate(event)
    except ValidationError as error:
        raise PlatformError(f"ground_truth_round: {first_reason(error)}") from None
    settings = Settings.read()
    rounds = Rounds(
        boto3.client("s3", config=Config(max_pool_connections=_READERS)),
        boto3.client("sagemaker"),
        LabellingTable(boto3.resource("dynamodb").Table(settings.table)),
        settings,
    )
    if request.closed is not None:
        return rounds.after(request.closed)
    if request.job is None:
        raise PlatformError("ground_truth_round: neither a job nor a round that ended")
    return rounds.first(request.job)


class Rounds:
    """The rounds of one environment's jobs."""

    def __init__(self, s3: Any, sagemaker: Any, table: LabellingTable, settings: Settings) -> None:
        self._s3, self._sagemaker, self._table, self._settings = s3, sagemaker, table, settings

    def first(self, job: str) -> dict[str, Any]:
        """All tasks of a job, to as many people as it asks for."""
        labelling = LabelingJob(self._settings.drawing_env, job, "label")
        lines = self._lines(Places(job))
        if not lines:
            raise PlatformError(f"job {job} has no task to label: see {self._uri(Places(job).root)}refused.json")
        order = self._order(job)
        return self._open(labelling, lines, order, people=order.annotators, team=self._settings.annotators_team)

    def after(self, closed: Closed) -> dict[str, Any]:
        """What follows a round: a review of what people could not agree on, else the export."""
        ended = LabelingJob.of(closed.arn, self._settings.drawing_env)
        described = self._sagemaker.describe_labeling_job(LabelingJobName=ended.name)
        if closed.status != "Completed":
            why = described.get("FailureReason") or f"it was {closed.status.lower()}"
            raise PlatformError(f"job {ended.job}: round {ended.round} ended early: {why}")
        order = self._order(ended.job)
        labelling = LabelingJob(self._settings.drawing_env, ended.job, "label")
        if ended.round == "review":
            first = self._sagemaker.describe_labeling_job(LabelingJobName=labelling.name)
            return self._export(order, self._output(first), self._output(described))
        labels = self._output(described)
        disputed = [line for line in labels if line.get(labelling.attribute, {}).get("needs-review")]
        if not disputed:
            return self._export(order, labels, [])
        places = Places(ended.job)
        review = [{**line, "task-ref": self._uri(places.review(line["task"]))} for line in disputed]
        follow = LabelingJob(self._settings.drawing_env, ended.job, "review")
        return self._open(follow, review, order, people=1, team=self._settings.reviewers_team)

    def _export(self, order: Job, labels: list[dict[str, Any]], reviews: list[dict[str, Any]]) -> dict[str, Any]:
        ends = list(settling.settled(labels, reviews))
        settling.settle(self._table, order, ends, now=int(time.time()))
        # Nobody else would tell of them: they are left out, and the job goes on.
        left = [end for end in ends if end.reason]
        return {
            "step": "export",
            "job": order.job,
            "left_out": len(left),
            "news": f"Labelling job {order.job} is exported without {len(left)} of {len(ends)} drawings: "
            + "; ".join(f"{end.task} ({end.reason})" for end in left[:_NAMED]),
        }

    def _open(
        self, labelling: LabelingJob, lines: list[dict[str, Any]], order: Job, *, people: int, team: str
    ) -> dict[str, Any]:
        texts = [json.dumps(line, ensure_ascii=False) for line in lines]
        for line in texts:
            if len(line) > LONGEST_LINE:
                raise PlatformError(f"{labelling.name}: a line of {len(line)} characters, {LONGEST_LINE} are allowed")
        manifest = self._uri(labelling.manifest)
        storage.write(self._s3, manifest, "".join(f"{line}\n" for line in texts))
        return {
            "step": "open",
            "name": labelling.name,
            "attribute": labelling.attribute,
            "manifest": manifest,
            "output": self._uri(labelling.folder),
            "title": order.title,
            "people": people,
            "team": team,
        }

    def _order(self, job: str) -> Job:
        uri = self._uri(Places(job).order)
        return Job.parse(storage.read(self._s3, uri), where=uri)

    def _lines(self, places: Places) -> list[dict[str, Any]]:
        keys = [key for key in self._keys(places.tasks) if key.endswith(".json")]
        with ThreadPoolExecutor(_READERS) as readers:
            return list(readers.map(self._line, sorted(keys)))

    def _line(self, key: str) -> dict[str, Any]:
        uri = self._uri(key)
        task = Task.parse(storage.read(self._s3, uri), where=uri)
        return {
            "source-ref": task.image.uri,
            "job": task.job,
            "task": task.task,
            "task-ref": uri,
            "pyramid-ref": task.pyramid.uri,
        }

    def _output(self, described: dict[str, Any]) -> list[dict[str, Any]]:
        content = storage.read(self._s3, described["LabelingJobOutput"]["OutputDatasetS3Uri"]).decode()
        return [json.loads(line) for line in content.splitlines() if line.strip()]

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._settings.bucket, Prefix=prefix)
        for page in pages:
            yield from (item["Key"] for item in page.get("Contents", []))

    def _uri(self, key: str) -> str:
        return f"s3://{self._settings.bucket}/{key}"
