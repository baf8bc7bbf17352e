"""The model registry as an operator sees it: numbered versions with their state, their origin and where they run."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli.environment import Environment, split_uri
from cli.errors import OperatorError

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
MAX_METADATA_VALUE = 256
_NOT_IN_METADATA = re.compile(r"[^\w \-.:/=+@]")


class ModelVersion(BaseModel):
    """One model package of the group. `accuracy` and `regression_exact` are fractions."""

    model_config = ConfigDict(frozen=True)

    version: int
    arn: str
    state: str
    created: datetime
    accuracy: float | None
    regression_exact: float | None
    parent: str | None
    data: str | None
    model_data_url: str
    image: str
    evaluation_uri: str | None
    reason: str | None
    metadata: dict[str, str]

    @property
    def name(self) -> str:
        """`v3`, as every command writes and takes it."""
        return f"v{self.version}"


class StoredPackage(BaseModel):
    """The `model.tar.gz` of a version in S3: its size in bytes, None where it is not there any more."""

    model_config = ConfigDict(frozen=True)

    uri: str
    size: int | None


def versions(environment: Environment) -> list[ModelVersion]:
    """Every version of the group, newest first."""
    return sorted((describe(environment, arn) for arn in _arns(environment)), key=lambda item: -item.version)


def version(environment: Environment, name: str) -> ModelVersion:
    """The version called `name` (`v3` or `3`); OperatorError that lists the existing ones where it is unknown."""
    digits = name.removeprefix("v").removeprefix("V")
    if not digits.isdecimal():
        raise OperatorError(f"{name}: not a version; write it as v1, v2 …")
    wanted = int(digits)
    arns = list(_arns(environment))
    for arn in arns:
        if version_number(arn) == wanted:
            return describe(environment, arn)
    existing = ", ".join(f"v{number}" for number in sorted(version_number(arn) for arn in arns)) or "none"
    raise OperatorError(f"v{wanted}: no such version in {environment.names.model_package_group}; there are: {existing}")


def version_number(arn: str) -> int:
    """The number at the end of a versioned model package's ARN."""
    return int(arn.rsplit("/", 1)[1])


def register(
    environment: Environment,
    model_data_url: str,
    metadata: Mapping[str, str],
    description: str,
    *,
    evaluation_uri: str | None = None,
) -> ModelVersion:
    """Registers a model package that lies in S3 as the next version, waiting for approval.

    The same package with the same metadata again within AWS's time for a repeated request is the same version.
    """
    values = {name: metadata_value(value) for name, value in metadata.items() if value}
    content = f"{model_data_url} {sorted(values.items())}"
    measured = {"ContentType": "application/json", "S3Uri": evaluation_uri}
    answer = environment.client("sagemaker").create_model_package(
        ModelPackageGroupName=environment.names.model_package_group,
        ModelPackageDescription=description,
        ClientToken=hashlib.sha256(content.encode()).hexdigest()[:36],
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": environment.names.inference_image, "ModelDataUrl": model_data_url}],
            "SupportedContentTypes": ["application/json", "application/octet-stream"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        CustomerMetadataProperties=values,
        **({"ModelMetrics": {"ModelQuality": {"Statistics": measured}}} if evaluation_uri else {}),
    )
    return describe(environment, answer["ModelPackageArn"])


def metadata_value(text: str) -> str:
    """`text` as CustomerMetadataProperties take it: letters, digits, space and `_.:/=+-@`, at most 256 characters."""
    return _NOT_IN_METADATA.sub("_", text)[:MAX_METADATA_VALUE]


def set_state(environment: Environment, chosen: ModelVersion, state: str, reason: str) -> None:
    """Sets the approval state of a version; the release workflow hears of it by event."""
    environment.client("sagemaker").update_model_package(
        ModelPackageArn=chosen.arn, ModelApprovalStatus=state, ApprovalDescription=reason
    )


def stored_package(environment: Environment, chosen: ModelVersion) -> StoredPackage:
    """Looks where the version's package lies."""
    bucket, key = split_uri(chosen.model_data_url)
    try:
        found = environment.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NoSuchBucket"):
            raise
        return StoredPackage(uri=chosen.model_data_url, size=None)
    return StoredPackage(uri=chosen.model_data_url, size=found["ContentLength"])


def _arns(environment: Environment) -> Iterator[str]:
    pages = (
        environment.client("sagemaker")
        .get_paginator("list_model_packages")
        .paginate(ModelPackageGroupName=environment.names.model_package_group)
    )
    return (item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"])


def describe(environment: Environment, arn: str) -> ModelVersion:
    """The version of that ARN; ClientError where there is none."""
    found: dict[str, Any] = environment.client("sagemaker").describe_model_package(ModelPackageName=arn)
    container = found["InferenceSpecification"]["Containers"][0]
    metadata = found.get("CustomerMetadataProperties", {})
    quality = found.get("ModelMetrics", {}).get("ModelQuality", {})
    return ModelVersion(
        version=found["ModelPackageVersion"],
        arn=arn,
        state=found["ModelApprovalStatus"],
        created=found["CreationTime"],
        accuracy=_fraction(metadata.get("accuracy")),
        regression_exact=_fraction(metadata.get("regression_exact")),
        parent=metadata.get("parent") or None,
        data=metadata.get("label_manifest") or None,
        model_data_url=container["ModelDataUrl"],
        image=container["Image"],
        evaluation_uri=quality.get("Statistics", {}).get("S3Uri"),
        reason=found.get("ApprovalDescription") or metadata.get("reason") or None,
        metadata=metadata,
    )


def _fraction(text: str | None) -> float | None:
    return float(text) if text else None
