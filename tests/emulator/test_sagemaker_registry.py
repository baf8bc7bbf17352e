"""The model registry and the events that it sends."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import Client, wait_for


@pytest.fixture
def group(client: Client) -> str:
    name = f"models-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def model_data(client: Client, bucket: str) -> str:
    client("s3").put_object(Bucket=bucket, Key="registry/model.tar.gz", Body=b"archive")
    return f"s3://{bucket}/registry/model.tar.gz"


def version(client: Client, group: str, image: str, model_data: str, **more: Any) -> str:
    arn: str = client("sagemaker").create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": model_data}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        **more,
    )["ModelPackageArn"]
    return arn


@pytest.fixture
def events(client: Client) -> Any:
    """A queue with every SageMaker event; call it to get those that arrived."""
    name = f"events-{uuid.uuid4().hex[:8]}"
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client("events").put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])

    def received() -> list[dict[str, Any]]:
        messages = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    yield received
    client("events").remove_targets(Rule=name, Ids=["1"])
    client("events").delete_rule(Name=name)


def test_versions_count_up_and_a_number_is_never_given_twice(
    client: Client, group: str, image: str, model_data: str
) -> None:
    first, second = (version(client, group, image, model_data) for _ in range(2))
    assert (first.rpartition("/")[2], second.rpartition("/")[2]) == ("1", "2")
    client("sagemaker").delete_model_package(ModelPackageName=second)
    assert version(client, group, image, model_data).endswith("/3")


def test_a_version_is_described_with_its_metadata_and_the_digest_of_its_image(
    client: Client, group: str, image: str, model_data: str
) -> None:
    arn = version(client, group, image, model_data, CustomerMetadataProperties={"accuracy": "0.9"})
    found = client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert found["ModelPackageVersion"] == 1
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["CustomerMetadataProperties"] == {"accuracy": "0.9"}
    assert found["InferenceSpecification"]["Containers"][0]["ImageDigest"].startswith("sha256:")


def test_the_same_client_token_is_the_same_version(client: Client, group: str, image: str, model_data: str) -> None:
    token = uuid.uuid4().hex
    arns = {version(client, group, image, model_data, ClientToken=token) for _ in range(2)}
    assert len(arns) == 1


def test_a_version_without_its_model_data_is_refused(client: Client, group: str, image: str, bucket: str) -> None:
    with pytest.raises(ClientError, match="Could not find model data at"):
        version(client, group, image, f"s3://{bucket}/nothing.tar.gz")


def test_creation_and_approval_send_events_shaped_as_aws_shapes_them(
    client: Client, group: str, image: str, model_data: str, events: Any
) -> None:
    arn = version(client, group, image, model_data)
    client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    # The same status again changes nothing and sends nothing.
    client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    found: list[dict[str, Any]] = []

    def two() -> bool:
        found.extend(event for event in events() if event["detail"].get("ModelPackageGroupName") == group)
        return len(found) >= 2

    wait_for(two)
    assert {event["detail-type"] for event in found} == {"SageMaker Model Package State Change"}
    approvals = sorted(event["detail"]["ModelApprovalStatus"] for event in found)
    assert approvals == ["Approved", "PendingManualApproval"]
    detail = found[0]["detail"]
    assert (detail["ModelPackageArn"], detail["ModelPackageVersion"]) == (arn, 1)
    assert found[0]["resources"] == [arn]
    assert isinstance(detail["CreationTime"], int)


def test_a_group_with_versions_cannot_be_deleted(client: Client, group: str, image: str, model_data: str) -> None:
    arn = version(client, group, image, model_data)
    with pytest.raises(client("sagemaker").exceptions.ConflictException):
        client("sagemaker").delete_model_package_group(ModelPackageGroupName=group)
    client("sagemaker").delete_model_package(ModelPackageName=arn)
    client("sagemaker").delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match="does not exist"):
        client("sagemaker").describe_model_package_group(ModelPackageGroupName=group)


def test_versions_are_listed_in_pages_and_filtered_by_approval(
    client: Client, group: str, image: str, model_data: str
) -> None:
    arns = [version(client, group, image, model_data) for _ in range(3)]
    client("sagemaker").update_model_package(ModelPackageArn=arns[1], ModelApprovalStatus="Approved")
    pages = (
        client("sagemaker")
        .get_paginator("list_model_packages")
        .paginate(ModelPackageGroupName=group, PaginationConfig={"PageSize": 2})
    )
    listed = [each["ModelPackageArn"] for found in pages for each in found["ModelPackageSummaryList"]]
    assert listed == arns[::-1]
    approved = client("sagemaker").list_model_packages(ModelPackageGroupName=group, ModelApprovalStatus="Approved")
    assert [each["ModelPackageArn"] for each in approved["ModelPackageSummaryList"]] == [arns[1]]


def test_tags_are_kept(client: Client, group: str, image: str, model_data: str) -> None:
    arn = version(client, group, image, model_data)
    client("sagemaker").add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert client("sagemaker").list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_search_finds_versions_by_group_and_status(client: Client, group: str, image: str, model_data: str) -> None:
    arns = [version(client, group, image, model_data) for _ in range(2)]
    client("sagemaker").update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Rejected")
    found = client("sagemaker").search(
        Resource="ModelPackage",
        SearchExpression={
            "Filters": [
                {"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group},
                {"Name": "ModelApprovalStatus", "Operator": "NotEquals", "Value": "Rejected"},
            ]
        },
    )["Results"]
    assert [each["ModelPackage"]["ModelPackageArn"] for each in found] == [arns[1]]
