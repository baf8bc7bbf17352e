"""The versions in the model registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import BadRequest, is_missing

APPROVED = "Approved"
REJECTED = "Rejected"


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One model package of a group."""

    arn: str
    group: str
    version: int
    status: str
    image: str
    model_data_url: str
    modified: datetime | None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As people call it: `version 3 of drawing-reader`."""
        return f"version {self.version} of {self.group}"


class Registry:
    """Reads one model package group."""

    def __init__(self, sagemaker: Any, group: str) -> None:
        self._sagemaker = sagemaker
        self._group = group

    def describe(self, arn: str) -> ModelVersion:
        """The version with that ARN.

        Raises:
            BadRequest: there is none, or it belongs to another group.
        """
        try:
            found = self._sagemaker.describe_model_package(ModelPackageName=arn)
        except ClientError as error:
            if is_missing(error):
                raise BadRequest(f"{arn}: no such model package: see `drawingops models list`") from error
            raise
        group = str(found.get("ModelPackageGroupName", "")).rsplit("/", 1)[-1]
        if group != self._group:
            raise BadRequest(
                f"{arn} belongs to group {group or 'none'}, not to {self._group}: name one of its versions"
            )
        container = found["InferenceSpecification"]["Containers"][0]
        return ModelVersion(
            arn=str(found["ModelPackageArn"]),
            group=group,
            version=int(found["ModelPackageVersion"]),
            status=str(found.get("ModelApprovalStatus", "")),
            image=str(container["Image"]),
            model_data_url=str(container["ModelDataUrl"]),
            modified=found.get("LastModifiedTime"),
            metadata=dict(found.get("CustomerMetadataProperties", {})),
        )

    def find(self, wanted: str) -> ModelVersion:
        """The version called by ARN or by number (`3`, `v3`).

        Raises:
            BadRequest: there is none.
        """
        if wanted.startswith("arn:"):
            return self.describe(wanted)
        number = wanted.removeprefix("v")
        if not number.isdecimal():
            raise BadRequest(f"{wanted!r} is neither the ARN of a version nor its number")
        for arn in self._arns():
            if arn.rsplit("/", 1)[1] == str(int(number)):
                return self.describe(arn)
        raise BadRequest(f"there is no version {number} of {self._group}: see `drawingops models list`")

    def latest_approved(self) -> ModelVersion | None:
        """The approved version with the highest number, None where nothing is approved."""
        newest = max(self._arns(APPROVED), key=lambda arn: int(arn.rsplit("/", 1)[1]), default=None)
        return self.describe(newest) if newest else None

    def newest(self, count: int) -> Iterator[ModelVersion]:
        """The latest `count` versions, newest first, whatever their status."""
        arns = sorted(self._arns(), key=lambda arn: int(arn.rsplit("/", 1)[1]), reverse=True)
        return (self.describe(arn) for arn in arns[:count])

    def _arns(self, status: str | None = None) -> Iterator[str]:
        chosen = {"ModelApprovalStatus": status} if status else {}
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._group, **chosen
        )
        return (str(item["ModelPackageArn"]) for page in pages for item in page["ModelPackageSummaryList"])
