"""Where a drawing is sent, by its size: the real-time endpoint, or the asynchronous one beside it."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from cli.endpoint import Endpoint
from cli.environment import Environment, split_uri
from cli.errors import OperatorError
from drawing_ocr.reading.page_sizes import megapixels
from drawing_ocr.reading.result import ReadingResult

# A real-time answer has 60 s. One core takes .4 s a megapixel and the texts come on top: an A1 sheet at 200 dpi (31
# megapixels) stays below half of that, an A0 sheet (62) does not.
REAL_TIME_MEGAPIXELS = 50
POLL_SECONDS = 2.0
# From nothing to a machine that answers; beyond it somebody should look (docs/runbooks/asynchronous.md).
WAKE_SECONDS = 1800
NAME = re.compile(r"[^A-Za-z0-9._-]+")
REASON = re.compile(r'\{"error":.*\}', re.DOTALL)


class Asynchronous(BaseModel):
    """The asynchronous endpoint of an environment.

    Attributes:
        prefix: of the data bucket; drawings are put below `requests/`.
        answer_seconds: one drawing takes at most this long.
    """

    model_config = ConfigDict(frozen=True)

    endpoint_name: str
    prefix: str
    answer_seconds: int


class Limits(BaseModel):
    """What the stacks say about sizes: the SSM parameter `large-drawings`.

    Attributes:
        real_time_bytes: of a file that the real-time endpoint takes.
        asynchronous: left out where the environment has no such endpoint.
    """

    model_config = ConfigDict(frozen=True)

    real_time_bytes: int
    asynchronous: Asynchronous | None = None


class EndpointSource:
    """Reads small drawings in real time and large ones asynchronously, and says so."""

    def __init__(self, environment: Environment, say: Callable[[str], None]) -> None:
        self._environment = environment
        self._say = say
        self._real_time = Endpoint(environment)
        self._limits = Limits.model_validate_json(environment.names.large_drawings)

    def read(self, path: Path) -> ReadingResult:
        """Sends the file's bytes as they are; OperatorError of one line that names the file where that fails."""
        content = path.read_bytes()
        reason = self._too_large(content)
        if reason is None:
            return self._real_time.read(content, str(path))
        wanted = self._limits.asynchronous
        if wanted is None:
            raise OperatorError(
                f"{path}: {reason}, and environment {self._environment.name} has no asynchronous endpoint: "
                "read it without --endpoint"
            )
        self._say(f"{path.name}: {reason}: read by {wanted.endpoint_name}, which may have to start a machine first")
        return AsynchronousEndpoint(self._environment, wanted).read(content, path)

    def _too_large(self, content: bytes) -> str | None:
        """Why the real-time endpoint is not asked; None where it is."""
        if len(content) > self._limits.real_time_bytes:
            return f"{len(content) / 1e6:.1f} MB, in real time at most {self._limits.real_time_bytes / 1e6:g}"
        size = megapixels(content)
        if size > REAL_TIME_MEGAPIXELS:
            return f"{size:.0f} megapixels, in real time at most {REAL_TIME_MEGAPIXELS}"
        return None


class AsynchronousEndpoint:
    """Puts a drawing into S3, orders its reading, and waits for the answer or the reason."""

    def __init__(self, environment: Environment, wanted: Asynchronous) -> None:
        self._environment, self._wanted = environment, wanted

    def read(self, content: bytes, path: Path) -> ReadingResult:
        """Reads one file; OperatorError of one line that names it where that fails."""
        ordered = self._order(content, path)
        patience = WAKE_SECONDS + self._wanted.answer_seconds
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            failure = self._object(ordered["FailureLocation"])
            if failure is not None:
                raise OperatorError(f"{path}: {_said(failure)}")
            answer = self._object(ordered["OutputLocation"])
            if answer is not None:
                return _result(answer, path)
            time.sleep(POLL_SECONDS)
        raise OperatorError(
            f"{path}: no answer from {self._wanted.endpoint_name} within {patience // 60} min: "
            "docs/runbooks/asynchronous.md says where to look"
        )

    def _order(self, content: bytes, path: Path) -> dict[str, Any]:
        names = self._environment.names
        digest = hashlib.sha256(content).hexdigest()
        key = f"{self._wanted.prefix}requests/{digest[:16]}-{NAME.sub('-', path.name)}"
        self._environment.client("s3").put_object(Bucket=names.data_bucket, Key=key, Body=content)
        try:
            ordered: dict[str, Any] = self._environment.client("sagemaker-runtime").invoke_endpoint_async(
                EndpointName=self._wanted.endpoint_name,
                InputLocation=f"s3://{names.data_bucket}/{key}",
                ContentType="application/octet-stream",
                Accept="application/json",
                InvocationTimeoutSeconds=self._wanted.answer_seconds,
            )
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code == "ValidationError" and "not found" in message.lower():
                raise OperatorError(
                    f"{path}: there is no endpoint {self._wanted.endpoint_name} yet: it follows the first release"
                ) from error
            raise OperatorError(f"{path}: {self._wanted.endpoint_name} refused it ({code}): {message}") from error
        return ordered

    def _object(self, uri: str) -> bytes | None:
        bucket, key = split_uri(uri)
        s3 = self._environment.client("s3")
        try:
            return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except s3.exceptions.NoSuchKey:
            return None


def _result(answer: bytes, path: Path) -> ReadingResult:
    try:
        return ReadingResult.model_validate_json(answer)
    except ValidationError as error:
        raise OperatorError(f"{path}: the answer is no reading result: {error.error_count()} errors") from error


def _said(failure: bytes) -> str:
    """The container's own sentence inside SageMaker's report of a failure, else the report."""
    text = " ".join(failure.decode(errors="replace").split())
    found = REASON.search(text)
    try:
        return str(json.loads(found[0])["error"]["message"]) if found else text
    except (ValueError, KeyError, TypeError):
        return text
