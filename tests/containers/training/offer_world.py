"""An account in which an endpoint has read drawings, in memory."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import cv2
import numpy as np
import pytest

from containers.training.offer import Look, OfferOptions
from drawing_ocr.labelling.job import Job
from drawing_ocr.labelling.offer import Offer, OfferReport
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

REGION = "eu-central-1"
MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
PACKAGE = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/readers/1"
OPTIONS = OfferOptions(
    endpoint="reader",
    variant="one",
    bucket="data",
    capture_prefix="capture/",
    offer_prefix="monitoring/reader/offers/",
    history_table="history",
    labelling_bucket="labelling",
    workflow="",
    weekly_drawings=3,
)


class EqualReader:
    """Reads on every page what it was told, in its place also on a page that was turned by a quarter."""

    def __init__(self) -> None:
        self.says: list[Prediction] = []

    def read(self, page: Page) -> ReadingResult:
        height, width = page.shape[:2]
        says = [_turned(line, width) for line in self.says] if width > height else self.says
        return ReadingResult(predictions=tuple(says), width=width, height=height, model=ModelName(name="reader"))


def _turned(line: Prediction, width: int) -> Prediction:
    corners = [(width - 1 - y, x) for x, y in line.box]
    return line.model_copy(update={"box": (corners[0], corners[1], corners[2], corners[3])})


@dataclass
class World:
    """The account. Every captured picture has its own content."""

    patch: pytest.MonkeyPatch
    work: Path
    reader: EqualReader = field(default_factory=EqualReader)

    def __post_init__(self) -> None:
        self.s3 = boto3.client("s3", region_name=REGION)
        for bucket in (OPTIONS.bucket, OPTIONS.labelling_bucket):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.dynamodb = boto3.client("dynamodb", region_name=REGION)
        names = {"endpoint": "HASH", "deployment": "RANGE"}
        self.dynamodb.create_table(
            TableName=OPTIONS.history_table,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in names.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            BillingMode="PAY_PER_REQUEST",
        )
        self.workflows = boto3.client("stepfunctions", region_name=REGION)
        machine = self.workflows.create_state_machine(
            name="labelling",
            definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
            roleArn="arn:aws:iam::123456789012:role/labelling",
        )
        self.options = OPTIONS.model_copy(update={"workflow": machine["stateMachineArn"]})
        self.patch.setattr(Look, "_reader", lambda *_: self.reader)
        self._pictures, self._works = itertools.count(), itertools.count()

    def deploy(self, version: str = "1", *, at: datetime = MONDAY - timedelta(days=1), arn: str = PACKAGE) -> None:
        """A deployment that succeeded."""
        values = {
            "endpoint": OPTIONS.endpoint,
            "deployment": f"{at.isoformat()}#release",
            "status": "SUCCEEDED",
            "to_version": version,
            "model_package_arn": arn,
            "ended": at.isoformat(),
        }
        self.dynamodb.put_item(
            TableName=OPTIONS.history_table, Item={name: {"S": value} for name, value in values.items() if value}
        )

    def picture(self) -> bytes:
        """A picture with a content of its own."""
        page = np.full((48, 32, 3), 255, np.uint8)  # higher than wide, so that a turned one is known
        page[:4, :4] = np.frombuffer(hashlib.sha256(str(next(self._pictures)).encode()).digest()[:3], np.uint8)
        return bytes(cv2.imencode(".png", page)[1].tobytes())

    def capture(
        self, lines: Sequence[Prediction], *, when: datetime = MONDAY, version: str = "1", picture: bytes | None = None
    ) -> str:
        """A captured request and its answer; the sha256 of its picture."""
        content = picture or self.picture()
        answer = ReadingResult(
            predictions=tuple(lines), width=32, height=48, model=ModelName(name="reader", version=version)
        )
        exchange: dict[str, Any] = {
            "captureData": {
                "endpointInput": {"data": base64.b64encode(content).decode(), "encoding": "BASE64"},
                "endpointOutput": {"data": answer.model_dump_json(), "encoding": "JSON"},
            },
            "eventMetadata": {"eventId": "1", "inferenceTime": when.strftime("%Y-%m-%dT%H:%M:%SZ")},
        }
        self.put(when, json.dumps(exchange))
        return hashlib.sha256(content).hexdigest()

    def put(self, when: datetime, content: str) -> None:
        """One capture file."""
        key = f"{OPTIONS.capture_prefix}reader/one/{when:%Y/%m/%d/%H}/{next(self._pictures):06d}.jsonl"
        self.s3.put_object(Bucket=OPTIONS.bucket, Key=key, Body=content.encode())

    def at(self, when: datetime, **changes: Any) -> Look:
        """A look at a time, with changed options."""
        work = self.work / str(next(self._works))
        work.mkdir()
        return Look(self.options.model_copy(update=changes), work, now=when)

    def look(self, when: datetime = MONDAY + timedelta(hours=2), **changes: Any) -> OfferReport:
        """What a look reports."""
        return self.at(when, **changes).look()

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Of all objects."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]

    def offers(self) -> list[Offer]:
        """That were made."""
        prefix = f"{OPTIONS.offer_prefix}log/"
        return [
            Offer.parse(self.s3.get_object(Bucket=OPTIONS.bucket, Key=key)["Body"].read(), where=key)
            for key in self.keys(OPTIONS.bucket, prefix)
        ]

    def jobs(self) -> list[Job]:
        """That were ordered."""
        return [
            Job.parse(self.s3.get_object(Bucket=OPTIONS.labelling_bucket, Key=key)["Body"].read(), where=key)
            for key in self.keys(OPTIONS.labelling_bucket)
        ]

    def started(self) -> list[str]:
        """Names of the executions of the labelling workflow."""
        found = self.workflows.list_executions(stateMachineArn=self.options.workflow)["executions"]
        return [each["name"] for each in found]


def lines(text: str, confidence: float, count: int = 10) -> list[Prediction]:
    """Lines below each other."""
    return [
        Prediction(box=((0, 3 * n), (20, 3 * n), (20, 3 * n + 2), (0, 3 * n + 2)), text=text, confidence=confidence)
        for n in range(count)
    ]
