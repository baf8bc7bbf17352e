"""Labelled drawings that no version was trained on: what doubts mean, and what is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import ManifestError, parse_manifest
from drawing_ocr.dataset.split import Split, drawing_id, split_of
from drawing_ocr.reading.image import ImageError, Page, load_bytes

LABELS_PREFIX = "labels/"
MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class HeldOut:
    """The labelled batches of a bucket.

    Attributes:
        s3: boto3's client.
        bucket: Holds `labels/<batch>/manifest.jsonl`.
    """

    s3: Any
    bucket: str

    def pages(self, *, most: int, val_ratio: float, seed: int) -> Iterator[tuple[Annotation, Page]]:
        """Drawings that can be read, those labelled last first; what is read of each is its first page.

        Args:
            most: Drawings.
            val_ratio, seed: Of the split by which drawings are kept out of training.
        """
        given = 0
        for annotation in self._drawings(val_ratio, seed):
            if given == most:
                return
            try:
                page = next(load_bytes(self._picture(annotation), name=annotation.image))
            except (ImageError, self.s3.exceptions.ClientError) as error:
                print(f"{annotation.image}: left out of the calibration: {error}", file=sys.stderr, flush=True)
                continue
            given += 1
            yield annotation, page

    def _drawings(self, val_ratio: float, seed: int) -> Iterator[Annotation]:
        """Held-out drawings, each once, of the newest batch first."""
        seen: set[str] = set()
        for key in self._manifests():
            uri = f"s3://{self.bucket}/{key}"
            try:
                batch = parse_manifest(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read(), location=uri)
            except ManifestError as error:
                print(f"left out of the calibration: {error}", file=sys.stderr, flush=True)
                continue
            for annotation in batch.annotations:
                name = drawing_id(annotation.image)
                if name not in seen and split_of(name, val_ratio=val_ratio, seed=seed) is Split.VAL:
                    seen.add(name)
                    yield annotation

    def _manifests(self) -> list[str]:
        """Keys of the batches' manifests, the newest first."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=LABELS_PREFIX, Delimiter="/"
        )
        folders = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        written = {}
        for key in (f"{folder}{MANIFEST}" for folder in folders):
            # Listed, not asked for: a batch that is being uploaded has no manifest yet, and S3 tells who may list a
            # part of the bucket only that an object is missing by 403.
            for item in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key).get("Contents", []):
                written[item["Key"]] = item["LastModified"]
        return sorted(written, key=lambda key: written[key], reverse=True)

    def _picture(self, annotation: Annotation) -> bytes:
        bucket, _, key = annotation.image.removeprefix("s3://").partition("/")
        version = {"VersionId": annotation.version_id} if annotation.version_id else {}
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key, **version)["Body"].read()
        return content
