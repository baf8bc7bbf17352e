"""The asynchronous endpoint: what it serves, what it should serve, and how it gets there."""

import hashlib
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from follow_release.settings import Follower

# An endpoint in one of these states takes no update; its end is an event, too, and leads back here.
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
NAME_LIMIT = 63
# The container reads as many drawings at once as it has cores and lets 16 more wait: never more than it takes.
CONCURRENT = 4
PAYLOAD_MEGABYTES = 1000  # what InvokeEndpointAsync lets through
NO_SUCH = ("ValidationException", "ResourceNotFound")


@dataclass(frozen=True)
class State:
    """What DescribeEndpoint says; `config` is the one that answers now."""

    status: str
    config: str


@dataclass(frozen=True)
class Served:
    """What a container is made of: the leader's, for the follower to repeat."""

    image: str
    model_data_url: str
    version: str


@dataclass(frozen=True)
class AsynchronousEndpoint:
    """Beside the endpoint `settings.leader`, with the same version."""

    sagemaker: Any
    settings: Follower

    def leader(self) -> Served | None:
        """What the real-time endpoint serves; None while there is none."""
        state = self._state(self.settings.leader)
        if state is None or state.status in ("Creating", "Failed"):
            return None
        config = self.sagemaker.describe_endpoint_config(EndpointConfigName=state.config)
        model = self.sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        container = model["PrimaryContainer"]
        return Served(container["Image"], container["ModelDataUrl"], container["Environment"]["MODEL_PACKAGE_VERSION"])

    def state(self) -> State | None:
        """Of the follower; None when there is none yet."""
        return self._state(self.settings.endpoint_name)

    def config_name(self, served: Served) -> str:
        """Name of the configuration that serves the same with today's settings: the same input, the same name."""
        content = f"{served} {self.settings.model_dump_json()}"
        suffix = f"-v{served.version}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        return self.settings.endpoint_name[: NAME_LIMIT - len(suffix)] + suffix

    def was_tried(self, config: str) -> bool:
        """Whether the configuration was made before."""
        try:
            self.sagemaker.describe_endpoint_config(EndpointConfigName=config)
        except ClientError as error:
            if error.response["Error"]["Code"] in NO_SUCH:
                return False
            raise
        return True

    def move_to(self, config: str, served: Served, *, exists: bool) -> None:
        """Makes model and configuration unless they are there, and starts the change."""
        _unless_there(self.sagemaker.create_model, self._model(config, served))
        _unless_there(self.sagemaker.create_endpoint_config, self._config(config))
        names = {"EndpointName": self.settings.endpoint_name, "EndpointConfigName": config}
        if exists:
            self.sagemaker.update_endpoint(**names)
        else:
            self.sagemaker.create_endpoint(**names)

    def remove_others(self, config: str) -> None:
        """Deletes our configurations, and their models, but for `config`: the leader's history is where to go back."""
        pages = self.sagemaker.get_paginator("list_endpoint_configs").paginate(
            NameContains=self.settings.endpoint_name[:NAME_LIMIT]
        )
        names = [item["EndpointConfigName"] for page in pages for item in page["EndpointConfigs"]]
        for name in names:
            if name != config and name.startswith(f"{self.settings.endpoint_name}-v"):
                self.sagemaker.delete_endpoint_config(EndpointConfigName=name)
                self.sagemaker.delete_model(ModelName=name)

    def delete(self) -> None:
        """Takes away an endpoint whose creation failed: it takes no update."""
        self.sagemaker.delete_endpoint(EndpointName=self.settings.endpoint_name)

    def _state(self, name: str) -> State | None:
        try:
            found = self.sagemaker.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NO_SUCH:
                return None
            raise
        return State(found["EndpointStatus"], found["EndpointConfigName"])

    def _model(self, name: str, served: Served) -> dict[str, Any]:
        settings = self.settings
        model: dict[str, Any] = {
            "ModelName": name,
            "ExecutionRoleArn": settings.execution_role_arn,
            "PrimaryContainer": {
                "Image": served.image,
                "ModelDataUrl": served.model_data_url,
                "Environment": {
                    "MODEL_PACKAGE_VERSION": served.version,
                    "SAGEMAKER_MODEL_SERVER_TIMEOUT": str(settings.answer_seconds),
                    "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(PAYLOAD_MEGABYTES),
                },
            },
        }
        if settings.subnets:
            model["VpcConfig"] = {
                "Subnets": list(settings.subnets),
                "SecurityGroupIds": list(settings.security_groups),
            }
        return model

    def _config(self, name: str) -> dict[str, Any]:
        settings = self.settings
        config: dict[str, Any] = {
            "EndpointConfigName": name,
            "ProductionVariants": [
                {
                    "VariantName": settings.variant_name,
                    "ModelName": name,
                    "InstanceType": settings.instance_type,
                    "InitialInstanceCount": 1,  # the least that SageMaker takes; scaling lets it go when it is idle
                    "InitialVariantWeight": 1.0,
                }
            ],
            "AsyncInferenceConfig": {
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": CONCURRENT},
                "OutputConfig": {
                    "KmsKeyId": settings.output_key_arn,
                    "S3OutputPath": settings.output_uri,
                    "S3FailurePath": settings.failure_uri,
                    "NotificationConfig": {
                        "SuccessTopic": settings.succeeded_topic_arn,
                        "ErrorTopic": settings.failed_topic_arn,
                    },
                },
            },
        }
        if settings.volume_key_arn:
            config["KmsKeyId"] = settings.volume_key_arn
        return config


def _unless_there(create: Any, arguments: dict[str, Any]) -> None:
    try:
        create(**arguments)
    except ClientError as error:
        if "already exist" not in error.response["Error"]["Message"].lower():
            raise
