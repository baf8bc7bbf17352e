"""`jobs/<job>/` in the labelling bucket, and the drawings that tasks are made of (docs/architecture.md, labelling)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from drawing_ocr.labelling.job import Drawing

# Only these say that the drawing itself is the trouble; whatever else S3 answers is worth another try of the job.
_NOT_THERE: Final = (
    "NoSuchKey",
    "NoSuchVersion",
    "NoSuchBucket",
    "AccessDenied",
    "InvalidArgument",
    "MethodNotAllowed",
)
_WRITTEN_BY_ANOTHER: Final = ("PreconditionFailed", "ConditionalRequestConflict")


class DrawingMissing(ValueError):
    """A drawing that is not there, or may not be read, or is too large to fetch; one line."""


@dataclass(frozen=True)
class Refusal:
    """A drawing, or one page of it, that nobody can label."""

    uri: str
    version_id: str | None
    reason: str


@dataclass(frozen=True)
class StoredObject:
    """Where something lies now."""

    uri: str
    version_id: str | None


class LabellingFolder:
    """The folder of one job. What is written twice is written with the same content."""

    def __init__(self, s3: Any, bucket: str, job: str) -> None:
        self._s3, self._bucket, self._prefix = s3, bucket, f"jobs/{job}/"

    def fetch(self, drawing: Drawing, *, most_bytes: int) -> bytes:
        """The drawing's file, of its version.

        Raises:
            DrawingMissing: it cannot be had, or has more than `most_bytes`.
        """
        bucket, _, key = drawing.uri.removeprefix("s3://").partition("/")
        version = {"VersionId": drawing.version_id} if drawing.version_id else {}
        try:
            found = self._s3.get_object(Bucket=bucket, Key=key, **version)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _NOT_THERE:
                raise
            raise DrawingMissing(f"{drawing.uri}: cannot be fetched ({code}): upload it, or name another") from error
        if found["ContentLength"] > most_bytes:
            found["Body"].close()
            raise DrawingMissing(
                f"{drawing.uri}: {found['ContentLength'] / 1e6:.0f} MB, at most {most_bytes / 1e6:g} MB are read: "
                "compress it, or split it"
            )
        content: bytes = found["Body"].read()
        return content

    def tasks(self) -> set[str]:
        """Names of the tasks that are whole."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{self._prefix}tasks/")
        return {Path(item["Key"]).stem for page in pages for item in page.get("Contents", [])}

    def put_page(self, task: str, picture: bytes) -> StoredObject:
        """The picture of a page that is no file of its own."""
        return self._put(f"pages/{task}.png", picture, "image/png")

    def put_pyramid(self, task: str, file: Path) -> StoredObject:
        """The pyramid of a task."""
        with file.open("rb") as content:
            return self._put(f"pyramids/{task}.pmtiles", content, "application/vnd.pmtiles")

    def put_task(self, task: str, document: str) -> None:
        """The task itself, last of all it consists of. One that is there stays: people may be at work on it."""
        try:
            self._put(f"tasks/{task}.json", document.encode(), "application/json", IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _WRITTEN_BY_ANOTHER:
                raise

    def put_refused(self, refused: Iterable[Refusal]) -> None:
        """The list of what cannot be labelled."""
        content = json.dumps([asdict(each) for each in refused], ensure_ascii=False, indent=1)
        self._put("refused.json", content.encode(), "application/json")

    def _put(self, name: str, content: Any, kind: str, **conditions: str) -> StoredObject:
        key = f"{self._prefix}{name}"
        answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=kind, **conditions)
        return StoredObject(f"s3://{self._bucket}/{key}", answer.get("VersionId"))
