"""Copies between S3 and the folders of a job.

Whole folders go to and from moto's store directly: over HTTP, client and server would share one interpreter, and a
dataset of a thousand crops would take ten seconds.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from emulator import ACCOUNT
from emulator.clients import client


class DataError(Exception):
    """Input that is not there or cannot be used; the text is the job's failure reason."""


class NotThere(DataError):
    """No object lies at `uri`."""

    def __init__(self, uri: str, problem: object) -> None:
        super().__init__(f"Failed to download model data from {uri}: {problem}")
        self.uri = uri


class Malformed(DataError):
    """The object at `uri` is no archive."""

    def __init__(self, uri: str, problem: object) -> None:
        super().__init__(f"Failed to extract model data from {uri}: {problem}")
        self.uri = uri


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`. Raises `DataError`."""
    parsed = urlparse(uri)
    if parsed.scheme != "s3" or not parsed.netloc:
        raise DataError(f"'{uri}' is not an S3 URI")
    return parsed.netloc, parsed.path.lstrip("/")


def exists(uri: str, region: str) -> bool:
    try:
        bucket, key = split(uri)
        client("s3", region).head_object(Bucket=bucket, Key=key)
    except (ClientError, DataError):
        return False
    return True


def read(uri: str, region: str) -> bytes:
    """The content of one object. Raises `DataError` when there is none."""
    bucket, key = split(uri)
    try:
        content: bytes = client("s3", region).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise DataError(f"Data download failed: {error.response['Error'].get('Message')} ({uri})") from error
    return content


def write(uri: str, content: bytes, region: str, content_type: str = "binary/octet-stream") -> None:
    """One object. Raises `DataError` when it cannot be written."""
    bucket, key = split(uri)
    try:
        client("s3", region).put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)
    except ClientError as error:
        raise DataError(f"Data upload failed: {error.response['Error'].get('Message')} ({uri})") from error


def keys(uri: str, region: str) -> Iterator[tuple[str, str]]:
    """(key, path relative to the prefix) of every object under a prefix, or of the one object of that name."""
    bucket, prefix = split(uri)
    pages = client("s3", region).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    try:
        for page in pages:
            for item in page.get("Contents", []):
                key = item["Key"]
                if key.endswith("/"):
                    continue
                if key.startswith(folder):
                    yield key, key[len(folder) :]
                else:  # the object itself, or a prefix that ends within a name
                    yield key, key[prefix.rfind("/") + 1 :]
    except ClientError as error:
        raise DataError(f"Data download failed: {error.response['Error'].get('Message')} ({uri})") from error


def download(uri: str, target: Path, region: str, *, required: bool = True) -> int:
    """Copies all objects under a prefix into a folder; returns how many. Raises `DataError` when there are none."""
    bucket, _ = split(uri)
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for key, relative in keys(uri, region):
        file = target / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        found = s3_backends[ACCOUNT]["aws"].get_object(bucket, key)
        if found is not None:  # else deleted since it was listed
            file.write_bytes(found.value)
            count += 1
    if required and not count:
        raise DataError(
            f'Data download failed: No S3 objects found under S3 URL "{uri}" given in input data source. '
            "Please ensure that the bucket exists, that the prefix is right and that it holds objects."
        )
    return count


def upload(source: Path, uri: str) -> int:
    """Copies all files of a folder below a prefix; returns how many. Raises `DataError` when there is no bucket."""
    bucket, prefix = split(uri)
    backend = s3_backends[ACCOUNT]["aws"]
    if bucket not in backend.buckets:
        raise DataError(f"Data upload failed: The specified bucket does not exist ({uri})")
    count = 0
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        key = f"{prefix.rstrip('/')}/{file.relative_to(source).as_posix()}".lstrip("/")
        backend.put_object(bucket, key, file.read_bytes())
        count += 1
    return count


def upload_archive(source: Path, uri: str, region: str, scratch: Path) -> None:
    """A folder as one `.tar.gz` object."""
    scratch.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(scratch, "w:gz", compresslevel=1) as archive:
        for path in sorted(source.iterdir()):
            archive.add(path, arcname=path.name)
    bucket, key = split(uri)
    client("s3", region).upload_file(str(scratch), bucket, key)
    scratch.unlink()


def unpack_model(uri: str, target: Path, region: str) -> None:
    """What SageMaker does with ModelDataUrl: the archive's content in a folder. Raises `DataError`."""
    bucket, key = split(uri)
    target.mkdir(parents=True, exist_ok=True)
    archive = target.parent / "model.tar.gz"
    try:
        client("s3", region).download_file(bucket, key, str(archive))
        with tarfile.open(archive) as content:
            content.extractall(target, filter="data")
    except ClientError as error:
        raise NotThere(uri, error) from error
    except (tarfile.TarError, EOFError, OSError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise Malformed(uri, error) from error
    archive.unlink()
