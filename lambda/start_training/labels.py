"""The labelled batches in the bucket, as they are and not as an event tells."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from drawing_ocr.dataset.manifest import ManifestReference
from shared.errors import BadRequest, is_missing
from shared.storage import S3Uri

MANIFEST_NAME = "manifest.jsonl"


@dataclass(frozen=True)
class Batch:
    """One complete batch: its manifest's address, version and time."""

    reference: ManifestReference
    uploaded: datetime


class Labels:
    """Everything below the labels prefix."""

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix

    def new(self, known: Container[str]) -> list[Batch]:
        """Batches whose manifest is not in `known` (addresses), oldest first."""
        found = (uri for uri in self._manifests(self._prefix, known) if uri not in known)
        return sorted((self.batch(uri) for uri in found), key=lambda batch: (batch.uploaded, batch.reference.uri))

    def batch(self, uri: str) -> Batch:
        """The batch whose manifest is at `uri`.

        Raises:
            BadRequest: it is not below the labels prefix of our bucket, or not there.
        """
        place = S3Uri.parse(uri)
        if place.bucket != self._bucket or not place.key.startswith(self._prefix):
            raise BadRequest(f"{uri} is not below s3://{self._bucket}/{self._prefix}: upload the batch there")
        try:
            head = self._s3.head_object(Bucket=place.bucket, Key=place.key)
        except ClientError as error:
            if is_missing(error):
                raise BadRequest(f"{uri} does not exist: upload the batch or correct the address") from error
            raise
        reference = ManifestReference(uri=uri, version_id=head.get("VersionId"), etag=head["ETag"].strip('"'))
        return Batch(reference, head["LastModified"])

    def _manifests(self, prefix: str, known: Container[str]) -> Iterator[str]:
        """Level by level: a folder with a manifest is a batch and is not looked into, so pictures are never listed."""
        uri = str(S3Uri(self._bucket, f"{prefix}{MANIFEST_NAME}"))
        if uri in known:
            return  # trained on already, and manifests are never rewritten
        folders: list[str] = []
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        for page in pages:
            if any(item["Key"] == f"{prefix}{MANIFEST_NAME}" for item in page.get("Contents", [])):
                yield uri
                return
            folders += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        for folder in folders:
            yield from self._manifests(folder, known)
