"""A labelled batch into S3: pictures first, the manifest last, because its appearance is what starts training."""

import hashlib
import mimetypes
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.environment import Environment
from cli.errors import OperatorError
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import manifest_text

BATCH_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
PARALLEL = 8
# Written beside each object, so that an upload that was cut off goes on where it stopped.
DIGEST = "sha256"


@dataclass(frozen=True)
class UploadedPicture:
    """One picture in the bucket. `kept` when an earlier, interrupted upload had brought it already."""

    annotation: Annotation
    kept: bool


@dataclass(frozen=True)
class UploadedBatch:
    """A batch that is complete in the bucket."""

    manifest: str
    pictures: int
    kept: int
    regions: int


def upload_batch(
    environment: Environment, annotations: Sequence[Annotation], batch: str, on_picture: Callable[[], None]
) -> UploadedBatch:
    """Uploads drawings and their labels as `labels/<batch>/`; training then starts by itself.

    Args:
        annotations: drawings with local pictures.
        batch: its name; a batch is never changed once its manifest is there.
        on_picture: called after each picture.

    Raises:
        OperatorError: the name cannot be used, or there is such a batch already.
    """
    if not BATCH_NAME.fullmatch(batch):
        raise OperatorError(f"--batch {batch}: use up to 63 letters, digits, dots, dashes and underscores")
    return upload_drawings(environment, annotations, f"labels/{batch}", on_picture)


def upload_drawings(
    environment: Environment, annotations: Sequence[Annotation], prefix: str, on_picture: Callable[[], None]
) -> UploadedBatch:
    """Uploads pictures below `prefix/images/`, then `prefix/manifest.jsonl`."""
    client, bucket = environment.client("s3"), environment.names.data_bucket
    key = f"{prefix}/manifest.jsonl"
    if head(client, bucket, key) is not None:
        raise OperatorError(f"s3://{bucket}/{key} is there already and a batch is never changed: take another name")
    names = picture_names([Path(annotation.image) for annotation in annotations])

    def put(annotation: Annotation, name: str) -> UploadedPicture:
        uploaded = _put_picture(client, bucket, f"{prefix}/images/{name}", annotation)
        on_picture()
        return uploaded

    with ThreadPoolExecutor(PARALLEL) as pool:
        pictures = list(pool.map(put, annotations, names))
    text = manifest_text([picture.annotation for picture in pictures])
    try:
        # A second upload of the same name at the same moment loses here instead of overwriting.
        client.put_object(
            Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/jsonlines", IfNoneMatch="*"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        raise OperatorError(f"s3://{bucket}/{key} appeared meanwhile: somebody else took the name") from error
    return UploadedBatch(
        manifest=f"s3://{bucket}/{key}",
        pictures=len(pictures),
        kept=sum(picture.kept for picture in pictures),
        regions=sum(len(picture.annotation.regions) for picture in pictures),
    )


def picture_names(pictures: Sequence[Path]) -> list[str]:
    """A name for each picture that no other one has: its file name, or its path from the folder they share."""
    names = [picture.name for picture in pictures]
    if len(set(names)) == len(names):
        return names
    shared = os.path.commonpath([picture.parent for picture in pictures])
    return [picture.relative_to(shared).as_posix() for picture in pictures]


def _put_picture(client: Any, bucket: str, key: str, annotation: Annotation) -> UploadedPicture:
    content = Path(annotation.image).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    there = head(client, bucket, key)
    kept = there is not None and there["Metadata"].get(DIGEST) == digest
    if there is None or not kept:
        kind = mimetypes.guess_type(annotation.image)[0] or "application/octet-stream"
        there = client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind, Metadata={DIGEST: digest})
    address = {"image": f"s3://{bucket}/{key}", "version_id": there.get("VersionId")}
    return UploadedPicture(annotation.model_copy(update=address), kept)


def upload_folder(environment: Environment, folder: Path, prefix: str, *, last: str) -> None:
    """Uploads every file below `folder` to `prefix/…`; the file `last` only when all others are there."""
    client, bucket = environment.client("s3"), environment.names.data_bucket

    def put(file: Path) -> None:
        client.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(folder).as_posix()}")

    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file != folder / last]
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(put, files))
    put(folder / last)


def exists(environment: Environment, key: str) -> bool:
    """Whether the data bucket holds `key`."""
    return head(environment.client("s3"), environment.names.data_bucket, key) is not None


def head(client: Any, bucket: str, key: str) -> dict[str, Any] | None:
    """What S3 says of an object; None where there is none."""
    try:
        found: dict[str, Any] = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return None
        raise
    return found
