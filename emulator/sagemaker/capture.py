"""Data capture: a share of an endpoint's requests and answers goes to S3, in the files that SageMaker writes.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import itertools
import json
import logging
import random
import threading
import uuid
from datetime import UTC, datetime

from emulator.api import Caller, Document
from emulator.clients import client
from emulator.sagemaker import objects

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 1.0  # AWS gathers for minutes; a test that waits for a file should not
_MODES = {
    "Input": ["endpointInput"],
    "Output": ["endpointOutput"],
    "InputAndOutput": ["endpointInput", "endpointOutput"],
}


class Exchange:
    """One sampled request, and what of its answer has come so far."""

    def __init__(self, capture: Capture, content_type: str, body: bytes) -> None:
        self._capture, self._content_type, self._body = capture, content_type, body
        self._when = datetime.now(UTC)
        self._answer = bytearray()

    def write(self, chunk: bytes) -> None:
        self._answer += chunk

    def end(self, content_type: str) -> None:
        """The answer is complete."""
        parts = {
            "endpointInput": self._capture.part("INPUT", self._content_type, self._body),
            "endpointOutput": self._capture.part("OUTPUT", content_type, bytes(self._answer)),
        }
        metadata = {"eventId": str(uuid.uuid4()), "inferenceTime": self._when.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self._capture.add(
            self._when,
            {
                "captureData": {name: parts[name] for name in self._capture.wanted},
                "eventMetadata": metadata,
                "eventVersion": "0",
            },
        )


class Capture:
    """The capture of one variant: samples, gathers, writes."""

    def __init__(self, caller: Caller, endpoint: str, variant: str, settings: Document) -> None:
        self._caller, self._settings = caller, settings
        bucket, prefix = objects.split(settings["DestinationS3Uri"])
        self._bucket = bucket
        self._prefix = "/".join(part for part in (prefix.rstrip("/"), endpoint, variant) if part)
        self.wanted = sorted({part for each in settings["CaptureOptions"] for part in _MODES[each["CaptureMode"]]})
        self._lock = threading.Lock()
        self._waiting: list[tuple[datetime, str]] = []
        key = settings.get("KmsKeyId")
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}

    def begin(self, content_type: str, body: bytes) -> Exchange | None:
        """A request; None when it is not in the sample."""
        if not self._settings.get("EnableCapture", True):
            return None
        if random.random() * 100 >= self._settings["InitialSamplingPercentage"]:
            return None
        return Exchange(self, content_type, body)

    def part(self, mode: str, content_type: str, body: bytes) -> Document:
        """Request or answer as SageMaker writes it: text for the content types that were named, else base64."""
        kinds = self._settings.get("CaptureContentTypeHeader", {})
        kind = content_type.partition(";")[0].strip().lower()
        for encoding, named in (("JSON", "JsonContentTypes"), ("CSV", "CsvContentTypes")):
            if kind in kinds.get(named, []):
                text = body.decode("utf-8", errors="replace")
                return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}
        data = base64.b64encode(body).decode("ascii")
        return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": "BASE64"}

    def add(self, when: datetime, document: Document) -> None:
        """Keeps a line for the next file of its hour."""
        with self._lock:
            first = not self._waiting
            self._waiting.append((when, json.dumps(document)))
        if first:
            timer = threading.Timer(_FLUSH_SECONDS, self.flush)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """Writes what was gathered, one file for each hour."""
        with self._lock:
            waiting, self._waiting = sorted(self._waiting), []
        for hour, group in itertools.groupby(waiting, key=lambda each: each[0].strftime("%Y/%m/%d/%H")):
            lines = list(group)
            name = f"{lines[0][0]:%M-%S-%f}-{uuid.uuid4()}.jsonl"
            try:
                client("s3", self._caller.region).put_object(
                    Bucket=self._bucket,
                    Key=f"{self._prefix}/{hour}/{name}",
                    Body="".join(f"{line}\n" for _, line in lines).encode(),
                    **self._encryption,
                )
            except Exception:
                log.exception("capture of %s", self._prefix)
