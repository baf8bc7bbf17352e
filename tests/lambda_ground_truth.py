"""Ground Truth in one process: our functions called as its documents say, objects as the emulated account has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from emulator.sagemaker import labelling_dataset as dataset
from ground_truth_after import handler as after
from ground_truth_before import handler as before
from ground_truth_round import handler as rounds
from shared.ground_truth import LabelingJob
from tests.lambda_context import Context
from tests.lambda_labelling import BUCKET, TABLE, World

ENV = "dev"
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:labeling-job/"
# What a worker makes of a task; None where they give it back.
Says = Callable[[dict[str, Any]], dict[str, Any] | None]


class SageMaker:
    """DescribeLabelingJob, which moto does not have."""

    def __init__(self) -> None:
        self.described: dict[str, dict[str, Any]] = {}

    def describe_labeling_job(self, *, LabelingJobName: str) -> dict[str, Any]:
        return self.described[LabelingJobName]


@dataclass
class GroundTruth:
    """The service, over the bucket and table of `world`."""

    world: World
    sagemaker: SageMaker = field(default_factory=SageMaker)

    def rounds(self) -> rounds.Rounds:
        settings = rounds.Settings(
            bucket=BUCKET,
            table=TABLE,
            drawing_env=ENV,
            annotators_team="arn:annotators",
            reviewers_team="arn:reviewers",
        )
        return rounds.Rounds(self.world.s3, self.sagemaker, self.world.table, settings)

    def hand_out(self, opened: Mapping[str, Any], workers: Mapping[str, Says]) -> list[dict[str, Any]]:
        """A round from its opening to its end, answered by `workers`; the lines of its output manifest."""
        items = dataset.read_manifest(self.read(opened["manifest"]), opened["attribute"])
        for item in items:
            event = {"version": "2018-10-16", "labelingJobArn": ARN + opened["name"], "dataObject": item.line}
            item.task_input = before.handle(event, Context())["taskInput"]
            task = json.loads(self.read(item.task_input["taskRef"]))
            for worker, says in workers.items():
                answer = says(task)
                if answer is not None:
                    content, now = {"answer": json.dumps(answer)}, datetime.now(UTC)
                    item.responses.append(dataset.Response(worker, {}, content, now, now))
            item.state = "answered" if item.responses else "failed"
        consolidated = self.after(
            opened["name"], opened["attribute"], [item.payload() for item in dataset.ready(items)]
        )
        by_id = {entry["datasetObjectId"]: entry for entry in consolidated}
        for item in dataset.ready(items):
            item.consolidated(by_id.get(item.id), opened["attribute"])
        lines = [item.output(opened["attribute"], opened["name"]) for item in items]
        where = f"{opened['output']}{opened['name']}/manifests/output/output.manifest"
        self.write(where, "".join(json.dumps(line) + "\n" for line in lines))
        self.sagemaker.described[opened["name"]] = {"LabelingJobOutput": {"OutputDatasetS3Uri": where}}
        return lines

    def after(self, name: str, attribute: str, payload: list[dict[str, Any]], *, key: str = "s3Uri") -> Any:
        """The answer of the function after to a batch."""
        job = LabelingJob.of(ARN + name, ENV)
        uri = f"s3://{BUCKET}/{job.folder}{name}/annotations/consolidated-annotation/consolidation-request/1.json"
        self.write(uri, json.dumps(payload))
        event = {
            "version": "2018-10-16",
            "labelingJobArn": ARN + name,
            "labelCategories": None,
            "labelAttributeName": attribute,
            "roleArn": "arn:aws:iam::123456789012:role/labelling",
            "payload": {key: uri},
        }
        return after.handle(event, Context())

    def closed(self, name: str, status: str = "Completed") -> dict[str, Any]:
        """What our function says when a round has ended."""
        return self.rounds().after(rounds.Closed(arn=ARN + name, status=status))

    def read(self, uri: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return str(self.world.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())

    def write(self, uri: str, content: str) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.world.s3.put_object(Bucket=bucket, Key=key, Body=content.encode())


@contextmanager
def ground_truth(world: World) -> Iterator[GroundTruth]:
    """The service in this world."""
    settings = after.Settings(bucket=BUCKET, drawing_env=ENV, agreement=0.8)
    with mock.patch.object(after.Settings, "read", return_value=settings):
        yield GroundTruth(world)
