"""The offers so far, `<prefix><number>.json`: each is written once, and is the claim of its drawings and of its
share of the week's budget.

Two looks at the same time want the same number, and only one of them gets it; the other begins again with what it then
knows. So no drawing is offered twice and no budget is passed, without a lock that a killed look could leave behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drawing_ocr.labelling.offer import Offer

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class OfferLog:
    """The offers of one endpoint.

    Attributes:
        s3: boto3's client.
        bucket, prefix: Where they lie; the prefix ends in "/".
    """

    s3: Any
    bucket: str
    prefix: str

    def offers(self) -> list[Offer]:
        """All of them, in their order.

        Raises:
            OfferError: one of them cannot be read.
        """
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        found = []
        for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
            content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            found.append(Offer.parse(content, where=f"s3://{self.bucket}/{key}"))
        return sorted(found, key=lambda offer: offer.number)

    def append(self, offer: Offer) -> bool:
        """Writes an offer; False when its number is taken."""
        return put_once(self.s3, self.bucket, f"{self.prefix}{offer.number:06d}.json", offer.to_json().encode())


def put_once(s3: Any, bucket: str, key: str, content: bytes, content_type: str = "application/json") -> bool:
    """Writes an object unless it is there; whether it was written."""
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _TAKEN:
            raise
        return False
    return True
