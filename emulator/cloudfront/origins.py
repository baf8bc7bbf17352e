"""S3 as an origin: objects that the bucket's policy lets the distribution read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from emulator import ACCOUNT, REGION
from emulator.api import Document
from emulator.clients import client

_BUCKET = re.compile(r"(?P<bucket>[a-z0-9.-]+?)\.s3[.-].*")


@dataclass(frozen=True)
class Found:
    """An object with the headers that S3 sends along."""

    body: bytes
    etag: str
    modified: datetime
    headers: dict[str, str]


class Refused(Exception):
    """S3's answer when it gives no object: `status` and the error `code` of its document."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def bucket_of(origin: Document) -> str | None:
    """The origin's bucket, or None when the origin is no bucket."""
    match = _BUCKET.fullmatch(origin["DomainName"])
    return match["bucket"] if match else None


def read(bucket: str, key: str, distribution: str) -> Found:
    """`distribution`: ARN of who reads. Raises `Refused`, with 404 only for who may list the bucket, as S3 does."""
    policy = _policy(bucket)
    if not _allows(policy, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", distribution):
        raise Refused(403, "AccessDenied")
    try:
        answer = client("s3", REGION).get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if _allows(policy, "s3:ListBucket", f"arn:aws:s3:::{bucket}", distribution):
            raise Refused(404, "NoSuchKey") from error
        raise Refused(403, "AccessDenied") from error
    names = {
        "Content-Type": "ContentType",
        "Cache-Control": "CacheControl",
        "Content-Encoding": "ContentEncoding",
        "Content-Language": "ContentLanguage",
        "Content-Disposition": "ContentDisposition",
    }
    headers = {header: answer[member] for header, member in names.items() if answer.get(member)}
    return Found(answer["Body"].read(), answer["ETag"].strip('"'), answer["LastModified"], headers)


def _policy(bucket: str) -> list[Document]:
    known = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    if known is None or not known.policy:
        return []
    statements = json.loads(known.policy)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _allows(policy: list[Document], action: str, resource: str, distribution: str) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and _is_cloudfront(statement.get("Principal"))
        and any(fnmatchcase(action.lower(), each.lower()) for each in _list(statement.get("Action")))
        and any(fnmatchcase(resource, each) for each in _list(statement.get("Resource")))
        and _fits(statement.get("Condition", {}), distribution)
        for statement in policy
    )


def _is_cloudfront(principal: Any) -> bool:
    return isinstance(principal, dict) and "cloudfront.amazonaws.com" in _list(principal.get("Service"))


def _fits(condition: Document, distribution: str) -> bool:
    """Conditions on the distribution that asks and on its account are what CloudFront's statements have."""
    known = {"aws:sourcearn": distribution, "aws:sourceaccount": ACCOUNT}
    for wanted in condition.values():
        for name, values in wanted.items():
            if not any(fnmatchcase(known.get(name.lower(), ""), value) for value in _list(values)):
                return False
    return True


def _list(value: Any) -> list[str]:
    return [] if value is None else value if isinstance(value, list) else [value]
