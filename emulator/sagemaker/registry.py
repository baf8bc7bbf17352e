"""The model registry: groups, versions, approval, and the events that start a release."""

from __future__ import annotations

import threading
from typing import Any

from emulator.api import Caller, Document, ServiceError, operation
from emulator.events import targets
from emulator.images import registry as images
from emulator.sagemaker import objects
from emulator.sagemaker.store import Table, as_event, drop_tags, invalid, now, only, page, set_tags

GROUPS: Table[Document] = Table("model-package-group")
PACKAGES: Table[Document] = Table("model-package")
_lock = threading.RLock()
_tokens: dict[tuple[Caller, str], str] = {}
# A version's number is never given twice, even after its deletion.
_last_version: dict[str, int] = {}

_KEPT = (
    "ModelPackageDescription",
    "InferenceSpecification",
    "SourceAlgorithmSpecification",
    "ValidationSpecification",
    "MetadataProperties",
    "ModelMetrics",
    "CustomerMetadataProperties",
    "DriftCheckBaselines",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "AdditionalInferenceSpecifications",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
    "CertifyForMarketplace",
)
_SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
)


@operation("sagemaker", "CreateModelPackageGroup")
def create_model_package_group(request: Document, caller: Caller) -> Document:
    name = request["ModelPackageGroupName"]
    arn = GROUPS.arn(caller, name)
    if GROUPS.find(caller, name):
        raise invalid(f"Model Package Group already exists: {arn}")
    document = {
        "ModelPackageGroupName": name,
        "ModelPackageGroupArn": arn,
        "CreationTime": now(),
        "CreatedBy": {},
        "ModelPackageGroupStatus": "Completed",
        **only(request, ["ModelPackageGroupDescription"]),
    }
    GROUPS.add(caller, name, document)
    set_tags(arn, request.get("Tags"))
    return {"ModelPackageGroupArn": arn}


def _group(caller: Caller, name: str) -> Document:
    found = GROUPS.find(caller, name)
    if found is None:
        raise invalid(f"ModelPackageGroup {name} does not exist.")
    return found


@operation("sagemaker", "DescribeModelPackageGroup")
def describe_model_package_group(request: Document, caller: Caller) -> Document:
    return _group(caller, request["ModelPackageGroupName"])


@operation("sagemaker", "ListModelPackageGroups")
def list_model_package_groups(request: Document, caller: Caller) -> Document:
    members = (
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
    )
    return page(
        request,
        GROUPS.all(caller),
        "ModelPackageGroupSummaryList",
        name="ModelPackageGroupName",
        summary=lambda item: only(item, members),
    )


@operation("sagemaker", "DeleteModelPackageGroup")
def delete_model_package_group(request: Document, caller: Caller) -> None:
    group = _group(caller, request["ModelPackageGroupName"])
    name = group["ModelPackageGroupName"]
    if any(each.get("ModelPackageGroupName") == name for each in PACKAGES.all(caller)):
        message = f"Model Package Group {name} cannot be deleted: it still holds model packages"
        raise ServiceError("ConflictException", message)
    GROUPS.remove(caller, name)
    drop_tags(group["ModelPackageGroupArn"])


@operation("sagemaker", "CreateModelPackage")
def create_model_package(request: Document, caller: Caller) -> Document:
    with _lock:
        token = request.get("ClientToken")
        if token and (caller, token) in _tokens:
            return {"ModelPackageArn": _tokens[caller, token]}
        _check_model_data(request, caller)
        document = {**only(request, _KEPT), "CreationTime": now(), "CreatedBy": {}}
        if "ModelPackageGroupName" in request:
            group = _group(caller, request["ModelPackageGroupName"])["ModelPackageGroupName"]
            key = f"{caller.region}/{group}"
            version = _last_version[key] = _last_version.get(key, 0) + 1
            name = f"{group}/{version}"
            document |= {"ModelPackageGroupName": group, "ModelPackageVersion": version}
            document["ModelApprovalStatus"] = request.get("ModelApprovalStatus", "PendingManualApproval")
        elif "ModelPackageName" in request:
            name = request["ModelPackageName"]
        else:
            raise invalid("Either ModelPackageName or ModelPackageGroupName is required.")
        document |= {
            # A version is named by its ARN; the name itself is the group's.
            "ModelPackageName": request.get("ModelPackageName") or document["ModelPackageGroupName"],
            "ModelPackageArn": PACKAGES.arn(caller, name),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        }
        PACKAGES.add(caller, document["ModelPackageArn"], document)
        if token:
            _tokens[caller, token] = document["ModelPackageArn"]
    set_tags(document["ModelPackageArn"], request.get("Tags"))
    _send_event(document, caller)
    return {"ModelPackageArn": document["ModelPackageArn"]}


