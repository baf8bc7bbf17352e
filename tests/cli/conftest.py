"""Fixtures of the command line's tests: an account in moto, empty or with environment `dev` deployed."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from cli.environment import discover
from tests.cli.world import BUCKET, GROUP, HISTORY, NAMES, REGION, World


@pytest.fixture
def bare_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS account in which nothing is deployed."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "DRAWING_ENV"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


@pytest.fixture
def world(bare_account: None) -> World:  # noqa: ARG001 - a fixture inside a fixture
    """Environment `dev`, deployed and empty: no version, no endpoint, an empty history."""
    ssm = boto3.client("ssm")
    for name, value in NAMES.items():
        ssm.put_parameter(Name=f"/drawing-platform/dev/{name}", Value=value, Type="String")
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
    boto3.client("dynamodb").create_table(
        TableName=HISTORY,
        KeySchema=[
            {"AttributeName": "endpoint", "KeyType": "HASH"},
            {"AttributeName": "deployment", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "endpoint", "AttributeType": "S"},
            {"AttributeName": "deployment", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return World(discover("dev"))


@pytest.fixture
def put(world: World) -> Callable[[str, bytes | str], str]:
    """Writes an object into the data bucket and gives back its address."""

    def write(key: str, body: bytes | str) -> str:
        world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    return write
