"""Versions of the reader in SageMaker's model registry."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import PlatformError

APPROVED = "Approved"


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
    """

    arn: str
    group: str
    number: int
    approval: str
    image: str
    model_data_url: str
    metadata: dict[str, str]

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
    try:
        found = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise PlatformError(
            f"model package {arn!r} does not exist: `drawingops models list` shows those that do"
        ) from error
    container = found["InferenceSpecification"]["Containers"][0]
    return ModelVersion(
        arn=found["ModelPackageArn"],
        group=found["ModelPackageGroupName"],
        number=found["ModelPackageVersion"],
        approval=found["ModelApprovalStatus"],
        image=container["Image"],
        model_data_url=container["ModelDataUrl"],
        metadata=found.get("CustomerMetadataProperties", {}),
    )


def newest_first(sagemaker: Any, group: str, *, approved_only: bool = True) -> Iterator[ModelVersion]:
    """The versions of `group`, the newest first."""
    status = {"ModelApprovalStatus": APPROVED} if approved_only else {}
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group, **status)
    arns = [item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"]]
    # By the number, not by time: two versions may be registered within one second.
    for arn in sorted(arns, key=lambda arn: -int(arn.rsplit("/", 1)[1])):
        yield describe(sagemaker, arn)
