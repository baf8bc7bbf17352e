"""The endpoint in SageMaker: its state, its configurations, how traffic moves to a new one."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from release.history import Busy
from release.settings import EndpointSettings
from shared.registry import ModelVersion

# An endpoint in one of these states takes no update.
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
NAME_LIMIT = 63
NAME_CONTAINS_LIMIT = 63  # of ListEndpointConfigs
STRATEGIES = {"all_at_once": "ALL_AT_ONCE", "canary": "CANARY", "linear": "LINEAR"}
CONFIG_VERSION = re.compile(r"-v(\d+)-[0-9a-f]{8}$")


@dataclass(frozen=True)
class State:
    """What DescribeEndpoint says; `config` is the one that answers now."""

    status: str
    config: str
    failure: str = ""


def version_of(config: str) -> int | None:
    """The version whose number a configuration of ours carries in its name."""
    found = CONFIG_VERSION.search(config)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Endpoint:
    """The reading endpoint."""

    sagemaker: Any
    settings: EndpointSettings

    def state(self) -> State | None:
        """Its state, None when there is no endpoint yet."""
        try:
            found = self.sagemaker.describe_endpoint(EndpointName=self.settings.endpoint_name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
                return None
            raise
        return State(found["EndpointStatus"], found["EndpointConfigName"], found.get("FailureReason", ""))

    def config_name(self, version: ModelVersion) -> str:
        """Name of the configuration that serves `version` with today's settings: the same input, the same name."""
        content = f"{version.arn} {version.model_data_url} {version.image} {self.settings.model_dump_json()}"
        suffix = f"-v{version.number}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        return self.settings.endpoint_name[: NAME_LIMIT - len(suffix)] + suffix

    def prepare(self, version: ModelVersion) -> str:
        """Creates model and configuration, unless an earlier try did; gives back the configuration's name."""
        name = self.config_name(version)
        model: dict[str, Any] = {
            "ModelName": name,
            "ExecutionRoleArn": self.settings.execution_role_arn,
            "PrimaryContainer": {
                "Image": version.image,
                "ModelDataUrl": version.model_data_url,
                "Environment": {"MODEL_PACKAGE_VERSION": str(version.number)},
            },
        }
        if self.settings.subnets:
            model["VpcConfig"] = {
                "Subnets": list(self.settings.subnets),
                "SecurityGroupIds": list(self.settings.security_groups),
            }
        _unless_there(self.sagemaker.create_model, model)
        config: dict[str, Any] = {
            "EndpointConfigName": name,
            "ProductionVariants": [self._variant(name)],
        }
        if self.settings.kms_key_arn and not self.settings.serverless:  # the key is for the machines' disks
            config["KmsKeyId"] = self.settings.kms_key_arn
        if self.settings.capture:
            config["DataCaptureConfig"] = self.settings.capture.config()
        _unless_there(self.sagemaker.create_endpoint_config, config)
        return name

    def _variant(self, model: str) -> dict[str, Any]:
        variant = {"VariantName": self.settings.variant_name, "ModelName": model, "InitialVariantWeight": 1.0}
        serverless = self.settings.serverless
        if serverless:
            limits = {"MemorySizeInMB": serverless.memory_mb, "MaxConcurrency": serverless.max_concurrency}
            return variant | {"ServerlessConfig": limits}
        machines = {"InstanceType": self.settings.instance_type, "InitialInstanceCount": self.settings.instances}
        return variant | machines

    def move_to(self, config: str) -> None:
        """Starts the change to `config`, unless it runs or is done already.

        Raises:
            Busy: the endpoint is changing to something else.
        """
        state = self.state()
        name = self.settings.endpoint_name
        if state is None:
            self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
            return
        if state.status in CHANGING:
            if state.config == config and state.status == "Creating":
                return
            raise Busy(f"endpoint {name} is {state.status}")
        if state.status == "Failed":
            # An endpoint whose creation failed takes no update: it never answered, so nothing is lost with it.
            self.sagemaker.delete_endpoint(EndpointName=name)
            raise Busy(f"endpoint {name} failed ({state.failure}) and is made anew")
        if state.config == config and state.status == "InService":
            return
        # Guardrails and numbers of instances are for endpoints with machines.
        guarded: dict[str, Any] = {
            # Without it an update sets the number of instances back to the configuration's.
            "RetainAllVariantProperties": True,
            "DeploymentConfig": self.deployment_config(),
        }
        self.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=config, **({} if self.settings.serverless else guarded)
        )

    def remove_old_configs(self, *, keep: int) -> None:
        """Deletes configurations of ours, and their models, but for the newest `keep` and the one that answers."""
        state = self.state()
        live = state.config if state else ""
        pages = self.sagemaker.get_paginator("list_endpoint_configs").paginate(
            NameContains=self.settings.endpoint_name[:NAME_CONTAINS_LIMIT],
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        names = [item["EndpointConfigName"] for page in pages for item in page["EndpointConfigs"]]
        ours = [name for name in names if self._is_ours(name) and name != live]
        for name in ours[max(0, keep - 1) :]:
            self.sagemaker.delete_endpoint_config(EndpointConfigName=name)
            self.sagemaker.delete_model(ModelName=name)

    def _is_ours(self, config: str) -> bool:
        # Another endpoint's name may begin with ours: what follows must be the version and the checksum.
        found = CONFIG_VERSION.search(config)
        if found is None:
            return False
        return config[: found.start()] == self.settings.endpoint_name[: NAME_LIMIT - len(found[0])]

    def deployment_config(self) -> dict[str, Any]:
        """The guardrails; without them AWS moves all traffic at once and watches no alarm."""
        routing: dict[str, Any] = {
            "Type": STRATEGIES[self.settings.strategy],
            "WaitIntervalInSeconds": self.settings.bake_seconds,
        }
        size = {"Type": "CAPACITY_PERCENT", "Value": self.settings.canary_percent}
        if self.settings.strategy == "canary":
            routing["CanarySize"] = size
        if self.settings.strategy == "linear":
            routing["LinearStepSize"] = size
        config: dict[str, Any] = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": routing,
                "TerminationWaitInSeconds": self.settings.termination_wait_seconds,
                "MaximumExecutionTimeoutInSeconds": self.settings.max_execution_seconds,
            }
        }
        if self.settings.alarm_names:
            config["AutoRollbackConfiguration"] = {
                "Alarms": [{"AlarmName": alarm} for alarm in self.settings.alarm_names]
            }
        return config


def _unless_there(create: Any, arguments: dict[str, Any]) -> None:
    try:
        create(**arguments)
    except ClientError as error:
        message = error.response["Error"]["Message"].lower()
        if "already exist" not in message:
            raise
