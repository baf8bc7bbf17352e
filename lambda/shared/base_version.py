"""The version that a training run starts from."""

from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from shared import registry
from shared.errors import PlatformError
from shared.registry import ModelVersion

Rule = Literal["last_approved", "last_deployed"]
# What the release workflow tells a container of itself (docs/architecture.md, reading result).
VERSION_VARIABLE = "MODEL_PACKAGE_VERSION"


@dataclass(frozen=True)
class BaseVersions:
    """Finds base versions in one model package group.

    Attributes:
        sagemaker: client.
        group: the model package group.
        rule: which version is the base of a run that names none.
        endpoint_name: the endpoint that `last_deployed` asks.
    """

    sagemaker: Any
    group: str
    rule: Rule
    endpoint_name: str

    def find(self, named: str) -> ModelVersion:
        """The version of that ARN, or by the rule when it is empty.

        Raises:
            PlatformError: there is none, it belongs to another group, or it is not approved.
        """
        if named:
            return self._approved(registry.describe(self.sagemaker, named))
        return self._last_approved() if self.rule == "last_approved" else self._approved(self._last_deployed())

    def _approved(self, version: ModelVersion) -> ModelVersion:
        if version.group != self.group:
            raise PlatformError(f"{version.arn} belongs to group {version.group}, not {self.group}: name one of ours")
        if not version.approved:
            raise PlatformError(f"{version.name} is {version.approval}: approve it before training on from it")
        return version

    def _last_approved(self) -> ModelVersion:
        version = next(registry.newest_first(self.sagemaker, self.group), None)
        if version is None:
            raise PlatformError(
                f"{self.group} has no approved version to start from: `drawingops models import-official` "
                "(of embedders: `drawingops models import-embedder`), then approve v1"
            )
        return version

    def _last_deployed(self) -> ModelVersion:
        number = self._deployed_number()
        for version in registry.newest_first(self.sagemaker, self.group, approved_only=False):
            if version.number == number:
                return version
        raise PlatformError(f"endpoint {self.endpoint_name} serves v{number}, which {self.group} does not have")

    def _deployed_number(self) -> int:
        try:
            endpoint = self.sagemaker.describe_endpoint(EndpointName=self.endpoint_name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
                raise
            raise PlatformError(
                f"endpoint {self.endpoint_name} does not exist: release a version, "
                "or let training start from the last approved one"
            ) from error
        config = self.sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        model = self.sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        variables = model["PrimaryContainer"].get("Environment", {})
        if VERSION_VARIABLE not in variables:
            raise PlatformError(f"endpoint {self.endpoint_name} does not say which version it serves: release one anew")
        return int(variables[VERSION_VARIABLE])
