"""The release workflow over an account in memory: the real definition, the real functions, SageMaker's endpoints faked.

DynamoDB and the registry are moto's. Every request to SageMaker is held to botocore's shapes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import botocore.session
from aws_cdk.assertions import Template
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from release import handler
from tests.constructs.platform_parts import parts
from tests.lambda_context import Context
from tests.lambda_registry import GROUP
from tests.state_machine import RUNNING, Execution, definition_of

ENDPOINT = "drawing-reader"
SHADOW = "drawing-reader-shadow"
TABLE = "history"
LEASE = 60
SETTINGS: dict[str, Any] = {
    "endpoint_name": ENDPOINT,
    "shadow_name": SHADOW,
    "variant_name": "reader",
    "instance_type": "ml.m5.large",
    "instances": 2,
    "startup_seconds": 600,
    "strategy": "canary",
    "canary_percent": 10,
    "bake_seconds": 300,
    "termination_wait_seconds": 60,
    "max_execution_seconds": 1800,
    "latency_limit_ms": 5000,
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
READING = {
    "predictions": [{"box": [[0, 0], [9, 0], [9, 9], [0, 9]], "text": "12.5", "confidence": 0.9, "category": "text"}],
    "width": 20,
    "height": 20,
    "model": {"name": "reader"},
}
_STEPS = {
    "Plan": handler.plan,
    "Check": handler.check,
    "Apply": handler.apply,
    "Verify": handler.verify,
    "Remove": handler.remove,
    "Finish": handler.finish,
}


@cache
def definition() -> dict[str, Any]:
    """The state machine of production, out of its template."""
    around = parts("prod")
    around.release(around.notifier())
    (machine,) = Template.from_stack(around.stack).find_resources("AWS::StepFunctions::StateMachine").values()
    return definition_of(machine)


class Clock:
    """Seconds since 1970; every look takes a while, so that no two things happen at the same time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 7, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        self.now += 0.01
        return self.now

    def time(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)


