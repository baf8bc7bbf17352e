"""The drawings of the data bucket, as the index sees them: by the part of their key below `drawings/`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

PREFIX = "drawings/"
THUMBNAILS = "thumbnails/"
# Why a drawing cannot be indexed, for as long as the quarantine keeps it; then it is tried again.
REFUSALS = "quarantine/search/"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pdf"})
MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
REFUSED_VERSION = "version"  # metadata of a refusal: the version of the drawing that it is about


@dataclass(frozen=True)
class StoredDrawing:
    """A drawing as it lies in the bucket now.

    Attributes:
        drawing_id: its key below `drawings/`.
        version: of the object.
        size: bytes.
    """

    drawing_id: str
    version: str
    size: int


@dataclass(frozen=True)
class Drawings:
    """The bucket.

    Attributes:
        s3: a client.
        bucket: its name.
    """

    s3: Any
    bucket: str

    def uri(self, drawing_id: str) -> str:
        """S3 address of a drawing."""
        return f"s3://{self.bucket}/{PREFIX}{drawing_id}"

    def now(self, drawing_id: str) -> StoredDrawing | None:
        """The drawing as it is now; None where it is deleted."""
        try:
            found = self.s3.head_object(Bucket=self.bucket, Key=f"{PREFIX}{drawing_id}")
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        return StoredDrawing(drawing_id, str(found.get("VersionId", "null")), int(found["ContentLength"]))

    def read(self, drawing: StoredDrawing) -> bytes | None:
        """The content of that version; None where it is gone meanwhile."""
        try:
            found = self.s3.get_object(
                Bucket=self.bucket, Key=f"{PREFIX}{drawing.drawing_id}", VersionId=drawing.version
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        return bytes(found["Body"].read())

    def all(self) -> Iterator[StoredDrawing]:
        """Every drawing that is there now, by key."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=PREFIX)
        for page in pages:
            for item in page.get("Versions", []):
                if item["IsLatest"] and is_drawing(item["Key"]):
                    drawing_id = item["Key"].removeprefix(PREFIX)
                    yield StoredDrawing(drawing_id, str(item["VersionId"]), int(item["Size"]))

    def refuse(self, drawing: StoredDrawing, reason: str) -> None:
        """Remembers why this version cannot be indexed."""
        self.s3.put_object(
            Bucket=self.bucket,
            Key=f"{REFUSALS}{drawing.drawing_id}.txt",
            Body=reason.encode(),
            ContentType="text/plain; charset=utf-8",
            Metadata={REFUSED_VERSION: drawing.version},
        )

    def is_refused(self, drawing: StoredDrawing) -> bool:
        """Whether this very version was refused before."""
        try:
            found = self.s3.head_object(Bucket=self.bucket, Key=f"{REFUSALS}{drawing.drawing_id}.txt")
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise
        return bool(found["Metadata"].get(REFUSED_VERSION) == drawing.version)

    def refused_ids(self) -> Iterator[str]:
        """Ids of drawings of which some version was refused."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=REFUSALS):
            for item in page.get("Contents", []):
                yield item["Key"].removeprefix(REFUSALS).removesuffix(".txt")

    def forget(self, drawing_id: str) -> None:
        """Removes what was made of a drawing that is gone: its thumbnail, and why it was refused."""
        keys = (f"{THUMBNAILS}{drawing_id}.jpg", f"{REFUSALS}{drawing_id}.txt")
        self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True})


def is_drawing(key: str) -> bool:
    """Whether a key is a drawing's: below `drawings/`, and of a kind of file that is read."""
    name = key.rpartition("/")[2]
    suffix = f".{name.rpartition('.')[2].lower()}"
    return key.startswith(PREFIX) and len(key) > len(PREFIX) and "." in name and suffix in SUFFIXES
