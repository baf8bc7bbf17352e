"""Objects in S3 by their `s3://` address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import BadRequest, PlatformError, error_code, is_missing


class ObjectMissing(PlatformError):
    """Nothing is at an address."""


class ObjectExists(PlatformError):
    """Something else is already at an address that is written once."""


@dataclass(frozen=True)
class S3Uri:
    """An address: bucket and key."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> S3Uri:
        """From `s3://bucket/key`.

        Raises:
            BadRequest: another form.
        """
        scheme, _, rest = text.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not bucket or not key:
            raise BadRequest(f"{text!r} is no S3 address: write s3://bucket/key")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def joined(self, name: str) -> S3Uri:
        """The object `name` below this prefix."""
        return S3Uri(self.bucket, f"{self.key.rstrip('/')}/{name}")


def read_bytes(s3: Any, uri: S3Uri) -> bytes:
    """The whole object.

    Raises:
        ObjectMissing: it is not there.
    """
    try:
        content: bytes = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
    except ClientError as error:
        if is_missing(error):
            raise ObjectMissing(f"{uri} does not exist: upload it or correct the address") from error
        raise
    return content


def write_once(s3: Any, uri: S3Uri, content: bytes) -> None:
    """Writes an object that is never changed; writing the same bytes again does nothing.

    Raises:
        ObjectExists: other bytes are already there.
    """
    try:
        s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=content, ContentType="application/json", IfNoneMatch="*")
    except ClientError as error:
        if error_code(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        if read_bytes(s3, uri) != content:
            raise ObjectExists(
                f"{uri} is written once and holds something else: remove it if it is a leftover"
            ) from error