class SageMaker:
    """Endpoints as AWS has them. `bad` versions never get through an update, `unfit` ones fail alone already.

    A change takes `patience` looks.
    """

    def __init__(self, registry: Any, clock: Clock) -> None:
        self._registry, self._clock = registry, clock
        self._model = botocore.session.get_session().get_service_model("sagemaker")
        self.models: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.decided: dict[str, datetime] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.bad: set[str] = set()
        self.unfit: set[str] = set()
        self.answers: dict[str, Any] = {}
        self.patience = 1
        self.forgets_deployment_config = False

    # --- the registry is moto's, but for what moto does not say

    def update_model_package(self, **arguments: Any) -> None:
        self._registry.update_model_package(**arguments)
        self.decided[arguments["ModelPackageArn"]] = self._clock.time()

    def describe_model_package(self, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._registry.describe_model_package(**arguments)
        if arn := self.decided.get(found["ModelPackageArn"]):
            found["LastModifiedTime"] = arn
        return found

    def delete_model_package(self, **arguments: Any) -> None:
        self._check("DeleteModelPackage", arguments)

    def get_paginator(self, name: str) -> Any:
        if name != "list_endpoint_configs":
            return self._registry.get_paginator(name)
        names = [{"EndpointConfigName": config} for config in reversed(self.configs)]

        class Pages:
            def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
                yield {"EndpointConfigs": names}

        return Pages()

    # --- models, configurations, endpoints

    def create_model(self, **arguments: Any) -> None:
        self._create("CreateModel", self.models, "ModelName", arguments)

    def create_endpoint_config(self, **arguments: Any) -> None:
        self._create("CreateEndpointConfig", self.configs, "EndpointConfigName", arguments)

    def delete_endpoint_config(self, **arguments: Any) -> None:
        self._delete("DeleteEndpointConfig", self.configs, arguments["EndpointConfigName"])

    def delete_model(self, **arguments: Any) -> None:
        self._delete("DeleteModel", self.models, arguments["ModelName"])

    def create_endpoint(self, **arguments: Any) -> None:
        self._check("CreateEndpoint", arguments)
        name, config = arguments["EndpointName"], arguments["EndpointConfigName"]
        assert name not in self.endpoints, f"{name} exists"
        assert config in self.configs, f"{config} does not exist"
        self.endpoints[name] = {"status": "Creating", "config": config, "looks": self.patience, "reason": ""}

    def update_endpoint(self, **arguments: Any) -> None:
        self._check("UpdateEndpoint", arguments)
        found = self.endpoints[arguments["EndpointName"]]
        assert found["status"] == "InService", f"an endpoint that is {found['status']} takes no update"
        assert arguments["EndpointConfigName"] in self.configs
        found |= {"status": "Updating", "next": arguments["EndpointConfigName"], "looks": self.patience}
        found["applied"] = {} if self.forgets_deployment_config else arguments.get("DeploymentConfig", {})

    def delete_endpoint(self, **arguments: Any) -> None:
        self._check("DeleteEndpoint", arguments)
        del self.endpoints[arguments["EndpointName"]]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        found = self.endpoints.get(EndpointName)
        if found is None:
            error = {"Code": "ValidationException", "Message": "Could not find endpoint"}
            raise ClientError({"Error": error}, "DescribeEndpoint")
        self._advance(found)
        described = {
            "EndpointStatus": found["status"],
            "EndpointConfigName": found["config"],
            "ProductionVariants": [{"VariantName": "reader", "DesiredInstanceCount": found.get("instances", 2)}],
            "LastDeploymentConfig": found.get("deployment", {}),
        }
        return described | ({"FailureReason": found["reason"]} if found["reason"] else {})

    def _advance(self, found: dict[str, Any]) -> None:
        if found["status"] not in ("Creating", "Updating"):
            return
        if found["looks"] > 0:
            found["looks"] -= 1
        elif found["status"] == "Creating":
            sick = self.version(found["config"]) in self.unfit
            found |= {"status": "Failed", "reason": "no ping"} if sick else {"status": "InService"}
        else:
            if self.version(found["next"]) not in self.bad | self.unfit:
                found |= {"config": found["next"], "deployment": found["applied"]}
            found |= {"status": "InService", "next": ""}

    def version(self, config: str) -> str:
        """Of the model in the configuration."""
        model = self.models[self.configs[config]["ProductionVariants"][0]["ModelName"]]
        return str(model["PrimaryContainer"]["Environment"]["MODEL_PACKAGE_VERSION"])

    def live(self) -> str:
        """The version that answers, "" for none."""
        found = self.endpoints.get(ENDPOINT)
        return self.version(found["config"]) if found and found["status"] not in ("Creating", "Failed") else ""

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]

    def _create(self, operation: str, place: dict[str, Any], key: str, arguments: dict[str, Any]) -> None:
        self._check(operation, arguments)
        if arguments[key] in place:
            error = {"Code": "ValidationException", "Message": f"Cannot create already existing {arguments[key]}"}
            raise ClientError({"Error": error}, operation)
        place[arguments[key]] = arguments

    def _delete(self, operation: str, place: dict[str, Any], name: str) -> None:
        if name not in place:
            error = {"Code": "ValidationException", "Message": f"Could not find {name}"}
            raise ClientError({"Error": error}, operation)
        used = {found["config"] for found in self.endpoints.values()}
        assert name not in used, f"{name} is in use"
        del place[name]

    def _check(self, operation: str, arguments: dict[str, Any]) -> None:
        report = ParamValidator().validate(arguments, self._model.operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.calls.append((operation, arguments))


class Runtime:
    """Answers what the version on the temporary endpoint is told to answer; a reading where nothing is said."""

    def __init__(self, sagemaker: SageMaker) -> None:
        self._sagemaker = sagemaker

    def invoke_endpoint(self, **arguments: Any) -> dict[str, Any]:
        version = self._sagemaker.version(self._sagemaker.endpoints[arguments["EndpointName"]]["config"])
        answer = self._sagemaker.answers.get(version, READING | {"model": {"name": "reader", "version": version}})
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer()
        body, kind = answer if isinstance(answer, tuple) else (json.dumps(answer).encode(), "application/json")
        return {"Body": io.BytesIO(body), "ContentType": kind}


class Scaling:
    """Application Auto Scaling, held to its shapes; registered things stay."""

    def __init__(self) -> None:
        self._model = botocore.session.get_session().get_service_model("application-autoscaling")
        self.targets: dict[str, Any] = {}
        self.policies: dict[str, Any] = {}

    def register_scalable_target(self, **arguments: Any) -> None:
        self._check("RegisterScalableTarget", arguments)
        self.targets[arguments["ResourceId"]] = arguments

    def put_scaling_policy(self, **arguments: Any) -> None:
        self._check("PutScalingPolicy", arguments)
        self.policies[arguments["PolicyName"]] = arguments

    def _check(self, operation: str, arguments: dict[str, Any]) -> None:
        report = ParamValidator().validate(arguments, self._model.operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()


class Alarms:
    """CloudWatch: alarms that are in the ALARM state, by name with the reason."""

    def __init__(self) -> None:
        self.firing: dict[str, str] = {}

    def describe_alarms(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["StateValue"] == "ALARM"
        found = [name for name in self.firing if name in arguments["AlarmNames"]]
        return {"MetricAlarms": [{"AlarmName": name, "StateReason": self.firing[name]} for name in found]}


class ReleaseWorld:
    """The account, and people who order things in it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.registry = boto3.client("sagemaker")
        self.dynamodb = boto3.client("dynamodb")
        self.s3 = boto3.client("s3")
        self.sagemaker = SageMaker(self.registry, self.clock)
        self.scaling, self.alarms = Scaling(), Alarms()
        self.executions: list[Execution] = []
        self.news: list[dict[str, str]] = []
        self.dynamodb.create_table(
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

    def variables(self, **settings: Any) -> dict[str, str]:
        """The functions' environment."""
        return {
            "GROUP": GROUP,
            "HISTORY_TABLE": TABLE,
            "LEASE_SECONDS": str(LEASE),
            "KEPT_VERSIONS": "2",
            "ENDPOINT": json.dumps(SETTINGS | settings),
        }

    def client(self, name: str, **_: Any) -> Any:
        """What boto3 gives the functions."""
        return {
            "sagemaker": self.sagemaker,
            "sagemaker-runtime": Runtime(self.sagemaker),
            "application-autoscaling": self.scaling,
            "cloudwatch": self.alarms,
            "dynamodb": self.dynamodb,
            "s3": self.s3,
        }[name]

    # --- orders

    def start(self, **order: Any) -> Execution:
        """Starts the workflow with an order, by default a deployment by ada."""
        given = {"action": "deploy", "requested_by": "ada", "reason": "why"} | order
        context = {
            "Execution": {
                "Name": f"execution-{len(self.executions) + 1}",
                "StartTime": self.clock.time().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
        }
        execution = Execution(definition(), context, given, self._invoke)
        self.executions.append(execution)
        return execution

    def release(self, **order: Any) -> Execution:
        """A whole execution, alone."""
        return self.start(**order).run()

    def decide(self, arn: str, status: str) -> dict[str, str]:
        """Approves or rejects; gives back the order that the registry's event becomes."""
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
        return {
            "action": "approval",
            "requested_by": "",
            "reason": "",
            "model_package_arn": arn,
            "status": status,
            "event_time": self.clock.time().replace(microsecond=0).isoformat().replace("+00:00", "Z"),
        }

    def kill(self, execution: Execution) -> dict[str, str]:
        """Stops an execution between two steps; gives back the order that EventBridge's news of it becomes."""
        assert execution.status == RUNNING
        execution.status = "ABORTED"
        return {"action": "recover", "execution": execution.context["Execution"]["Name"], "status": "ABORTED"}

    def pass_time(self, **duration: float) -> None:
        self.clock.now += timedelta(**duration).total_seconds()

    def _invoke(self, state: str, given: Any) -> Any:
        if state == "Notify":
            self.news.append(given)
            return {"Reason": given["reason"]}
        return _STEPS[state](given, Context())

    # --- what is

    def history(self) -> list[dict[str, str]]:
        """The entries in the order of their coming."""
        items = self.dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        rows = [{name: next(iter(value.values())) for name, value in item.items()} for item in items]
        return sorted((row for row in rows if row["endpoint"] == ENDPOINT), key=lambda row: row["deployment"])

    def entry(self, execution: Execution) -> dict[str, str]:
        """The entry of one execution's order."""
        name = execution.context["Execution"]["Name"]
        (found,) = [row for row in self.history() if row["deployment"].endswith(f"#{name}")]
        return found

    def owner(self) -> str:
        """Who has the lock, "" for nobody."""
        key = {"endpoint": {"S": f"lock#{ENDPOINT}"}, "deployment": {"S": "lock"}}
        found = self.dynamodb.get_item(TableName=TABLE, Key=key).get("Item")
        return str(found["owner"]["S"]) if found else ""
