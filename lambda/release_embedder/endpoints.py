"""The endpoints of released embedders: each version has one, with a model and a configuration of its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from shared.registry import NOT_THERE, ModelVersion


class ServerlessSettings(BaseModel):
    """A serverless endpoint."""

    model_config = ConfigDict(frozen=True)

    memory_mb: int
    max_concurrency: int


class EndpointSettings(BaseModel):
    """How an embedder is served.

    Attributes:
        prefix: of the names.
        variant: of the production variant.
        role_arn: that the endpoint runs as.
        environment: of the container.
        instance_type, instances, startup_seconds: machines, where it is not serverless.
        kms_key_arn: encrypts their disks; None where they have none that takes a key.
        serverless: where it has no machines of its own.
        subnets, security_groups: in a private network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str
    variant: str
    role_arn: str
    environment: dict[str, str]
    instance_type: str
    instances: int
    startup_seconds: int
    kms_key_arn: str | None = None
    serverless: ServerlessSettings | None = None
    subnets: list[str] = []
    security_groups: list[str] = []


@dataclass(frozen=True)
class EmbedderEndpoints:
    """All of them."""

    sagemaker: Any
    settings: EndpointSettings

    def name(self, version: ModelVersion) -> str:
        """Of model, configuration and endpoint: `drawing-embedder-dev-v3-0a1b2c3d`."""
        return f"{self.settings.prefix}-v{version.number}-{hashlib.sha256(version.arn.encode()).hexdigest()[:8]}"

    def status(self, name: str) -> str | None:
        """As SageMaker says; None where there is no such endpoint."""
        found = _if_there(self.sagemaker.describe_endpoint, EndpointName=name)
        return str(found["EndpointStatus"]) if found else None

    def create(self, version: ModelVersion) -> None:
        """Makes the endpoint of a version; what a call before it has made already stays."""
        name, settings = self.name(version), self.settings
        network = {"Subnets": settings.subnets, "SecurityGroupIds": settings.security_groups}
        _once(
            self.sagemaker.create_model,
            ModelName=name,
            ExecutionRoleArn=settings.role_arn,
            PrimaryContainer={
                "Image": version.image,
                "ModelDataUrl": version.model_data_url,
                "Environment": settings.environment,
            },
            EnableNetworkIsolation=True,
            **({"VpcConfig": network} if settings.subnets else {}),
        )
        _once(
            self.sagemaker.create_endpoint_config,
            EndpointConfigName=name,
            ProductionVariants=[self._variant(name)],
            **({"KmsKeyId": settings.kms_key_arn} if settings.kms_key_arn else {}),
        )
        _once(self.sagemaker.create_endpoint, EndpointName=name, EndpointConfigName=name)

    def remove(self, name: str) -> None:
        """Deletes endpoint, configuration and model, as far as they are there."""
        _if_there(self.sagemaker.delete_endpoint, EndpointName=name)
        _if_there(self.sagemaker.delete_endpoint_config, EndpointConfigName=name)
        _if_there(self.sagemaker.delete_model, ModelName=name)

    def _variant(self, name: str) -> dict[str, Any]:
        settings = self.settings
        variant: dict[str, Any] = {
            "VariantName": settings.variant,
            "ModelName": name,
            "InitialVariantWeight": 1,
        }
        if settings.serverless:
            limits = {
                "MemorySizeInMB": settings.serverless.memory_mb,
                "MaxConcurrency": settings.serverless.max_concurrency,
            }
            return variant | {"ServerlessConfig": limits}
        return variant | {
            "InstanceType": settings.instance_type,
            "InitialInstanceCount": settings.instances,
            "ContainerStartupHealthCheckTimeoutInSeconds": settings.startup_seconds,
        }


def _once(call: Callable[..., Any], **arguments: Any) -> None:
    """Creates what an earlier try, killed before its end, may have created."""
    try:
        call(**arguments)
    except ClientError as error:
        # SageMaker's words for a name that is taken already.
        if "already exist" not in error.response["Error"]["Message"]:
            raise


def _if_there(call: Callable[..., dict[str, Any]], **names: str) -> dict[str, Any] | None:
    try:
        return call(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return None
        raise
