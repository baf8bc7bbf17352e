"""All stacks of one environment."""

from __future__ import annotations

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.network_stack import NetworkStack


class PlatformStage(cdk.Stage):
    """One environment: `cdk deploy 'Dev/*'` deploys it whole."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(
            scope,
            settings.stage_name,
            env=cdk.Environment(account=settings.account, region=settings.region),
            stage_name=f"{settings.project}-{settings.env}",  # begins the name of each stack
        )
        data = DataStack(self, "Data", settings=settings)
        if settings.network.mode == "private":
            NetworkStack(self, "Network", settings=settings, log_key=data.key)
        cdk.Tags.of(self).add("project", settings.project)
        cdk.Tags.of(self).add("environment", settings.env)
