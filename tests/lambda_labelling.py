"""A labelling bucket, table and API in one process: people who ask as API Gateway hands their requests on."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3

from consolidate_labels.comparison import Comparison
from drawing_ocr.labelling.job import Drawing, Job
from drawing_ocr.labelling.task import task_id
from labelling_api import handler
from open_labelling_job.opening import Opened, Opening
from shared.labelling_table import LabellingTable
from tests.e2e.people import Answered
from tests.lambda_context import Context

TABLE, BUCKET, DATA = "labelling", "labelling-bucket", "data"
LEASE_SECONDS = 600
CREATED = "2026-11-21T09:00:00Z"
WORD = {"points": [[10, 10], [60, 10], [60, 30], [10, 30]], "text": "M8", "category": "dimension", "ignore": False}


class Endpoint:
    """The reader, which says what it is told to."""

    def __init__(self) -> None:
        self.texts = ["⌀6"]
        self.failure: Exception | None = None

    def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
        if self.failure:
            raise self.failure
        predictions = [
            {"box": [[x, 0], [x + 5, 0], [x + 5, 9], [x, 9]], "text": text, "confidence": 0.9}
            for x, text in zip(range(0, 1000, 10), self.texts, strict=False)
        ]
        result = {"predictions": predictions, "width": 100, "height": 10, "model": {"name": "reader"}}
        return {"Body": mock.Mock(read=lambda: json.dumps(result).encode())}


@dataclass
class World:
    """One environment. `calls` are the functions and workflows that the API started, in order."""

    clock: float = 1_800_000_000.0
    gold_share: float = 0.0
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    endpoint: Endpoint = field(default_factory=Endpoint)

    def __post_init__(self) -> None:
        self.s3 = boto3.client("s3", config=handler.SIGNING)
        for bucket in (BUCKET, DATA):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        dynamodb = boto3.resource("dynamodb")
        self.resource = dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "queue", "due")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "queue",
                    "KeySchema": [
                        {"AttributeName": "queue", "KeyType": "HASH"},
                        {"AttributeName": "due", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["people", "since"]},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.table = LabellingTable(self.resource, sleep=lambda _: None)

    def now(self) -> float:
        return self.clock

    def prepare(self, job: str = "gears", drawings: int = 3, *, annotators: int = 1, priority: int = 0) -> list[str]:
        """What the workflow leaves behind when the machine has read: the job and its tasks."""
        uris = [f"s3://{DATA}/drawings/{job}/{number}.png" for number in range(drawings)]
        order = Job(
            job=job,
            title=job.title(),
            created=CREATED,
            created_by="mira",
            annotators=annotators,
            priority=priority,
            drawings=[Drawing(uri=uri) for uri in uris],
        )
        self.put(f"jobs/{job}/job.json", json.loads(order.to_json()))
        for uri in uris:
            bucket, key = uri.removeprefix("s3://").split("/", 1)
            self.s3.put_object(Bucket=bucket, Key=key, Body=b"png")
            self.prepare_task(job, task_id(uri, None), uri)
        return [task_id(uri, None) for uri in uris]

    def prepare_task(self, job: str, task: str, uri: str) -> None:
        pyramid = f"jobs/{job}/pyramids/{task}.pmtiles"
        self.s3.put_object(Bucket=BUCKET, Key=pyramid, Body=b"PMTiles")
        document = {
            "schema": 1,
            "job": job,
            "task": task,
            "image": {"uri": uri, "version_id": None, "width": 400, "height": 300},
            "pyramid": {"uri": f"s3://{BUCKET}/{pyramid}", "tile": 512, "levels": 1},
            "model": None,
            "regions": [],
            "round": "label",
            "versions": [],
        }
        self.put(f"jobs/{job}/tasks/{task}.json", document)

    def put(self, key: str, document: Any) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())

    def get(self, key: str, bucket: str = BUCKET) -> Any:
        return json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def open(self, job: str = "gears") -> Opened:
        return Opening(self.table, self.s3, BUCKET, self.now).open(job)

    def comparison(self) -> Comparison:
        return Comparison(self.table, self.s3, BUCKET, 0.8, self.now)

    def carry_out(self) -> None:
        """Does what the API has started with the function that compares answers."""
        while self.calls:
            function, event = self.calls.pop(0)
            assert function == "consolidate"
            if "person" in event:
                self.comparison().measure(event["job"], event["task"], event["person"])
            else:
                self.comparison().compare(event["job"], event["task"])

    def answer(self, job: str, task: str, text: str = "M8") -> dict[str, Any]:
        region = {"id": "r1", **WORD, "text": text, "source": "person", "accepted": True}
        return {
            "schema": 1,
            "job": job,
            "task": task,
            "status": "labelled",
            "reason": "",
            "regions": [region],
            "seconds": 12.5,
            "keystrokes": 7,
            "clicks": 3,
        }


@dataclass(frozen=True)
class Visitor:
    """Somebody with a token."""

    world: World
    name: str
    groups: tuple[str, ...] = ("annotator",)
    token_use: str = "access"

    def ask(self, method: str, path: str, body: Any = None, *, text: str | None = None) -> Answered:
        claims = {
            "sub": f"sub-{self.name}",
            "username": self.name,
            "token_use": self.token_use,
            "cognito:groups": f"[{' '.join(self.groups)}]",
        }
        event = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "accept-encoding": "gzip"},
            "requestContext": {
                "authorizer": {"jwt": {"claims": claims, "scopes": None}},
                "http": {"method": method, "path": path},
                "stage": "$default",
                "requestId": "request",
            },
            "isBase64Encoded": False,
        }
        if text is not None or body is not None:
            event["body"] = json.dumps(body) if text is None else text
        answer = handler.handle(event, Context())
        content = answer.get("body") or "{}"
        if answer.get("isBase64Encoded"):
            content = gzip.decompress(base64.b64decode(content)).decode()
        return Answered(int(answer["statusCode"]), json.loads(content))

    def lease(self, **wanted: str) -> dict[str, Any] | None:
        answered = self.ask("POST", "/tasks/lease", wanted)
        assert answered.status in (200, 204), answered.body
        return answered.body if answered.status == 200 else None

    def submit(self, work: dict[str, Any], text: str = "M8", **more: Any) -> Answered:
        task = work["task"]
        answer = self.world.answer(task["job"], task["task"], text) | more
        return self.on(work, "answer", answer=answer)

    def on(self, work: dict[str, Any], what: str, *, method: str = "POST", **body: Any) -> Answered:
        """A request about work, with its lease."""
        task = work["task"]
        body = {"lease": work["lease"]["token"], **body}
        return self.ask(method, f"/tasks/{task['job']}/{task['task']}/{what}", body)


@contextmanager
def api(world: World) -> Iterator[World]:
    """The API in this world."""
    settings = handler.Settings(
        table=TABLE,
        bucket=BUCKET,
        data_bucket=DATA,
        endpoint_name="reader",
        workflow="workflow",
        consolidate_function="consolidate",
        export_function="export",
        lease_seconds=LEASE_SECONDS,
        url_seconds=900,
        gold_share=world.gold_share,
        annotators=1,
    )

    def client(service: str) -> Any:
        return world.endpoint if service == "sagemaker-runtime" else world.s3

    with (
        mock.patch.object(handler, "_settings", return_value=settings),
        mock.patch.object(handler, "_client", client),
        mock.patch.object(handler, "_table", return_value=world.table),
        mock.patch.object(handler, "_invoke", lambda function, event: world.calls.append((function, event))),
        mock.patch.object(handler, "_start", lambda workflow, job: world.calls.append((workflow, {"job": job}))),
        mock.patch.object(time, "time", world.now),
    ):
        yield world
