"""A bucket, a queue, an embedded index and the functions of similar drawings in one process."""

from __future__ import annotations

import base64
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from botocore.exceptions import ClientError
from PIL import Image, ImageDraw

from backfill_index import handler as backfilling
from drawing_ocr.reading.image import ImageError, load_bytes
from drawing_ocr.search.embedded.store import EmbeddedStore
from drawing_ocr.search.vector import encode
from index_drawings import handler as indexing
from reconcile_index import handler as reconciling
from search_drawings import handler as searching
from shared.drawing_index import ALIAS
from tests.lambda_context import Context

BUCKET = "data"
ENDPOINT, NEXT_ENDPOINT = "embedder-shipped", "embedder-next"
MODEL, NEXT_MODEL = "fake/1", "fake/2"
SIDE = 32  # of the picture that a fake embedding is: 1024 values
CREATED = "Object Created"


@dataclass
class Runtime:
    """SageMaker's runtime: embedders by the names of their endpoints, and one reader.

    Attributes:
        models: `name/version` by endpoint.
        texts: what the reader reads; None = there is no reader.
        failure: what any call raises instead of answering.
        broken: status of the embedder's answer to a picture that cannot be decoded.
    """

    models: dict[str, str] = field(default_factory=lambda: {ENDPOINT: MODEL})
    texts: list[dict[str, Any]] | None = None
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    def invoke_endpoint(self, *, EndpointName: str, Body: bytes, **_: Any) -> dict[str, Any]:
        self.calls.append(EndpointName)
        if self.failure:
            raise self.failure
        if EndpointName in self.models:
            return _answer(self._embedded(EndpointName, Body))
        if EndpointName == "reader" and self.texts is not None:
            size = {"width": 400, "height": 300, "model": {"name": "reader"}}
            return _answer({"predictions": self.texts, **size})
        raise refusal("ValidationError", 0)

    def _embedded(self, endpoint: str, picture: bytes) -> dict[str, Any]:
        try:
            page = next(load_bytes(picture))
        except ImageError as error:
            raise refusal("ModelError", 422, str(error)) from error
        height, width = page.shape[:2]
        image = Image.fromarray(page[:, :, ::-1])
        name, _, version = self.models[endpoint].partition("/")
        whole = [[0, 0], [width, 0], [width, height], [0, height]]
        half = [[0, 0], [width / 2, 0], [width / 2, height], [0, height]]
        regions = [("sheet", whole, image), ("view", half, image.crop((0, 0, width // 2, height)))]
        return {
            "model": {"name": name, "version": version},
            "width": width,
            "height": height,
            "embeddings": [
                {"kind": kind, "box": box, "vector": base64.b64encode(vector(part)).decode()}
                for kind, box, part in regions
            ],
        }


def vector(image: Image.Image) -> bytes:
    """A fake embedding: the small picture itself, dark on zero, of length 1."""
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    values = [(255 - value) / 255 + 1e-3 for value in small.tobytes()]
    length = math.sqrt(sum(value * value for value in values))
    return encode(value / length for value in values)


def refusal(code: str, status: int, message: str = "no") -> ClientError:
    """An error of InvokeEndpoint."""
    said = json.dumps({"error": {"code": "X", "message": message}})
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "OriginalStatusCode": status,
        "OriginalMessage": said,
    }
    return ClientError(answer, "InvokeEndpoint")


def _answer(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"Body": io.BytesIO(json.dumps(document).encode())}


def sheet(number: int, *, size: tuple[int, int] = (240, 160), kind: str = "PNG") -> bytes:
    """A drawing like no other: a pattern of bars that spells `number` in bits."""
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    width, height = size
    for bit in range(8):
        left, top = (bit % 4) * width // 4, (bit // 4) * height // 2
        filled = number >> bit & 1
        box = (left + 6, top + 6, left + width // 4 - 8, top + height // 2 - 8)
        pen.rectangle(box, fill=0 if filled else None, outline=0, width=2)
    written = io.BytesIO()
    image.save(written, kind)
    return written.getvalue()


@dataclass
class World:
    """One environment of similar drawings."""

    folder: Path
    runtime: Runtime = field(default_factory=Runtime)
    endpoints: list[str] = field(default_factory=lambda: [ENDPOINT])
    sequence: int = 0

    def __post_init__(self) -> None:
        self.s3 = boto3.client("s3", config=searching.SIGNING)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.sqs = boto3.client("sqs")
        self.queue_url = self.sqs.create_queue(QueueName="changes")["QueueUrl"]
        self.store = EmbeddedStore(self.folder)

    def client(self, service: str) -> Any:
        return {"s3": self.s3, "sqs": self.sqs, "sagemaker-runtime": self.runtime}[service]

    # --- the bucket and its events

    def put(self, drawing_id: str, content: bytes) -> dict[str, Any]:
        """Puts a drawing and gives back its event."""
        version = self.s3.put_object(Bucket=BUCKET, Key=f"drawings/{drawing_id}", Body=content)["VersionId"]
        return self.event(drawing_id, CREATED, version)

    def delete(self, drawing_id: str) -> dict[str, Any]:
        self.s3.delete_object(Bucket=BUCKET, Key=f"drawings/{drawing_id}")
        return self.event(drawing_id, "Object Deleted", "")

    def event(self, drawing_id: str, kind: str, version: str) -> dict[str, Any]:
        self.sequence += 1
        told = {"key": f"drawings/{drawing_id}", "version-id": version, "sequencer": f"{self.sequence:016X}"}
        return {"source": "aws.s3", "detail-type": kind, "detail": {"bucket": {"name": BUCKET}, "object": told}}

    # --- the functions

    def index(self, *events: dict[str, Any] | str, waited: int = 0) -> list[str]:
        """Hands events to the function as one batch; gives back the messages that failed: `m0`, `m1` …"""
        attributes = {"waited": {"stringValue": str(waited), "dataType": "Number"}} if waited else {}
        records = [
            {
                "messageId": f"m{number}",
                "body": each if isinstance(each, str) else json.dumps(each),
                "messageAttributes": attributes,
            }
            for number, each in enumerate(events)
        ]
        failed = indexing.handle({"Records": records}, Context())["batchItemFailures"]
        return [item["itemIdentifier"] for item in failed]

    def drain(self) -> int:
        """Hands to the function what waits in the queue, until it is empty; how many messages that were."""
        handled = 0
        while messages := self.waiting():
            assert self.index(*(message["Body"] for message in messages)) == []
            handled += len(messages)
        return handled

    def waiting(self) -> list[dict[str, Any]]:
        """Takes what can be had from the queue."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def order(self, action: str = "reconcile", **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = reconciling.handle({"action": action, **more}, Context())
        return answer

    def backfill(self, action: str, *, owner: str = "operator", **more: Any) -> dict[str, Any]:
        order = {"action": action, "owner": owner, "requested_by": owner, **more}
        answer: dict[str, Any] = backfilling.handle(order, Context())
        return answer

    def ask(self, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None) -> Answered:
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json"},
            "requestContext": {
                "http": {"method": method, "path": path},
                "stage": "$default",
                "requestId": "request",
            },
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = query
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = searching.handle(event, Context())
        content = answer.get("body") or "{}"
        if answer.get("isBase64Encoded"):
            content = gzip.decompress(base64.b64decode(content)).decode()
        return Answered(int(answer["statusCode"]), json.loads(content), answer.get("headers", {}))

    def search(self, picture: bytes | None = None, **body: Any) -> Answered:
        if picture is not None:
            body["image"] = base64.b64encode(picture).decode()
        return self.ask("POST", "/search", body)

    def indexed(self) -> dict[str, str]:
        """Versions by drawing id, as the index that is searched has them."""
        return {drawing_id: version for drawing_id, version, _ in self.store.index(ALIAS).listing()}

    def stored(self) -> dict[str, str]:
        """Versions by drawing id, as the bucket has them."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix="drawings/")
        listed = [item for page in pages for item in page.get("Versions", []) if item["IsLatest"]]
        return {item["Key"].removeprefix("drawings/"): item["VersionId"] for item in listed}


@dataclass(frozen=True)
class Answered:
    """Status, body and headers of a response."""

    status: int
    body: dict[str, Any]
    headers: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def ids(self) -> list[str]:
        """Of the hits, best first."""
        return [hit["drawing"]["id"] for hit in self.body["hits"]]


@contextmanager
def functions(world: World) -> Iterator[World]:
    """The functions in this world."""
    common = {"bucket": BUCKET, "store": str(world.folder), "embedders": ",".join(world.endpoints)}
    settings = {
        indexing: indexing.Settings(
            queue_url=world.queue_url, reader="reader", largest_bytes=100_000, index_settings="{}", **common
        ),
        reconciling: reconciling.Settings(queue_url=world.queue_url, index_settings="{}", **common),
        searching: searching.Settings(url_seconds=900, **common),
        backfilling: backfilling.Settings(reads=True, largest_bytes=100_000, index_settings="{}", **common),
    }
    with ExitStack() as stack:
        for module, own in settings.items():
            stack.enter_context(mock.patch.object(module, "_settings", return_value=own))
            stack.enter_context(mock.patch.object(module, "_client", world.client))
            stack.enter_context(mock.patch.object(module, "open_index_store", return_value=world.store))
        yield world
