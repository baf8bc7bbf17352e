"""The asynchronous endpoint follows the real-time one, whatever is lost, late or twice on the way."""

from __future__ import annotations

import json
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from follow_release import handler
from shared.errors import PlatformError
from tests.lambda_context import Context

LEADER, FOLLOWER = "drawing-reader", "drawing-reader-async"
SETTINGS = {
    "leader": LEADER,
    "endpoint_name": FOLLOWER,
    "variant_name": "reader",
    "instance_type": "ml.m7i.xlarge",
    "execution_role_arn": "arn:aws:iam::123456789012:role/asynchronous",
    "volume_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/1",
    "output_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/1",
    "output_uri": "s3://bucket/results/asynchronous/answers",
    "failure_uri": "s3://bucket/results/asynchronous/failures",
    "succeeded_topic_arn": "arn:aws:sns:eu-central-1:123456789012:succeeded",
    "failed_topic_arn": "arn:aws:sns:eu-central-1:123456789012:failed",
    "max_instances": 4,
    "backlog_per_instance": 5,
    "scale_in_cooldown_seconds": 600,
    "scale_out_cooldown_seconds": 300,
    "answer_seconds": 900,
    "wake_alarm": f"{FOLLOWER}-wake",
    "subnets": ["subnet-1"],
    "security_groups": ["sg-1"],
}
LEADS = {"detail": {"EndpointName": LEADER}}
FOLLOWS = {"detail": {"EndpointName": FOLLOWER}}
HOURLY: dict[str, Any] = {}


