"""Small objects in S3, addressed by URI."""

from typing import Any

from botocore.exceptions import ClientError

from shared.errors import PlatformError


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`.

    Raises:
        PlatformError: not of that form.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise PlatformError(f"{uri!r} is no S3 address: write s3://bucket/key")
    return bucket, key


def read(s3: Any, uri: str, first_bytes: int | None = None) -> bytes:
    """The object at `uri`, or its first bytes.

    Raises:
        PlatformError: there is none, or it may not be read.
    """
    bucket, key = split_uri(uri)
    part = {"Range": f"bytes=0-{first_bytes - 1}"} if first_bytes else {}
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key, **part)["Body"].read())
    except ClientError as error:
        raise PlatformError(f"{uri}: cannot be read ({error.response['Error']['Code']})") from error


def write(s3: Any, uri: str, content: str) -> None:
    """Writes the JSON text `content` to `uri`."""
    bucket, key = split_uri(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=content.encode(), ContentType="application/json")
