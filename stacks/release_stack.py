"""What brings an approved version to the endpoint, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from constructs import Construct
from drawing_platform.capture import Capture
from drawing_platform.endpoint_alarms import EndpointAlarms, EndpointAlarmsProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.release import Release, ReleaseProps
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.network_stack import NetworkStack
from stacks.training_stack import TrainingStack


@dataclass(frozen=True, kw_only=True)
class ReleaseStackProps:
    """The settings and the stacks that it stands on."""

    settings: Settings
    data: DataStack
    images: ImagesStack
    network: NetworkStack | None
    training: TrainingStack


class ReleaseStack(cdk.Stack):
    """The release workflow, and the alarms on which it goes back."""

    alarms: EndpointAlarms
    release: Release

    def __init__(self, scope: Construct, construct_id: str, *, props: ReleaseStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._define_alarms()
        self._define_release()
        self._define_parameters()

    def _define_alarms(self) -> None:
        settings = self._props.settings
        self.alarms = EndpointAlarms(
            self,
            "Alarms",
            props=EndpointAlarmsProps(
                endpoint_name=settings.endpoint_name, alarms=settings.alarms, topic=self._props.data.topic
            ),
        )

    def _define_release(self) -> None:
        props, settings = self._props, self._props.settings
        self.release = Release(
            self,
            "Release",
            props=ReleaseProps(
                common=function_environment(self, settings=settings, data=props.data, network=props.network),
                endpoint_name=settings.endpoint_name,
                group_name=props.training.registry.group_name,
                instance_type=settings.instances.serve,
                bucket=props.data.bucket,
                inference_repository=props.images.inference.repository,
                guardrails=(self.alarms.server_errors, self.alarms.latency),
                latency_limit_ms=settings.alarms.latency_p99_ms,
                notifier=props.training.notifier.function,
                release=settings.release,
                autoscaling=settings.autoscaling,
                serverless=settings.serverless,
                capture=self._capture(),
                keep=settings.storage.removal == "retain",
            ),
        )

    def _capture(self) -> Capture | None:
        drift, data = self._props.settings.drift, self._props.data
        if drift is None:
            return None
        key = kms.Key.from_key_arn(self, "CaptureKey", data.key.key_arn)
        return Capture(bucket=data.bucket, key=key, percent=drift.capture_percent)

    def _define_parameters(self) -> None:
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=self._props.settings.parameter_prefix,
                values={
                    "endpoint-name": self._props.settings.endpoint_name,
                    "release-state-machine-arn": self.release.state_machine.state_machine_arn,
                    "history-table": self.release.history.table.table_name,
                },
            ),
        )
