"""What SageMaker's data capture wrote: sampled requests and answers of the endpoint, as observations.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html: one JSON document a line, in
`<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/<name>.jsonl`, by the hour (UTC) of the request.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.monitoring.darkness import darkness
from drawing_ocr.monitoring.observation import Observation, observe
from drawing_ocr.reading.image import ImageError, load_bytes
from drawing_ocr.reading.result import ReadingResult

_HOUR = timedelta(hours=1)


class CaptureError(ValueError):
    """A captured request that cannot be used; the message is one line."""


class _Captured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Payload(_Captured):
    """A body, of the request or of the answer."""

    data: str
    encoding: Literal["BASE64", "JSON", "CSV"]

    def content(self) -> bytes:
        """The bytes that went over the wire."""
        if self.encoding != "BASE64":
            return self.data.encode()
        try:
            return base64.b64decode(self.data, validate=True)
        except binascii.Error as error:
            raise CaptureError(f"captured body is not base64: {error}") from error


class CaptureData(_Captured):
    """Request and answer."""

    request: Payload = Field(alias="endpointInput")
    answer: Payload = Field(alias="endpointOutput")


class EventMetadata(_Captured):
    """When it was asked."""

    event_id: str = Field(alias="eventId")
    when: AwareDatetime = Field(alias="inferenceTime")


class Exchange(_Captured):
    """One captured request with its answer."""

    data: CaptureData = Field(alias="captureData")
    metadata: EventMetadata = Field(alias="eventMetadata")

    @classmethod
    def parse(cls, line: str) -> Exchange:
        """From one line of a capture file.

        Raises:
            CaptureError: not a request with its answer.
        """
        try:
            return cls.model_validate_json(line)
        except ValidationError as error:
            raise CaptureError(f"captured line: {error.error_count()} fields are missing or wrong") from error

    def result(self) -> ReadingResult:
        """The answer.

        Raises:
            CaptureError: it is no reading result.
        """
        try:
            return ReadingResult.model_validate_json(self.data.answer.content())
        except ValidationError as error:
            raise CaptureError(f"captured answer {self.metadata.event_id} is no reading result") from error

    def picture(self) -> bytes:
        """The image file that was sent: the body itself, or in JSON `{"image": base64}`.

        Raises:
            CaptureError: it is neither.
        """
        return _picture(self.data.request)

    def observation(self, result: ReadingResult) -> Observation:
        """What `result`, this exchange's answer, and its picture tell.

        Raises:
            CaptureError: the picture cannot be decoded.
        """
        try:
            page = next(iter(load_bytes(self.picture(), name=self.metadata.event_id)))
        except (ImageError, StopIteration) as error:
            raise CaptureError(f"captured picture {self.metadata.event_id}: {error}") from error
        return observe(result, darkness=darkness(page), when=self.metadata.when)


def _picture(body: Payload) -> bytes:
    """The image file in a request, which is the file itself or `{"image": base64}`."""
    content = body.content()
    if body.encoding != "JSON":
        return content
    try:
        text = json.loads(content)["image"]
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CaptureError('captured request is not {"image": "<base64>"}') from error


@dataclass(frozen=True)
class CaptureFolder:
    """The capture files of one variant of an endpoint.

    Attributes:
        s3: boto3's client.
        bucket, prefix: `prefix` ends in `<endpoint>/<variant>/`.
    """

    s3: Any
    bucket: str
    prefix: str

    def files(self, since: datetime, until: datetime) -> list[str]:
        """Keys of the files of all hours that touch the time from `since` to `until`, by hour and name."""
        hour = since.replace(minute=0, second=0, microsecond=0)
        keys: list[str] = []
        pages = self.s3.get_paginator("list_objects_v2")
        while hour <= until:
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{hour:%Y/%m/%d/%H}/"):
                keys += sorted(item["Key"] for item in page.get("Contents", []))
            hour += _HOUR
        return keys

    def lines(self, key: str) -> Iterator[str]:
        """Lines of one file."""
        text = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode("utf-8")
        yield from (line for line in text.split("\n") if line.strip())