class Account:
    """The services as the function sees them; every request is held to botocore's shape of it."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, str]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        self.models: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str) -> _Client:
        return _Client(self, service)

    def lead(self, version: int) -> None:
        """Version `version` serves in real time."""
        name = f"{LEADER}-v{version}-0123abcd"
        container = {
            "Image": "image:1",
            "ModelDataUrl": f"s3://bucket/models/{version}/model.tar.gz",
            "Environment": {"MODEL_PACKAGE_VERSION": str(version)},
        }
        self.models[name] = {"PrimaryContainer": container}
        self.configs[name] = {"ProductionVariants": [{"ModelName": name}]}
        self.endpoints[LEADER] = {"EndpointStatus": "InService", "EndpointConfigName": name}

    def settle(self, config: str, status: str = "InService") -> None:
        """The follower comes to rest on `config`."""
        self.endpoints[FOLLOWER] = {"EndpointStatus": status, "EndpointConfigName": config}

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]


class _Client:
    def __init__(self, account: Account, service: str) -> None:
        self._account, self._service = account, service
        self._model = botocore.session.get_session().get_service_model(service)

    def __getattr__(self, method: str) -> Any:
        operation = "".join(word.capitalize() for word in method.split("_"))

        def call(**arguments: Any) -> Any:
            shape = self._model.operation_model(operation).input_shape
            report = ParamValidator().validate(arguments, shape)
            assert not report.has_errors(), report.generate_report()
            self._account.calls.append((operation, arguments))
            answer = getattr(type(self), f"_{method}", None)
            return answer(self, **arguments) if answer else {}

        return call

    def get_paginator(self, _: str) -> Any:
        names = [{"EndpointConfigName": name} for name in self._account.configs]

        class Pages:
            def paginate(self, NameContains: str) -> list[dict[str, Any]]:
                return [{"EndpointConfigs": [item for item in names if NameContains in item["EndpointConfigName"]]}]

        return Pages()

    def _found(self, place: dict[str, Any], name: str, operation: str) -> Any:
        if name not in place:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "Could not find"}}, operation)
        return place[name]

    def _describe_endpoint(self, EndpointName: str) -> Any:
        return self._found(self._account.endpoints, EndpointName, "DescribeEndpoint")

    def _describe_endpoint_config(self, EndpointConfigName: str) -> Any:
        return self._found(self._account.configs, EndpointConfigName, "DescribeEndpointConfig")

    def _describe_model(self, ModelName: str) -> Any:
        return self._found(self._account.models, ModelName, "DescribeModel")

    def _create_model(self, **arguments: Any) -> None:
        self._created(self._account.models, arguments["ModelName"], arguments)

    def _create_endpoint_config(self, **arguments: Any) -> None:
        self._created(self._account.configs, arguments["EndpointConfigName"], arguments)

    def _created(self, place: dict[str, Any], name: str, arguments: dict[str, Any]) -> None:
        if name in place:
            error = {"Code": "ValidationException", "Message": f"Cannot create already existing {name}"}
            raise ClientError({"Error": error}, "Create")
        place[name] = arguments

    def _create_endpoint(self, EndpointName: str, EndpointConfigName: str) -> None:
        self._account.endpoints[EndpointName] = {"EndpointStatus": "Creating", "EndpointConfigName": EndpointConfigName}

    def _update_endpoint(self, EndpointName: str, EndpointConfigName: str) -> None:  # noqa: ARG002
        self._account.endpoints[EndpointName]["EndpointStatus"] = "Updating"

    def _delete_endpoint(self, EndpointName: str) -> None:
        del self._account.endpoints[EndpointName]

    def _delete_endpoint_config(self, EndpointConfigName: str) -> None:
        del self._account.configs[EndpointConfigName]

    def _delete_model(self, ModelName: str) -> None:
        del self._account.models[ModelName]

    def _put_scaling_policy(self, **arguments: Any) -> dict[str, str]:
        return {"PolicyARN": f"arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:{arguments['PolicyName']}"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(boto3, "client", made.client)
    monkeypatch.setenv("FOLLOWER", json.dumps(SETTINGS))
    return made


def happens(event: dict[str, Any]) -> dict[str, str]:
    answer: dict[str, str] = handler.handle(event, Context())
    return answer


def test_without_a_version_that_serves_there_is_nothing_to_follow(account: Account) -> None:
    assert happens(HOURLY)["did"] == "nothing"
    account.lead(1)
    account.endpoints[LEADER]["EndpointStatus"] = "Creating"
    assert happens(LEADS)["did"] == "nothing"
    assert account.called("CreateEndpoint") == []


def test_the_first_release_makes_the_endpoint_with_the_same_container(account: Account) -> None:
    account.lead(1)
    made = happens(LEADS)
    assert made["did"] == "creates"
    (model,) = account.called("CreateModel")
    assert model["PrimaryContainer"] == {
        "Image": "image:1",
        "ModelDataUrl": "s3://bucket/models/1/model.tar.gz",
        "Environment": {
            "MODEL_PACKAGE_VERSION": "1",
            "SAGEMAKER_MODEL_SERVER_TIMEOUT": "900",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": "1000",
        },
    }
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    (config,) = account.called("CreateEndpointConfig")
    assert config["KmsKeyId"] == SETTINGS["volume_key_arn"]
    assert config["AsyncInferenceConfig"]["OutputConfig"] == {
        "KmsKeyId": SETTINGS["output_key_arn"],
        "S3OutputPath": SETTINGS["output_uri"],
        "S3FailurePath": SETTINGS["failure_uri"],
        "NotificationConfig": {
            "SuccessTopic": SETTINGS["succeeded_topic_arn"],
            "ErrorTopic": SETTINGS["failed_topic_arn"],
        },
    }
    assert account.endpoints[FOLLOWER]["EndpointConfigName"] == made["config"]


def test_once_it_serves_it_scales_by_the_backlog_down_to_nothing_and_is_woken_by_an_alarm(account: Account) -> None:
    account.lead(1)
    account.settle(happens(LEADS)["config"])
    assert happens(FOLLOWS)["did"] == "follows"
    (target,) = account.called("RegisterScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 4)
    assert target["ResourceId"] == f"endpoint/{FOLLOWER}/variant/reader"
    backlog, wake = account.called("PutScalingPolicy")
    tracking = backlog["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert (tracking["TargetValue"], tracking["ScaleInCooldown"], tracking["ScaleOutCooldown"]) == (5.0, 600, 300)
    step = wake["StepScalingPolicyConfiguration"]
    assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    (alarm,) = account.called("PutMetricAlarm")
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
    assert alarm["AlarmActions"] == [f"arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:{FOLLOWER}-wake"]


def test_every_release_and_every_rollback_is_followed_and_the_policies_are_there_after_each(account: Account) -> None:
    account.lead(1)
    account.settle(happens(LEADS)["config"])
    happens(FOLLOWS)
    for version in (2, 1):
        account.lead(version)
        updated = happens(LEADS)
        assert updated["did"] == "updates"
        assert happens(LEADS)["did"] == "waits"  # told twice
        account.calls.clear()
        account.settle(updated["config"])
        assert happens(FOLLOWS)["did"] == "follows"
        assert len(account.called("PutScalingPolicy")) == 2
    ours = [name for name in account.configs if name.startswith(FOLLOWER)]
    assert ours == [updated["config"]] == [name for name in account.models if name.startswith(FOLLOWER)]


def test_a_release_during_its_own_update_is_followed_afterwards(account: Account) -> None:
    account.lead(1)
    first = happens(LEADS)["config"]
    account.lead(2)
    assert happens(LEADS)["did"] == "waits"
    account.settle(first)
    assert happens(FOLLOWS)["did"] == "updates"


def test_an_update_that_was_rolled_back_is_told_and_tried_again_by_the_next_release_only(account: Account) -> None:
    account.lead(1)
    old = happens(LEADS)["config"]
    account.settle(old)
    account.lead(2)
    happens(LEADS)
    account.settle(old)  # as AWS after a rollback: in service, on the old configuration
    for event in (FOLLOWS, HOURLY):
        with pytest.raises(PlatformError, match=f"{FOLLOWER} did not take v2 and serves {old}"):
            happens(event)
    assert len(account.called("UpdateEndpoint")) == 1
    assert happens(LEADS)["did"] == "updates"


def test_an_endpoint_that_could_not_be_made_is_made_anew_by_the_leaders_next_event(account: Account) -> None:
    account.lead(1)
    account.settle(happens(LEADS)["config"], "Failed")
    with pytest.raises(PlatformError, match="failed: see its log"):
        happens(HOURLY)
    assert FOLLOWER in account.endpoints
    with pytest.raises(PlatformError, match="failed: see its log"):
        happens(LEADS)
    assert happens(LEADS)["did"] == "creates"


def test_settings_that_cannot_be_read_are_named(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assert account.endpoints == {}
    monkeypatch.setenv("FOLLOWER", json.dumps({**SETTINGS, "max_instances": "many"}))
    with pytest.raises(PlatformError, match="FOLLOWER: max_instances: deploy the serving stack anew"):
        happens(HOURLY)
