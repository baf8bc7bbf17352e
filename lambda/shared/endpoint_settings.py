"""How the endpoint is to be, as the release construct says it in one variable."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Vpc(BaseModel):
    """The network that the endpoint's containers live in."""

    model_config = ConfigDict(frozen=True)

    subnets: list[str]
    security_group_ids: list[str]


class Autoscaling(BaseModel):
    """Target tracking of invocations by instance and minute."""

    model_config = ConfigDict(frozen=True)

    min_instances: int
    max_instances: int
    invocations_per_instance: int
    scale_in_cooldown_seconds: int
    scale_out_cooldown_seconds: int


class EndpointSettings(BaseModel):
    """One variant on one kind of machine, and how a new version takes its place."""

    model_config = ConfigDict(frozen=True)

    endpoint_name: str
    variant_name: str
    role_arn: str
    instance_type: str
    instances: int
    volume_key_arn: str | None
    vpc: Vpc | None
    strategy: Literal["all_at_once", "canary", "linear"]
    canary_percent: int
    bake_seconds: int
    termination_wait_seconds: int
    max_execution_seconds: int
    poll_seconds: int
    alarm_names: list[str]
    kept_configs: int
    autoscaling: Autoscaling | None