def _check_model_data(request: Document, caller: Caller) -> None:
    """AWS reads the artefact when a version is registered, and notes the image's digest."""
    for container in request.get("InferenceSpecification", {}).get("Containers", []):
        url = container.get("ModelDataUrl")
        if url and not objects.exists(url, caller.region):
            raise invalid(f"Could not find model data at {url}.")
        if "ImageDigest" not in container and "Image" in container:
            try:
                container["ImageDigest"] = images.resolve(container["Image"]).digest
            except ServiceError as error:
                raise invalid(f"Could not access image at {container['Image']}: {error.message}") from error


def package(caller: Caller, name: str) -> Document:
    """A model package by ARN or, when it is in no group, by name. Raises `ServiceError`."""
    arn = name if name.startswith("arn:") else PACKAGES.arn(caller, name)
    for each in PACKAGES.all(caller):
        if each["ModelPackageArn"] == arn:
            return each
    raise invalid(f"ModelPackage {name} does not exist.")


@operation("sagemaker", "DescribeModelPackage")
def describe_model_package(request: Document, caller: Caller) -> Document:
    return package(caller, request["ModelPackageName"])


@operation("sagemaker", "BatchDescribeModelPackage")
def batch_describe_model_package(request: Document, caller: Caller) -> Document:
    members = (
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "InferenceSpecification",
        "ModelPackageStatus",
        "ModelApprovalStatus",
    )
    found: Document = {}
    errors: Document = {}
    for arn in request["ModelPackageArnList"]:
        try:
            found[arn] = only(package(caller, arn), members)
        except ServiceError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}


@operation("sagemaker", "UpdateModelPackage")
def update_model_package(request: Document, caller: Caller) -> Document:
    with _lock:
        document = package(caller, request["ModelPackageArn"])
        before = document.get("ModelApprovalStatus")
        document |= only(
            request, ["ModelApprovalStatus", "ApprovalDescription", "InferenceSpecification", "SourceUri", "ModelCard"]
        )
        metadata = {**document.get("CustomerMetadataProperties", {}), **request.get("CustomerMetadataProperties", {})}
        for name in request.get("CustomerMetadataPropertiesToRemove", []):
            metadata.pop(name, None)
        if metadata:
            document["CustomerMetadataProperties"] = metadata
        document |= {"LastModifiedTime": now(), "LastModifiedBy": {}}
    if document.get("ModelApprovalStatus") != before:
        _send_event(document, caller)
    return {"ModelPackageArn": document["ModelPackageArn"]}


@operation("sagemaker", "DeleteModelPackage")
def delete_model_package(request: Document, caller: Caller) -> None:
    document = package(caller, request["ModelPackageName"])
    with _lock:
        _remove(caller, document)


def _remove(caller: Caller, document: Document) -> None:
    for key in [key for key, each in PACKAGES._items.items() if each is document and key[0] == caller]:
        del PACKAGES._items[key]
    drop_tags(document["ModelPackageArn"])


@operation("sagemaker", "ListModelPackages")
def list_model_packages(request: Document, caller: Caller) -> Document:
    group = request.get("ModelPackageGroupName", "").rpartition("/")[2]
    kind = request.get("ModelPackageType", "Versioned" if group else "Unversioned")
    found = [
        each
        for each in PACKAGES.all(caller)
        if (not group or each.get("ModelPackageGroupName") == group)
        and (kind == "Both" or (kind == "Versioned") == ("ModelPackageVersion" in each))
        and request.get("ModelApprovalStatus") in (None, each.get("ModelApprovalStatus"))
    ]
    return page(
        request,
        found,
        "ModelPackageSummaryList",
        name="ModelPackageName",
        summary=lambda item: only(item, _SUMMARY),
    )


def _send_event(document: Document, caller: Caller) -> None:
    detail: dict[str, Any] = as_event(
        {
            key: value
            for key, value in document.items()
            if key not in ("CreatedBy", "LastModifiedBy") and value is not None
        }
    )
    arn = document["ModelPackageArn"]
    targets.send(caller, "aws.sagemaker", "SageMaker Model Package State Change", detail, [arn])
