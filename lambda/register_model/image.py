"""The serving image, by its digest instead of its tag, so that a version is always served by the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_ECR_IMAGE = re.compile(r"(?P<registry>\d{12})\.dkr\.ecr\.[^/]+/(?P<repository>[^:@]+):(?P<tag>[^:@]+)")


@dataclass(frozen=True)
class PinnedImage:
    """An image URI, and the digest (or else the tag) in it."""

    uri: str
    digest: str


def pinned(ecr: Any, uri: str) -> PinnedImage:
    """`repository@sha256:…` for `repository:tag`.

    An image that its registry does not list keeps its tag: the CDK's tags are hashes of the image's sources, so it
    is still the same image.
    """
    if "@" in uri:
        return PinnedImage(uri, uri.rsplit("@", 1)[1])
    found = _ECR_IMAGE.fullmatch(uri)
    if not found:
        return PinnedImage(uri, uri.rsplit(":", 1)[-1])
    try:
        details = ecr.describe_images(
            registryId=found["registry"], repositoryName=found["repository"], imageIds=[{"imageTag": found["tag"]}]
        )["imageDetails"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return PinnedImage(uri, found["tag"])
        raise
    digest = str(details[0]["imageDigest"])
    return PinnedImage(f"{uri.rsplit(':', 1)[0]}@{digest}", digest)
