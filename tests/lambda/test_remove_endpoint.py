"""The custom resource that removes the workflows' endpoints with their stack: its own only, in any state, again."""

from __future__ import annotations

import io
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from remove_endpoint import handler
from tests.lambda_context import Context

NAME = "drawing-reader-dev"


@dataclass
class LogContext(Context):
    log_stream_name: str = "stream"
    left_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What CloudFormation is told."""
    answers: list[dict[str, Any]] = []

    def urlopen(request: urllib.request.Request, **_: Any) -> io.BytesIO:
        assert isinstance(request.data, bytes)
        answers.append(json.loads(request.data))
        return io.BytesIO()

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return answers


def order(kind: str, name: str = NAME, *alarms: str) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation/answer",
        "LogicalResourceId": "Endpoint",
        "StackId": "stack",
        "RequestId": "request",
        "ResourceProperties": {"EndpointName": name, "Alarms": list(alarms)},
    }


def serve(endpoint: str, *configs: str) -> None:
    """An endpoint, with its last configuration, and the earlier ones."""
    sagemaker = boto3.client("sagemaker")
    for config in configs:
        sagemaker.create_model(ModelName=config, ExecutionRoleArn="arn:aws:iam::123456789012:role/serves")
        variant = {"VariantName": "reader", "ModelName": config, "InstanceType": "ml.m5.xlarge"}
        sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
        )
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=configs[-1])


def left() -> tuple[list[str], list[str], list[str]]:
    sagemaker = boto3.client("sagemaker")
    return (
        sorted(item["EndpointName"] for item in sagemaker.list_endpoints()["Endpoints"]),
        sorted(item["EndpointConfigName"] for item in sagemaker.list_endpoint_configs()["EndpointConfigs"]),
        sorted(item["ModelName"] for item in sagemaker.list_models()["Models"]),
    )


def test_the_endpoint_goes_with_all_its_versions_and_its_alarm_and_nothing_of_another(
    told: list[dict[str, Any]],
) -> None:
    other = f"{NAME}-async"
    serve(NAME, f"{NAME}-v1-01234567", f"{NAME}-v2-89abcdef")
    serve(other, f"{other}-v2-89abcdef")
    alarms = boto3.client("cloudwatch")
    alarms.put_metric_alarm(AlarmName="wake", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1)
    handler.handle(order("Create"), LogContext())
    handler.handle(order("Update"), LogContext())
    assert left()[0] == [NAME, other]
    handler.handle(order("Delete", NAME, "wake"), LogContext())
    assert left() == ([other], [f"{other}-v2-89abcdef"], [f"{other}-v2-89abcdef"])
    assert alarms.describe_alarms()["MetricAlarms"] == []
    assert [answer["Status"] for answer in told] == ["SUCCESS"] * 3
    assert len({answer["PhysicalResourceId"] for answer in told}) == 1


def test_where_each_version_has_an_endpoint_they_go_and_what_the_settings_name_stays(
    told: list[dict[str, Any]],
) -> None:
    prefix = "drawing-embedder-dev"
    for version in ("v2-01234567", "v13-89abcdef", "shipped"):
        serve(f"{prefix}-{version}", f"{prefix}-{version}")
    wanted = order("Delete", prefix)
    wanted["ResourceProperties"]["Versions"] = "true"
    handler.handle(wanted, LogContext())
    assert left() == ([f"{prefix}-shipped"],) * 3
    assert told[-1]["Status"] == "SUCCESS"


def test_what_was_never_released_or_is_already_gone_is_not_missed(told: list[dict[str, Any]]) -> None:
    handler.handle(order("Delete"), LogContext())
    handler.handle(order("Delete"), LogContext())
    assert [answer["Status"] for answer in told] == ["SUCCESS", "SUCCESS"]


def test_names_that_were_shortened_are_found(told: list[dict[str, Any]]) -> None:
    long = "r" * 60
    serve(long, f"{long[:51]}-v1-01234567"[:63], f"{long[:51]}-v12-89abcde0"[-63:])
    handler.handle(order("Delete", long), LogContext())
    assert left()[0] == []
    assert told[-1]["Status"] == "SUCCESS"


def test_an_endpoint_that_never_comes_to_rest_fails_with_the_remedy(
    told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(NAME, f"{NAME}-v1-01234567")
    monkeypatch.setattr(handler, "CHANGING", ("InService",))
    monkeypatch.setattr(handler, "POLL_SECONDS", 0.01)
    handler.handle(order("Delete"), LogContext(left_ms=20_100))
    assert told[-1]["Status"] == "FAILED"
    assert f"endpoint {NAME} is still 'InService': delete the stack again" in told[-1]["Reason"]
    assert left()[0] == [NAME]
