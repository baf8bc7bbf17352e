"""What reads drawings beside the real-time endpoint: batch transform many, an asynchronous endpoint large ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from constructs import Construct
from drawing_platform.asynchronous_endpoint import (
    ASYNCHRONOUS_PREFIX,
    AsynchronousEndpoint,
    AsynchronousEndpointProps,
)
from drawing_platform.batch_reading import BatchReading, BatchReadingProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.network_stack import NetworkStack

# What InvokeEndpoint takes; https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html for the second.
REAL_TIME_BYTES = 25_000_000
SERVERLESS_BYTES = 4_000_000


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
    asynchronous: AsynchronousEndpoint | None

    def __init__(self, scope: Construct, construct_id: str, *, props: ServingStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._common = function_environment(self, settings=props.settings, data=props.data, network=props.network)
        self._define_batch()
        self._define_asynchronous()
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

    def _define_asynchronous(self) -> None:
        props, settings = self._props, self._props.settings
        self.asynchronous = None
        if settings.asynchronous is None:
            return
        self.asynchronous = AsynchronousEndpoint(
            self,
            "Asynchronous",
            props=AsynchronousEndpointProps(
                common=self._common,
                leader=settings.endpoint_name,
                asynchronous=settings.asynchronous,
                bucket=props.data.bucket,
                inference_repository=props.images.inference.repository,
                topic=props.data.topic,
                topic_key=kms.Key.from_key_arn(self, "TopicKey", props.data.topic_key.key_arn),
                keep=settings.storage.removal == "retain",
            ),
        )

    def _define_parameters(self) -> None:
        values = {"batch": self.batch.parameters, "large-drawings": self._large_drawings()}
        Parameters(
            self, "Parameters", props=ParametersProps(prefix=self._props.settings.parameter_prefix, values=values)
        )

    def _large_drawings(self) -> str:
        """What `cli/large_drawings.py` reads: up to where the real-time endpoint is asked, and what is asked beyond."""
        settings = self._props.settings
        document: dict[str, Any] = {
            "real_time_bytes": SERVERLESS_BYTES if settings.serverless else REAL_TIME_BYTES,
            "asynchronous": None,
        }
        if self.asynchronous and settings.asynchronous:
            document["asynchronous"] = {
                "endpoint_name": self.asynchronous.endpoint_name,
                "prefix": ASYNCHRONOUS_PREFIX,
                "answer_seconds": settings.asynchronous.answer_seconds,
            }
        return self.to_json_string(document)
