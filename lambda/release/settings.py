"""What the release functions know of the endpoint: one JSON document that the stack writes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from release.capture import Capture
from shared.errors import PlatformError
from shared.variables import Variables


class Autoscaling(BaseModel):
    """Target tracking of invocations per instance and minute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_instances: int
    max_instances: int
    invocations_per_instance: int
    scale_in_cooldown_seconds: int
    scale_out_cooldown_seconds: int


class Serverless(BaseModel):
    """An endpoint without machines of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory_mb: int
    max_concurrency: int


class EndpointSettings(BaseModel):
    """The endpoint as the settings of the environment want it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint_name: str
    shadow_name: str
    variant_name: str
    instance_type: str
    instances: int
    startup_seconds: int
    strategy: Literal["all_at_once", "canary", "linear"]
    canary_percent: int
    bake_seconds: int
    termination_wait_seconds: int
    max_execution_seconds: int
    latency_limit_ms: int
    alarm_names: tuple[str, ...]
    execution_role_arn: str
    kms_key_arn: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    autoscaling: Autoscaling | None = None
    serverless: Serverless | None = None
    capture: Capture | None = None


class Settings(Variables):
    """Variables of the release functions."""

    group: str
    history_table: str
    lease_seconds: int
    kept_versions: int
    endpoint: str

    @property
    def endpoint_settings(self) -> EndpointSettings:
        """The endpoint's document, parsed."""
        try:
            return EndpointSettings.model_validate_json(self.endpoint)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise PlatformError(f"environment variable ENDPOINT: {where}: deploy the release stack anew") from None
