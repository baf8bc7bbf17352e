"""An account with a history and captured requests, in memory."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import cv2
import numpy as np

from containers.training.drift import DriftOptions, Watch
from drawing_ocr.monitoring.report import DriftReport

REGION = "eu-central-1"
RELEASED = datetime(2026, 11, 20, 6, tzinfo=UTC)
BOX = [[0, 0], [9, 0], [9, 4], [0, 4]]
OPTIONS = DriftOptions(
    endpoint="reader",
    variant="one",
    bucket="drawings",
    capture_prefix="capture/",
    baseline_prefix="monitoring/reader/baselines/",
    history_table="history",
    namespace="Platform",
    drawings=40,
    min_drawings=20,
)


@dataclass
class World:
    """The account. Captured drawings come one a minute, ten to a file."""

    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def __post_init__(self) -> None:
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket=OPTIONS.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.dynamodb = boto3.client("dynamodb", region_name=REGION)
        names = {"endpoint": "HASH", "deployment": "RANGE"}
        self.dynamodb.create_table(
            TableName=OPTIONS.history_table,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in names.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            BillingMode="PAY_PER_REQUEST",
        )
        self._files = itertools.count()

    def deploy(self, version: str, *, status: str = "SUCCEEDED", at: datetime = RELEASED) -> None:
        """An entry of the history; `at` is its end."""
        values = {
            "endpoint": OPTIONS.endpoint,
            "deployment": f"{(at - timedelta(minutes=5)).isoformat(timespec='milliseconds')}#release-{version}",
            "status": status,
            "to_version": version,
            "ended": at.isoformat(timespec="milliseconds"),
        }
        self.dynamodb.put_item(
            TableName=OPTIONS.history_table, Item={name: {"S": value} for name, value in values.items() if value}
        )

    def capture(self, drawings: int, since: datetime, *, version: str = "1", paper: int = 240) -> None:
        """Requests that were answered, the first a minute after `since`."""
        times = [since + timedelta(minutes=1 + number) for number in range(drawings)]
        for hour, group in itertools.groupby(times, key=lambda when: when.strftime("%Y/%m/%d/%H")):
            lines = [json.dumps(self.exchange(when, version, paper)) for when in group]
            for start in range(0, len(lines), 10):
                self.put(hour, "\n".join(lines[start : start + 10]) + "\n")

    def put(self, hour: str, content: str) -> None:
        """One capture file."""
        key = f"{OPTIONS.capture_prefix}{OPTIONS.endpoint}/{OPTIONS.variant}/{hour}/{next(self._files):06d}.jsonl"
        self.s3.put_object(Bucket=OPTIONS.bucket, Key=key, Body=content.encode())

    def exchange(self, when: datetime, version: str, paper: int) -> dict[str, Any]:
        """One line of a capture file; every other request is JSON, as SDKs send it."""
        page = np.clip(self.random.normal(paper, 3), 0, 255) * np.ones((32, 32, 3))
        picture = base64.b64encode(cv2.imencode(".png", page.astype(np.uint8))[1].tobytes()).decode()
        as_json = when.minute % 2 == 0
        lines = int(self.random.integers(5, 15))
        answer = {
            "predictions": [
                {"box": BOX, "text": "R12.5", "confidence": round(float(self.random.beta(18, 2)), 4)}
                for _ in range(lines)
            ],
            "width": 3200,
            "height": 1600,
            "model": {"name": "reader", "version": version},
        }
        return {
            "captureData": {
                "endpointInput": {
                    "observedContentType": "application/json" if as_json else "image/png",
                    "mode": "INPUT",
                    "data": json.dumps({"image": picture}) if as_json else picture,
                    "encoding": "JSON" if as_json else "BASE64",
                },
                "endpointOutput": {
                    "observedContentType": "application/json",
                    "mode": "OUTPUT",
                    "data": json.dumps(answer),
                    "encoding": "JSON",
                },
            },
            "eventMetadata": {
                "eventId": str(next(self._files)),
                "inferenceTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "eventVersion": "0",
        }

    def look(self, at: datetime) -> DriftReport:
        """What the job finds at that time."""
        return Watch(OPTIONS, now=at).look()

    def baselines(self) -> list[str]:
        """Keys of all recorded baselines."""
        found = self.s3.list_objects_v2(Bucket=OPTIONS.bucket, Prefix=OPTIONS.baseline_prefix)
        return [item["Key"] for item in found.get("Contents", [])]
