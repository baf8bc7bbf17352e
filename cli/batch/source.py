"""The drawings of a batch: an S3 prefix, a manifest, or a folder that is uploaded first."""

import hashlib
import json
import posixpath
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cli.batch.platform import BatchPlatform
from cli.environment import Environment, split_uri
from cli.errors import OperatorError
from cli.served_files import SUFFIXES
from drawing_ocr.dataset.manifest import ManifestError, parse_manifest

PARALLEL = 8
# MaxPayloadInMB of CreateTransformJob: a drawing is one record.
LARGEST_BYTES = 100_000_000
MANIFESTS = (".jsonl", ".manifest", ".json")


class Drawing(BaseModel):
    """One drawing that shall be read.

    Attributes:
        name: below the source; no two drawings of a batch share it.
        key: of the object in the data bucket. Files of the same content share it.
        fingerprint: changes when the content does.
        size: in bytes.
        problem: why it is not sent at all; None for one that is.
        file: on this machine, for those that came from here.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    fingerprint: str
    size: int
    problem: str | None = None
    file: Path | None = None


def in_bucket(environment: Environment, platform: BatchPlatform, source: str) -> list[Drawing]:
    """The drawings below an S3 prefix or in a manifest, `s3://bucket/…`.

    Raises:
        OperatorError: outside of what the jobs may read, not a manifest, or no drawing there.
    """
    bucket, key = split_uri(source)
    _check_reach(environment, platform, bucket, key, source)
    client = environment.client("s3")
    if key.endswith(MANIFESTS):
        keys = _keys_in_manifest(environment, platform, source)
        with ThreadPoolExecutor(PARALLEL) as pool:
            found = list(pool.map(lambda item: _looked_up(client, bucket, item), keys))
        parent = common_folder(keys)
    else:
        found = list(_listed(client, bucket, key))
        parent = key[: key.rfind("/") + 1]
    if not found:
        raise OperatorError(f"{source}: no drawing there ({', '.join(sorted(SUFFIXES))})")
    return [_named(drawing, drawing.key.removeprefix(parent)) for drawing in found]


def in_folder(folder: Path, out: Path, prefix: str) -> list[Drawing]:
    """The drawings below a folder of this machine; `upload` brings them to `prefix` of the data bucket.

    Raises:
        OperatorError: no such folder, or no drawing in it.
    """
    if not folder.is_dir():
        raise OperatorError(f"{folder}: there is no such folder; a batch is a folder, s3://… prefix or s3://… manifest")
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES and file.is_file() and out.resolve() not in file.resolve().parents
    ]
    if not files:
        raise OperatorError(f"{folder}: no picture and no PDF in this folder")

    def drawing(file: Path) -> Drawing:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        key = f"{prefix}drawings/{digest}{file.suffix.lower()}"
        size = file.stat().st_size
        name = file.relative_to(folder).as_posix()
        return Drawing(name=name, key=key, fingerprint=digest, size=size, problem=_too_large(size), file=file)

    return [drawing(file) for file in files]


def upload(environment: Environment, drawings: Sequence[Drawing], prefix: str, on_drawing: Callable[[], None]) -> None:
    """Uploads what is not there yet: a key is the digest of its content, so what is there is right."""
    client, bucket = environment.client("s3"), environment.names.data_bucket
    there = {item["Key"] for item in _objects(client, bucket, f"{prefix}drawings/")}

    def put(drawing: Drawing) -> None:
        if drawing.key not in there and drawing.file:
            with drawing.file.open("rb") as body:
                client.put_object(Bucket=bucket, Key=drawing.key, Body=body)
        on_drawing()

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(put, drawings))


def _check_reach(environment: Environment, platform: BatchPlatform, bucket: str, key: str, source: str) -> None:
    if bucket != environment.names.data_bucket or not key.startswith(platform.sources):
        places = " or ".join(f"s3://{environment.names.data_bucket}/{prefix}" for prefix in platform.sources)
        raise OperatorError(f"{source}: the jobs may not read there; copy the drawings below {places}")


def _keys_in_manifest(environment: Environment, platform: BatchPlatform, source: str) -> list[str]:
    try:
        content = environment.read_object(source)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            raise OperatorError(f"{source}: there is no such manifest") from error
        raise
    uris = _labelled_batch(content, source) if source.endswith(".jsonl") else _sagemaker_manifest(content, source)
    keys = []
    for uri in dict.fromkeys(uris):
        bucket, key = split_uri(uri)
        _check_reach(environment, platform, bucket, key, f"{source}: {uri}")
        keys.append(key)
    return keys


def _labelled_batch(content: bytes, source: str) -> list[str]:
    """The pictures of a `manifest.jsonl`."""
    try:
        batch = parse_manifest(content, location=source)
    except ManifestError as error:
        raise OperatorError(str(error)) from error
    if batch.rejected:
        raise OperatorError(batch.rejected[0].reason)
    return [annotation.image for annotation in batch.annotations]


_MANIFEST = TypeAdapter(list[dict[str, str] | str])


def _sagemaker_manifest(content: bytes, source: str) -> list[str]:
    """SageMaker's own form: `[{"prefix": "s3://bucket/some/"}, "a.png", "b/c.png"]`."""
    form = 'write [{"prefix": "s3://bucket/some/"}, "a.png", …]'
    try:
        first, *names = _MANIFEST.validate_json(content)
    except (ValidationError, ValueError) as error:
        raise OperatorError(f"{source}: not a manifest: {form}") from error
    if not isinstance(first, dict) or "prefix" not in first or not all(isinstance(name, str) for name in names):
        raise OperatorError(f"{source}: not a manifest: {form}")
    if not names:
        raise OperatorError(f"{source}: names no drawing: {form}")
    return [f"{first['prefix']}{name}" for name in names]


def common_folder(keys: Sequence[str]) -> str:
    """The deepest folder that holds all `keys`, with its slash; "" for the bucket itself."""
    folder = posixpath.commonpath([posixpath.dirname(key) for key in keys])
    return f"{folder}/" if folder else ""


def manifest_text(bucket: str, keys: Sequence[str]) -> str:
    """The manifest that a transform job is given, in SageMaker's form."""
    folder = common_folder(keys)
    names = [key.removeprefix(folder) for key in keys]
    return json.dumps([{"prefix": f"s3://{bucket}/{folder}"}, *names], ensure_ascii=False)


def _listed(client: Any, bucket: str, prefix: str) -> Iterator[Drawing]:
    for item in _objects(client, bucket, prefix):
        if PurePosixPath(item["Key"]).suffix.lower() in SUFFIXES:
            yield _drawing(item["Key"], item["ETag"], item["Size"])


def _looked_up(client: Any, bucket: str, key: str) -> Drawing:
    try:
        found = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            problem = "there is no such object; the manifest names it"
            return Drawing(name=key, key=key, fingerprint="", size=0, problem=problem)
        raise
    return _drawing(key, found["ETag"], found["ContentLength"])


def _drawing(key: str, etag: str, size: int) -> Drawing:
    return Drawing(name=key, key=key, fingerprint=etag.strip('"'), size=size, problem=_too_large(size))


def _named(drawing: Drawing, name: str) -> Drawing:
    if ".." in PurePosixPath(name).parts or name.startswith("/"):
        raise OperatorError(f"{drawing.key}: such a name cannot become a file's name here: rename the object")
    return drawing.model_copy(update={"name": name})


def _too_large(size: int) -> str | None:
    if size <= LARGEST_BYTES:
        return None
    return f"{size / 1e6:.0f} MB, batch transform takes at most {LARGEST_BYTES / 1e6:.0f} MB: compress it, or split it"


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])
