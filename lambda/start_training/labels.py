"""What lies in labels/: one manifest for each labelled batch, each with the version that S3 gave it."""

from dataclasses import dataclass
from typing import Any

MANIFEST_NAME = "manifest.jsonl"
# A batch keeps its pictures below `images/`. S3 answers with one line for all that lies behind this delimiter, so a
# listing costs two lines a batch however many pictures it has: 100,000 pictures in 200 batches are one request instead
# of a hundred.
PICTURES = "/images/"


@dataclass(frozen=True, order=True)
class Batch:
    """One version of one labelled batch.

    Attributes:
        key: S3 key of its manifest.
        version_id: of the object.
        etag: without quotes.
        modified: seconds since 1970.
    """

    key: str
    version_id: str
    etag: str
    modified: float


@dataclass(frozen=True)
class Labels:
    """The labelled batches of a bucket."""

    s3: Any
    bucket: str
    prefix: str

    def batches(self) -> list[Batch]:
        """The current version of every manifest, sorted by key."""
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=self.prefix, Delimiter=PICTURES
        )
        return sorted(
            Batch(
                key=item["Key"],
                version_id=item["VersionId"],
                etag=item["ETag"].strip('"'),
                modified=item["LastModified"].timestamp(),
            )
            for page in pages
            for item in page.get("Versions", [])
            if item["IsLatest"] and item["Key"].endswith(f"/{MANIFEST_NAME}")
        )

    def uri(self, batch: Batch) -> str:
        """S3 URI of the batch's manifest."""
        return f"s3://{self.bucket}/{batch.key}"
