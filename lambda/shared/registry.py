"""Versions of the reader in SageMaker's model registry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import PlatformError

APPROVED = "Approved"
# What SageMaker answers for a name that does not exist (or is malformed).
NOT_THERE = ("ValidationException", "ValidationError", "ResourceNotFound", "ResourceNotFoundException")


@dataclass(frozen=True)
class ModelVersion:
    """One registered version of the reader.

    Attributes:
        arn: of the model package.
        group: its model package group.
        number: 1, 2, …
        approval: PendingManualApproval, Approved or Rejected.
        image: of the container that serves it.
        model_data_url: S3 URI of model.tar.gz.
        metadata: CustomerMetadataProperties (docs/architecture.md).
        decided: when it was changed last: approved, rejected or registered.
        decided_by: ARN of the identity that changed it last; "" where SageMaker does not say.
        decision: the reason given with the approval or the rejection.
    """

    arn: str
    group: str
    number: int
    approval: str
    image: str
    model_data_url: str
    metadata: dict[str, str]
    decided: datetime
    decided_by: str
    decision: str

    @property
    def name(self) -> str:
        """`v3`."""
        return f"v{self.number}"

    @property
    def approved(self) -> bool:
        """Whether it may be deployed and trained on from."""
        return self.approval == APPROVED


def describe(sagemaker: Any, arn: str) -> ModelVersion:
    """The version of that ARN.

    Raises:
        PlatformError: there is none.
    """
    version = find(sagemaker, arn)
    if version is None:
        raise PlatformError(f"model package {arn!r} does not exist: `drawingops models list` shows those that do")
    return version


def find(sagemaker: Any, arn: str) -> ModelVersion | None:
    """The version of that ARN; None where there is none (any longer)."""
    try:
        found = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return None
        raise
    container = found["InferenceSpecification"]["Containers"][0]
    return ModelVersion(
        arn=found["ModelPackageArn"],
        group=found["ModelPackageGroupName"],
        number=found["ModelPackageVersion"],
        approval=found["ModelApprovalStatus"],
        image=container["Image"],
        model_data_url=container["ModelDataUrl"],
        metadata=found.get("CustomerMetadataProperties", {}),
        decided=found.get("LastModifiedTime") or found["CreationTime"],
        decided_by=found.get("LastModifiedBy", {}).get("IamIdentity", {}).get("Arn", ""),
        decision=found.get("ApprovalDescription", ""),
    )


def newest_first(sagemaker: Any, group: str, *, approved_only: bool = True) -> Iterator[ModelVersion]:
    """The versions of `group`, the newest first."""
    status = {"ModelApprovalStatus": APPROVED} if approved_only else {}
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group, **status)
    arns = [item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"]]
    # By the number, not by time: two versions may be registered within one second.
    for arn in sorted(arns, key=lambda arn: -int(arn.rsplit("/", 1)[1])):
        yield describe(sagemaker, arn)
