"""The endpoint in SageMaker: its state, its configurations, how traffic moves to a new one."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from release import deployment
from release.lock import Busy
from release.settings import EndpointSettings
from shared.registry import NOT_THERE, ModelVersion

# An endpoint in one of these states takes no update.
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
NAME_LIMIT = 63
NAME_CONTAINS_LIMIT = 63  # of ListEndpointConfigs
CONFIG_VERSION = re.compile(r"-v(\d+)-[0-9a-f]{8}$")


@dataclass(frozen=True)
class State:
    """What DescribeEndpoint says.

    Attributes:
        status: as SageMaker calls it.
        config: the configuration that answers now.
        failure: FailureReason, "" where there is none.
        instances: machines wanted of our variant, None where it has none.
        deployment: guardrails of the last update.
    """

    status: str
    config: str
    failure: str = ""
    instances: int | None = None
    deployment: dict[str, Any] = field(default_factory=dict)

    @property
    def changing(self) -> bool:
        """Whether it takes no update now."""
        return self.status in CHANGING

    @property
    def version(self) -> int | None:
        """Number of the version that answers; None where none of ours does."""
        return version_of(self.config) if self.status != "Failed" else None


def version_of(config: str) -> int | None:
    """The version whose number a configuration of ours carries in its name."""
    found = CONFIG_VERSION.search(config)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Endpoint:
    """The reading endpoint."""

    sagemaker: Any
    settings: EndpointSettings

    def state(self, name: str = "") -> State | None:
        """State of the endpoint (or of that other one), None when there is none."""
        try:
            found = self.sagemaker.describe_endpoint(EndpointName=name or self.settings.endpoint_name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                return None
            raise
        variants = [
            each for each in found.get("ProductionVariants", []) if each["VariantName"] == self.settings.variant_name
        ]
        return State(
            status=found["EndpointStatus"],
            config=found["EndpointConfigName"],
            failure=found.get("FailureReason", ""),
            instances=variants[0].get("DesiredInstanceCount") if variants else None,
            deployment=found.get("LastDeploymentConfig", {}),
        )

    def config_name(self, version: ModelVersion) -> str:
        """Name of the configuration that serves `version` with today's settings: the same content, the same name."""
        content = json.dumps([version.arn, self._model("", version), self._captured("")])
        suffix = f"-v{version.number}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        return self.settings.endpoint_name[: NAME_LIMIT - len(suffix)] + suffix

    def prepare(self, version: ModelVersion) -> str:
        """Creates model and configuration, unless an earlier try did; gives back the configuration's name."""
        name = self.config_name(version)
        _unless_there(self.sagemaker.create_model, self._model(name, version))
        _unless_there(self.sagemaker.create_endpoint_config, self._captured(name))
        return name

    def prepare_shadow(self, version: ModelVersion) -> str:
        """The same model on one machine, for the check before traffic; gives back the configuration's name."""
        model = self.prepare(version)
        name = self.shadow_config_name(version)
        _unless_there(self.sagemaker.create_endpoint_config, self._config(name, model, instances=1))
        return name

    def shadow_config_name(self, version: ModelVersion) -> str:
        """Name of the configuration under which `version` is checked."""
        suffix = f"-{self.config_name(version).rpartition('-')[2]}"
        return self.settings.shadow_name[: NAME_LIMIT - len(suffix)] + suffix

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
        if state.changing:
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
            "DeploymentConfig": deployment.config(self.settings),
        }
        self.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=config, **({} if self.settings.serverless else guarded)
        )

    def configs(self) -> Iterator[str]:
        """Names of the configurations that are ours, the newest first."""
        pages = self.sagemaker.get_paginator("list_endpoint_configs").paginate(
            NameContains=self.settings.endpoint_name[:NAME_CONTAINS_LIMIT],
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        for page in pages:
            yield from filter(self._is_ours, (item["EndpointConfigName"] for item in page["EndpointConfigs"]))

    def remove_config(self, name: str) -> None:
        """Deletes a configuration and the model of the same name, where they are there."""
        _if_there(self.sagemaker.delete_endpoint_config, {"EndpointConfigName": name})
        _if_there(self.sagemaker.delete_model, {"ModelName": name})

    def _model(self, name: str, version: ModelVersion) -> dict[str, Any]:
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
        return model

    def _config(self, name: str, model: str, instances: int) -> dict[str, Any]:
        config: dict[str, Any] = {
            "EndpointConfigName": name,
            "ProductionVariants": [self._variant(model, instances)],
        }
        if self.settings.kms_key_arn and not self.settings.serverless:  # the key is for the machines' disks
            config["KmsKeyId"] = self.settings.kms_key_arn
        return config

    def _captured(self, name: str) -> dict[str, Any]:
        """The configuration that serves: with data capture, which the check before traffic goes without."""
        config = self._config(name, name, self.settings.instances)
        if self.settings.capture:
            config["DataCaptureConfig"] = self.settings.capture.config()
        return config

    def _variant(self, model: str, instances: int) -> dict[str, Any]:
        variant = {"VariantName": self.settings.variant_name, "ModelName": model, "InitialVariantWeight": 1.0}
        serverless = self.settings.serverless
        if serverless:
            limits = {"MemorySizeInMB": serverless.memory_mb, "MaxConcurrency": serverless.max_concurrency}
            return variant | {"ServerlessConfig": limits}
        return variant | {
            "InstanceType": self.settings.instance_type,
            "InitialInstanceCount": instances,
            # A container that hangs in /ping is given up after this time.
            "ContainerStartupHealthCheckTimeoutInSeconds": self.settings.startup_seconds,
        }

    def _is_ours(self, config: str) -> bool:
        # Another endpoint's name may begin with ours: what follows must be the version and the checksum.
        found = CONFIG_VERSION.search(config)
        if found is None:
            return False
        return config[: found.start()] == self.settings.endpoint_name[: NAME_LIMIT - len(found[0])]


def _unless_there(create: Any, arguments: dict[str, Any]) -> None:
    try:
        create(**arguments)
    except ClientError as error:
        message = error.response["Error"]["Message"].lower()
        if "already exist" not in message:
            raise


def _if_there(delete: Any, arguments: dict[str, Any]) -> None:
    try:
        delete(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise
