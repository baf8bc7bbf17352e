"""What reads drawings beside the real-time endpoint: batch transform for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.batch_reading import BatchReading, BatchReadingProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.network_stack import NetworkStack


@dataclass(frozen=True, kw_only=True)
class ServingStackProps:
    """The settings and the stacks that it stands on."""

    settings: Settings
    data: DataStack
    images: ImagesStack
    network: NetworkStack | None


class ServingStack(cdk.Stack):
    """Nothing depends on it, and it touches nothing of the release workflow's endpoint."""

    batch: BatchReading

    def __init__(self, scope: Construct, construct_id: str, *, props: ServingStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._common = function_environment(self, settings=props.settings, data=props.data, network=props.network)
        self._define_batch()
        self._define_parameters()

    def _define_batch(self) -> None:
        props = self._props
        self.batch = BatchReading(
            self,
            "Batch",
            props=BatchReadingProps(
                common=self._common,
                instance_type=props.settings.instances.batch,
                bucket=props.data.bucket,
                inference_repository=props.images.inference.repository,
            ),
        )

    def _define_parameters(self) -> None:
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=self._props.settings.parameter_prefix, values={"batch": self.batch.parameters}
            ),
        )
