"""What an endpoint serves, by the deployment history, and its model package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Deployment:
    """A successful deployment, as the history tells it.

    Attributes:
        key: Its sort key in the history.
        version: Of the model, as in the registry.
        ended: When the version served.
        model_package_arn: Of the version; "" where an older history does not say it.
    """

    key: str
    version: str
    ended: datetime
    model_package_arn: str = ""


def newest_deployment(dynamodb: Any, table: str, endpoint: str) -> Deployment | None:
    """The newest that put a version on the endpoint; one in progress, failed or rolled back changes nothing.

    Args:
        dynamodb: boto3's client.
        table: The deployment history.
        endpoint: Its name.
    """
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="endpoint = :endpoint",
        ExpressionAttributeValues={":endpoint": {"S": endpoint}},
        ScanIndexForward=False,
    )
    for page in pages:
        for item in page["Items"]:
            values = {name: value.get("S", "") for name, value in item.items()}
            # An order that only removed an old version succeeded, too, but leads to none.
            if values.get("to_version") and values["status"] == "SUCCEEDED":
                return Deployment(
                    values["deployment"],
                    values["to_version"],
                    datetime.fromisoformat(values["ended"]),
                    values.get("model_package_arn", ""),
                )
    return None


def fetch_model(sagemaker: Any, s3: Any, arn: str, path: Path) -> None:
    """Downloads the `model.tar.gz` of a version.

    Args:
        sagemaker, s3: boto3's clients.
        arn: Of the model package.
        path: Where it goes.
    """
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    url: str = described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    bucket, _, key = url.removeprefix("s3://").partition("/")
    s3.download_file(bucket, key, str(path))
