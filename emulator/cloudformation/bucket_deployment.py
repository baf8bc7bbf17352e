"""`Custom::CDKBucketDeployment`: archives unpacked into a bucket.

The CDK's provider of it runs the AWS command line from a Lambda layer; this does what its `index.py` asks of `aws s3
sync`, from the same properties.
"""

from __future__ import annotations

import io
import json
import mimetypes
import uuid
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from emulator.api import Document, ServiceError
from emulator.cloudformation.resource import Context, Made

_OWNER_TAG = "aws-cdk:cr-owned"
# The names of the command line's options, which are the keys of SystemMetadata.
_METADATA = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
    "sse": "ServerSideEncryption",
    "sse-kms-key-id": "SSEKMSKeyId",
    "storage-class": "StorageClass",
}


def deploy(context: Context, action: str, properties: Document, made: Made | None, old: Document | None) -> Made:
    """Create, Update and Delete of one deployment."""
    keep = _true(properties.get("RetainOnDelete", "true"))
    where = _destination(properties)
    if action == "Delete":
        if not keep and not _is_owned(context, *where):
            _remove(context, *where, kept=set())
    else:
        if old is not None and not keep and _destination(old) != where:
            _remove(context, *_destination(old), kept=set())
        _put(context, *where, properties)
    if distribution := properties.get("DistributionId"):
        _invalidate(context, distribution, properties.get("DistributionPaths", ["/*"]))
    keys = properties["SourceObjectKeys"] if _true(properties.get("OutputObjectKeys", "true")) else []
    data = {"DestinationBucketArn": properties.get("DestinationBucketArn"), "SourceObjectKeys": keys}
    return Made(made.physical_id if made else f"aws.cdk.s3deployment.{uuid.uuid4()}", data)


def _destination(properties: Document) -> tuple[str, str]:
    prefix = properties.get("DestinationBucketKeyPrefix", "").strip("/")
    return properties["DestinationBucketName"], f"{prefix}/" if prefix else ""


def _put(context: Context, bucket: str, prefix: str, properties: Document) -> None:
    extra: Document = {_METADATA[name.lower()]: value for name, value in properties.get("SystemMetadata", {}).items()}
    if user := properties.get("UserMetadata"):
        extra["Metadata"] = {name.lower(): value for name, value in user.items()}
    contents = dict(_contents(context, properties))
    wanted = {name: content for name, content in contents.items() if _included(name, properties)}
    for name, content in wanted.items():
        kind = {} if "ContentType" in extra else {"ContentType": _content_type(name)}
        context.call("s3", "put_object", Bucket=bucket, Key=prefix + name, Body=content, **kind, **extra)
    if _true(properties.get("Prune", "true")):
        kept = {prefix + name for name in wanted}
        _remove(context, bucket, prefix, kept, lambda name: _included(name, properties))


def _contents(context: Context, properties: Document) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all sources; of two with one name the later source's is the last."""
    sources = list(zip(properties["SourceBucketNames"], properties["SourceObjectKeys"], strict=True))
    markers = properties.get("SourceMarkers") or [{}] * len(sources)
    settings = properties.get("SourceMarkersConfig") or [{}] * len(sources)
    for (bucket, key), values, config in zip(sources, markers, settings, strict=True):
        try:
            archive = context.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            message = f"the source s3://{bucket}/{key} cannot be read: {error}"
            raise ServiceError("GeneralServiceException", message) from error
        if not _true(properties.get("Extract", "true")):
            yield key.rpartition("/")[2], archive
            continue
        with zipfile.ZipFile(io.BytesIO(archive)) as entries:
            for entry in entries.infolist():
                if not entry.is_dir():
                    yield entry.filename, _replaced(entries.read(entry), values, _true(config.get("jsonEscape")))


def _replaced(content: bytes, markers: dict[str, str], escape: bool) -> bytes:
    """Markers stand for values that are known at deployment only."""
    for marker, value in markers.items():
        text = json.dumps(value)[1:-1] if escape and isinstance(value, str) else str(value)
        content = content.replace(marker.encode(), text.encode())
    return content


def _included(name: str, properties: Document) -> bool:
    """`--exclude` first, then `--include`, as the provider gives them; the later filter that fits decides."""
    excluded = any(fnmatchcase(name, each) for each in properties.get("Exclude", []))
    return not excluded or any(fnmatchcase(name, each) for each in properties.get("Include", []))


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "binary/octet-stream"


def _remove(context: Context, bucket: str, prefix: str, kept: set[str], touches: Any = lambda _name: True) -> None:
    """Deletes what lies below the prefix and is not `kept`; `touches`: names that the deployment is about."""
    after: Document = {}
    while True:
        try:
            page = context.call("s3", "list_objects_v2", Bucket=bucket, Prefix=prefix, **after)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return
            raise
        for each in page.get("Contents", []):
            if each["Key"] not in kept and touches(each["Key"].removeprefix(prefix)):
                context.call("s3", "delete_object", Bucket=bucket, Key=each["Key"])
        if not page.get("IsTruncated"):
            return
        after = {"ContinuationToken": page["NextContinuationToken"]}


def _is_owned(context: Context, bucket: str, prefix: str) -> bool:
    """Another deployment put its tag on the bucket: what lies there is that one's."""
    tag = f"{_OWNER_TAG}:{prefix.rstrip('/')}" if prefix else _OWNER_TAG
    try:
        tags = context.call("s3", "get_bucket_tagging", Bucket=bucket)["TagSet"]
    except ClientError:
        return False
    return any(each["Key"].startswith(tag) for each in tags)


def _invalidate(context: Context, distribution: str, paths: list[str]) -> None:
    try:
        context.call(
            "cloudfront",
            "create_invalidation",
            DistributionId=distribution,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": paths},
                "CallerReference": context.name(64),
            },
        )
    except ClientError as error:
        raise ServiceError("GeneralServiceException", f"invalidation of {distribution}: {error}") from error


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
