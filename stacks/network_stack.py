"""The private network, in environments that have one."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from constructs import Construct
from drawing_platform.log_retention import log_retention
from drawing_platform.network import Network, NetworkProps
from drawing_platform.settings import Settings


class NetworkStack(cdk.Stack):
    """Apart from the data, so that a change of the network never touches what must not be lost."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, log_key: kms.IKey, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._zones = list(settings.network.availability_zones)
        network = Network(
            self,
            "Network",
            props=NetworkProps(
                network=settings.network,
                log_retention=log_retention(settings.log_retention_days),
                log_key=log_key,
            ),
        )
        self.vpc = network.vpc
        self.security_group = network.workload_security_group

    @property
    def availability_zones(self) -> list[str]:
        """The zones of the settings. The CDK's own answer would ask the account while synthesizing."""
        return self._zones
