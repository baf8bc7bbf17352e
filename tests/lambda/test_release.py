"""The release workflow's steps: one version at a time, the right one, and never a rollback taken for a success."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from release import handler
from release.history import Busy
from shared.errors import PlatformError
from tests.lambda_context import Context
from tests.lambda_registry import GROUP, add_version

ENDPOINT = "drawing-reader"
TABLE = "history"
SETTINGS = {
    "endpoint_name": ENDPOINT,
    "variant_name": "reader",
    "instance_type": "ml.m5.large",
    "instances": 1,
    "strategy": "canary",
    "canary_percent": 10,
    "bake_seconds": 300,
    "termination_wait_seconds": 60,
    "max_execution_seconds": 1800,
    "alarm_names": ["errors", "latency"],
    "execution_role_arn": "arn:aws:iam::123456789012:role/endpoint",
    "kms_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/1",
    "subnets": ["subnet-1"],
    "security_groups": ["sg-1"],
    "autoscaling": {
        "min_instances": 1,
        "max_instances": 4,
        "invocations_per_instance": 60,
        "scale_in_cooldown_seconds": 300,
        "scale_out_cooldown_seconds": 60,
    },
}
MODEL = botocore.session.get_session().get_service_model("sagemaker")


class Endpoints:
    """SageMaker's endpoints, which moto has in part only; the registry is moto's. Requests are held to their shape."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self.models: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        self.endpoint: dict[str, Any] | None = None
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        if name in ("describe_model_package", "list_model_packages"):
            return getattr(self._registry, name)
        raise AttributeError(name)

    def get_paginator(self, name: str) -> Any:
        if name != "list_endpoint_configs":
            return self._registry.get_paginator(name)
        names = [{"EndpointConfigName": config} for config in reversed(self.configs)]

        class Pages:
            def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
                yield {"EndpointConfigs": names}

        return Pages()

    def create_model(self, **arguments: Any) -> None:
        self._create("CreateModel", self.models, "ModelName", arguments)

    def create_endpoint_config(self, **arguments: Any) -> None:
        self._create("CreateEndpointConfig", self.configs, "EndpointConfigName", arguments)

    def create_endpoint(self, **arguments: Any) -> None:
        self._check("CreateEndpoint", arguments)
        self.endpoint = {"EndpointStatus": "Creating", "EndpointConfigName": arguments["EndpointConfigName"]}

    def update_endpoint(self, **arguments: Any) -> None:
        self._check("UpdateEndpoint", arguments)
        assert self.endpoint is not None
        self.endpoint["EndpointStatus"] = "Updating"

    def delete_endpoint(self, **arguments: Any) -> None:
        self._check("DeleteEndpoint", arguments)
        self.endpoint = None

    def delete_endpoint_config(self, **arguments: Any) -> None:
        del self.configs[arguments["EndpointConfigName"]]

    def delete_model(self, **arguments: Any) -> None:
        del self.models[arguments["ModelName"]]

    def describe_endpoint(self, **_: Any) -> dict[str, Any]:
        if self.endpoint is None:
            error = {"Code": "ValidationException", "Message": "Could not find endpoint"}
            raise ClientError({"Error": error}, "DescribeEndpoint")
        return self.endpoint

    def settle(self, config: str, status: str = "InService", reason: str = "") -> None:
        self.endpoint = {"EndpointStatus": status, "EndpointConfigName": config, "FailureReason": reason}

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]

    def _create(self, operation: str, place: dict[str, Any], key: str, arguments: dict[str, Any]) -> None:
        self._check(operation, arguments)
        if arguments[key] in place:
            error = {"Code": "ValidationException", "Message": f"Cannot create already existing {arguments[key]}"}
            raise ClientError({"Error": error}, operation)
        place[arguments[key]] = arguments

    def _check(self, operation: str, arguments: dict[str, Any]) -> None:
        report = ParamValidator().validate(arguments, MODEL.operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.calls.append((operation, arguments))


class World:
    """Runs the steps as the state machine does."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.registry = boto3.client("sagemaker")
        self._count = 0

    def plan(self, execution: str = "", **order: str) -> dict[str, Any]:
        self._count += 1
        name = execution or f"execution-{self._count}"
        event = {
            "execution": name,
            "started": f"2026-11-21T07:00:{self._count:02d}.000Z",
            "order": {"action": "deploy", "requested_by": "ada", "reason": "why", **order},
        }
        planned: dict[str, Any] = handler.plan(event, Context())
        return planned

    def finish(self, planned: dict[str, Any]) -> dict[str, Any]:
        answer = handler.verify(planned, Context())
        ended: dict[str, Any] = handler.finish(planned | {"verdict": {"answer": answer}}, Context())
        return ended

    def release(self, **order: str) -> dict[str, Any]:
        """A whole release that goes well."""
        planned = handler.apply(self.plan(**order), Context())
        self.endpoints.settle(planned["endpoint_config"])
        return self.finish(planned)

    def decide(self, arn: str, status: str) -> None:
        self.registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)

    def history(self) -> list[dict[str, str]]:
        items = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        rows = [{name: next(iter(value.values())) for name, value in item.items()} for item in items]
        return sorted((row for row in rows if row["endpoint"] == ENDPOINT), key=lambda row: row["deployment"])

    def locked(self) -> bool:
        items = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        return any(item["endpoint"]["S"].startswith("lock#") for item in items)

    def live(self) -> str:
        assert self.endpoints.endpoint is not None
        return str(self.endpoints.endpoint["EndpointConfigName"])


@pytest.fixture
def world(account: None, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: ARG001
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
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
    real = boto3.client
    endpoints = Endpoints(real("sagemaker"))
    scaling = Scaling()
    fakes = {"sagemaker": endpoints, "application-autoscaling": scaling}
    monkeypatch.setattr(boto3, "client", lambda name: fakes.get(name) or real(name))
    monkeypatch.setenv("GROUP", GROUP)
    monkeypatch.setenv("HISTORY_TABLE", TABLE)
    monkeypatch.setenv("LEASE_SECONDS", "3600")
    monkeypatch.setenv("KEPT_CONFIGS", "2")
    monkeypatch.setenv("ENDPOINT", json.dumps(SETTINGS))
    made = World(endpoints)
    made.registry = real("sagemaker")
    return made


class Scaling:
    """Application Auto Scaling, held to its shapes."""

    _model = botocore.session.get_session().get_service_model("application-autoscaling")

    def register_scalable_target(self, **arguments: Any) -> None:
        self._check("RegisterScalableTarget", arguments)

    def put_scaling_policy(self, **arguments: Any) -> None:
        self._check("PutScalingPolicy", arguments)

    def _check(self, operation: str, arguments: dict[str, Any]) -> None:
        report = ParamValidator().validate(arguments, self._model.operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()


def test_the_first_version_creates_the_endpoint(world: World) -> None:
    arn = add_version(world.registry)
    ended = world.release(model_package_arn=arn)
    assert ended["status"] == "SUCCEEDED"
    (model,) = world.endpoints.models.values()
    assert model["PrimaryContainer"]["Environment"] == {"MODEL_PACKAGE_VERSION": "1"}
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    (entry,) = world.history()
    assert (entry["status"], entry["to_version"], entry["requested_by"]) == ("SUCCEEDED", "1", "ada")
    assert entry["endpoint_config"] == world.live()
    assert not world.locked()


def test_an_update_shifts_traffic_under_alarms_and_keeps_the_fleet(world: World) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.release(model_package_arn=add_version(world.registry))
    (update,) = world.endpoints.called("UpdateEndpoint")
    assert update["RetainAllVariantProperties"] is True
    config = update["DeploymentConfig"]
    assert config["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "latency"}]}
    policy = config["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 300,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
    }
    assert policy["MaximumExecutionTimeoutInSeconds"] == 1800
    assert policy["TerminationWaitInSeconds"] == 60


def test_a_serverless_endpoint_has_neither_machines_nor_guardrails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    serverless = {"serverless": {"memory_mb": 6144, "max_concurrency": 4}, "autoscaling": None}
    public = {"subnets": [], "security_groups": []}
    monkeypatch.setenv("ENDPOINT", json.dumps(SETTINGS | serverless | public))
    world.release(model_package_arn=add_version(world.registry))
    world.release(model_package_arn=add_version(world.registry))
    for config in world.endpoints.configs.values():
        (variant,) = config["ProductionVariants"]
        assert variant["ServerlessConfig"] == {"MemorySizeInMB": 6144, "MaxConcurrency": 4}
        assert not {"InstanceType", "InitialInstanceCount"} & variant.keys()
        assert "KmsKeyId" not in config
    (update,) = world.endpoints.called("UpdateEndpoint")
    assert update == {"EndpointName": ENDPOINT, "EndpointConfigName": world.live()}


def test_a_silent_rollback_is_told_as_one(world: World) -> None:
    world.release(model_package_arn=add_version(world.registry))
    old = world.live()
    planned = handler.apply(world.plan(model_package_arn=add_version(world.registry)), Context())
    assert handler.verify(planned, Context())["state"] == "changing"
    world.endpoints.settle(old, reason="alarm errors")
    ended = world.finish(planned)
    assert ended["status"] == "ROLLED_BACK"
    assert "v2 was rolled back" in ended["message"]
    assert "alarm errors" in ended["message"]
    assert world.history()[-1]["status"] == "ROLLED_BACK"
    assert not world.locked()


def test_an_endpoint_that_fails_is_a_failure_and_is_made_anew_next_time(world: World) -> None:
    arn = add_version(world.registry)
    planned = handler.apply(world.plan(model_package_arn=arn), Context())
    world.endpoints.settle(planned["endpoint_config"], "Failed", "no capacity")
    assert world.finish(planned)["status"] == "FAILED"
    planned = world.plan(model_package_arn=arn)
    with pytest.raises(Busy, match=r"failed \(no capacity\) and is made anew"):
        handler.apply(planned, Context())
    handler.apply(planned, Context())
    assert len(world.endpoints.called("CreateEndpoint")) == 2


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_only_an_approved_version_is_released(world: World, status: str) -> None:
    arn = add_version(world.registry, status)
    with pytest.raises(PlatformError, match=f"v1 is {status}: approve it first"):
        world.plan(model_package_arn=arn)
    assert world.history() == []
    assert not world.locked()


def test_a_version_of_another_group_is_not_released(world: World) -> None:
    arn = add_version(world.registry, group="others")
    with pytest.raises(PlatformError, match="belongs to group others"):
        world.plan(model_package_arn=arn)


@pytest.mark.parametrize("target", ["1", "v1"])
def test_a_version_is_found_by_its_number(world: World, target: str) -> None:
    arn = add_version(world.registry)
    add_version(world.registry)
    assert world.plan(target=target)["model_package_arn"] == arn


@pytest.mark.parametrize(("target", "message"), [("7", "no version v7"), ("newest", "neither 'previous' nor")])
def test_a_target_that_means_nothing_is_refused(world: World, target: str, message: str) -> None:
    add_version(world.registry)
    with pytest.raises(PlatformError, match=message):
        world.plan(target=target)


def test_previous_goes_back_and_forward_again(world: World) -> None:
    for _ in range(2):
        world.release(model_package_arn=add_version(world.registry))
    world.release(target="previous")
    assert "-v1-" in world.live()
    world.release(target="previous")
    assert "-v2-" in world.live()
    assert [entry["to_version"] for entry in world.history()] == ["1", "2", "1", "2"]


def test_previous_skips_what_was_rejected_or_rolled_back(world: World) -> None:
    arns = [add_version(world.registry) for _ in range(3)]
    for arn in arns:
        world.release(model_package_arn=arn)
    world.decide(arns[1], "Rejected")
    assert world.plan(target="previous")["version"] == "1"


def test_without_an_earlier_version_there_is_no_way_back(world: World) -> None:
    world.release(model_package_arn=add_version(world.registry))
    with pytest.raises(PlatformError, match="no earlier approved version"):
        world.plan(target="previous")
    assert not world.locked()


def test_an_approval_releases_the_version(world: World) -> None:
    arn = add_version(world.registry)
    assert world.release(action="approval", model_package_arn=arn, status="Approved")["status"] == "SUCCEEDED"


def test_an_approval_told_twice_is_acted_on_once(world: World) -> None:
    arn = add_version(world.registry)
    world.release(action="approval", model_package_arn=arn, status="Approved")
    again = world.plan(action="approval", model_package_arn=arn, status="Approved")
    assert (again["deploy"], again["message"]) == (False, "v1 serves already")
    assert len(world.history()) == 1
    assert not world.locked()


def test_rejecting_the_live_version_goes_back_to_the_one_before(world: World) -> None:
    arns = [add_version(world.registry) for _ in range(2)]
    for arn in arns:
        world.release(model_package_arn=arn)
    world.decide(arns[1], "Rejected")
    planned = world.plan(action="approval", model_package_arn=arns[1], status="Rejected")
    assert (planned["deploy"], planned["version"], planned["from_version"]) == (True, "1", "2")


def test_rejecting_a_version_that_does_not_serve_changes_nothing(world: World) -> None:
    world.release(model_package_arn=add_version(world.registry))
    arn = add_version(world.registry, "Rejected")
    assert not world.plan(action="approval", model_package_arn=arn, status="Rejected")["deploy"]


def test_an_old_event_is_not_believed_against_the_registry(world: World) -> None:
    arn = add_version(world.registry, "PendingManualApproval")
    planned = world.plan(action="approval", model_package_arn=arn, status="Approved")
    assert (planned["deploy"], planned["message"]) == (False, "v1 is PendingManualApproval")


def test_a_second_release_waits_for_the_first(world: World) -> None:
    arns = [add_version(world.registry) for _ in range(2)]
    first = handler.apply(world.plan("first", model_package_arn=arns[0]), Context())
    with pytest.raises(Busy, match="another release of drawing-reader is running"):
        world.plan("second", model_package_arn=arns[1])
    world.endpoints.settle(first["endpoint_config"])
    world.finish(first)
    assert world.plan("second", model_package_arn=arns[1])["deploy"]


def test_the_lock_of_a_killed_workflow_runs_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = add_version(world.registry)
    world.plan("killed", model_package_arn=arn)
    later = datetime.now(UTC).timestamp() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    assert world.plan("next", model_package_arn=arn)["deploy"]


def test_every_step_may_be_repeated(world: World) -> None:
    arn = add_version(world.registry)
    event = {
        "execution": "one",
        "started": "2026-11-21T07:00:00.000Z",
        "order": {"action": "deploy", "model_package_arn": arn},
    }
    planned = handler.plan(event, Context())
    assert handler.plan(event, Context()) == planned
    applied = handler.apply(planned, Context())
    assert handler.apply(planned, Context()) == applied
    world.endpoints.settle(applied["endpoint_config"])
    ended = world.finish(applied)
    assert world.finish(applied) == ended
    assert len(world.history()) == 1
    assert len(world.endpoints.called("CreateEndpoint")) == 1
    assert handler.apply(planned, Context()) == applied
    assert world.endpoints.called("UpdateEndpoint") == []


def test_a_step_that_breaks_closes_the_history_with_what_it_said(world: World) -> None:
    planned = world.plan(model_package_arn=add_version(world.registry))
    cause = json.dumps({"errorType": "ClientError", "errorMessage": "the role may not be passed"})
    ended = handler.finish(planned | {"error": {"Error": "ClientError", "Cause": cause}}, Context())
    assert (ended["status"], ended["message"]) == ("FAILED", "the role may not be passed")
    assert world.history()[-1]["message"] == "the role may not be passed"
    assert not world.locked()


def test_an_error_after_a_first_verdict_is_a_failure(world: World) -> None:
    planned = world.plan(model_package_arn=add_version(world.registry))
    broken = {"verdict": {"answer": {"state": "changing", "message": ""}}, "error": {"Error": "X", "Cause": "gone"}}
    assert handler.finish(planned | broken, Context())["status"] == "FAILED"


def test_old_configurations_go_but_the_newest_and_the_live_one(world: World) -> None:
    for _ in range(4):
        world.release(model_package_arn=add_version(world.registry))
    assert [name.split("-")[2] for name in world.endpoints.configs] == ["v3", "v4"]
    assert set(world.endpoints.models) == set(world.endpoints.configs)
    world.release(target="1")
    assert "-v1-" in world.live()


def test_configurations_of_another_endpoint_are_left_alone(world: World) -> None:
    world.endpoints.configs[f"{ENDPOINT}-local-v1-0123abcd"] = {}
    for _ in range(4):
        world.release(model_package_arn=add_version(world.registry))
    assert f"{ENDPOINT}-local-v1-0123abcd" in world.endpoints.configs


def test_an_order_of_no_known_form_is_refused_in_one_line(world: World) -> None:
    with pytest.raises(PlatformError, match="order: action: Input should be 'deploy' or 'approval'"):
        world.plan(action="destroy")
