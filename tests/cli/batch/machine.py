"""SageMaker's side of a batch transform job over moto: takes the manifest, reads each object, writes the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.sagemaker.models import sagemaker_backends

from tests.cli.world import ACCOUNT, BUCKET, REGION, World

BOX = [[10.0, 10.0], [90.0, 10.0], [90.0, 30.0], [10.0, 30.0]]
# At the end of a drawing: what comes of it.
BROKEN = b"broken"
LOST = b"lost"


def answer_of(content: bytes) -> bytes | None:
    """What the container answers: an error as an answer for `BROKEN`, nothing for `LOST`."""
    if content.endswith(LOST):
        return None
    if content.endswith(BROKEN):
        error = {"code": "UnreadableImage", "message": "image: damaged or truncated: fetch it again"}
        return json.dumps({"error": error}).encode()
    prediction = {"box": BOX, "text": "⌀12.5", "confidence": 0.93, "category": "dimension"}
    document = {"predictions": [prediction], "width": 200, "height": 100, "model": {"name": "test", "version": "1"}}
    return json.dumps(document).encode()


@dataclass
class Machine:
    """Runs each job as soon as it is created.

    Attributes:
        answer: content of a drawing to answer; None for no answer.
        status, reason: how jobs end.
        requests: what CreateTransformJob was given.
        read: the keys that each job read.
    """

    world: World
    answer: Callable[[bytes], bytes | None] = answer_of
    status: str = "Completed"
    reason: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    read: list[list[str]] = field(default_factory=list)

    def watch(self) -> None:
        """Begins to look at the requests of the command line's client."""
        events = self.world.client("sagemaker").meta.events
        events.register("provide-client-params.sagemaker.CreateTransformJob", self._remember)
        events.register("after-call.sagemaker.CreateTransformJob", self._run)

    def _remember(self, params: dict[str, Any], **_: Any) -> None:
        self.requests.append(params)

    def _run(self, **_: Any) -> None:
        request, s3 = self.requests[-1], boto3.client("s3")  # its own: the command line's client is counted and killed
        job = sagemaker_backends[ACCOUNT][REGION].transform_jobs[request["TransformJobName"]]
        job.transform_job_status, job.failure_reason = self.status, self.reason
        manifest = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
        first, *names = json.loads(s3.get_object(Bucket=BUCKET, Key=manifest)["Body"].read())
        prefix = first["prefix"].removeprefix(f"s3://{BUCKET}/")
        target = request["TransformOutput"]["S3OutputPath"].removeprefix(f"s3://{BUCKET}/")
        self.read.append([prefix + name for name in names])
        for name in names:
            answer = self.answer(s3.get_object(Bucket=BUCKET, Key=prefix + name)["Body"].read())
            if answer is not None:
                s3.put_object(Bucket=BUCKET, Key=f"{target}/{name}.out", Body=answer)
