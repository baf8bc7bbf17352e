"""A model package group with versions, as the functions find it in an emulated account."""

from __future__ import annotations

from typing import Any

GROUP = "readers"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/images:0123"


def add_version(sagemaker: Any, status: str = "Approved", group: str = GROUP, **metadata: str) -> str:
    """Registers the next version of `group` (made if need be) and gives back its ARN."""
    known = [
        item["ModelPackageGroupName"] for item in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    ]
    if group not in known:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    created = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus=status,
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://data/models/model.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        CustomerMetadataProperties=metadata or {"reason": "test"},
    )
    return str(created["ModelPackageArn"])
