"""A share of the endpoint's requests and answers, kept for a while: what drift is found in.

SageMaker's data capture writes them, not the serving container: so an answer does not wait for S3, and every image that
serves is watched in the same way. It needs machines: a serverless endpoint captures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from drawing_platform.permissions import Statement

CAPTURE_PREFIX = "capture/"


@dataclass(frozen=True, kw_only=True)
class Capture:
    """Where captures go, with which key, and how many.

    Attributes:
        bucket, key: receives and encrypts them.
        percent: of all requests.
    """

    bucket: s3.IBucket
    key: kms.IKey
    percent: int

    def settings(self) -> dict[str, Any]:
        """What `Capture` in lambda/release/capture.py reads."""
        return {
            "percent": self.percent,
            "destination_uri": f"s3://{self.bucket.bucket_name}/{CAPTURE_PREFIX.rstrip('/')}",
            "kms_key_arn": self.key.key_arn,
        }

    def statements(self) -> list[Statement]:
        """What the endpoint's role needs beside the key."""
        return [Statement(actions=["s3:PutObject"], resources=[self.bucket.arn_for_objects(f"{CAPTURE_PREFIX}*")])]
