"""What turns labels into a version that waits for approval, and tells people about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from constructs import Construct
from drawing_platform.base_version import BaseVersionProps
from drawing_platform.model_registry import ModelRegistry, ModelRegistryProps
from drawing_platform.notifier import Notifier, NotifierProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.promotion import PromotionTarget, PromotionTargetProps
from drawing_platform.retraining_trigger import EmbedderTraining, RetrainingTrigger, RetrainingTriggerProps
from drawing_platform.settings import Settings
from drawing_platform.training_pipeline import TrainingPipeline, TrainingPipelineProps
from stacks.data_stack import REGRESSION_PREFIX, DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.network_stack import NetworkStack


@dataclass(frozen=True, kw_only=True)
class TrainingStackProps:
    """The settings and the stacks that it stands on."""

    settings: Settings
    data: DataStack
    images: ImagesStack
    network: NetworkStack | None


class TrainingStack(cdk.Stack):
    """From `labels/<batch>/manifest.jsonl` to a model package that waits for approval."""

    registry: ModelRegistry
    embedders: ModelRegistry
    notifier: Notifier
    pipeline: TrainingPipeline
    embedder_pipeline: TrainingPipeline
    trigger: RetrainingTrigger

    def __init__(self, scope: Construct, construct_id: str, *, props: TrainingStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._common = function_environment(self, settings=props.settings, data=props.data, network=props.network)
        self._define_registry()
        self._base = BaseVersionProps(
            group_name=self.registry.group_name,
            rule=props.settings.training.base_version,
            endpoint_name=props.settings.endpoint_name,
        )
        # Several embedders may serve side by side, so none of them is "the last deployed".
        self._embedder_base = replace(self._base, group_name=self.embedders.group_name, rule="last_approved")
        self._define_notifier()
        self._define_pipelines()
        self._define_trigger()
        self._define_promotion()
        self._define_parameters()

    def _define_registry(self) -> None:
        settings = self._props.settings
        self.registry = ModelRegistry(
            self,
            "Registry",
            props=ModelRegistryProps(
                group_name=settings.model_package_group,
                description="Readers of engineering drawings: detector and recogniser together",
                removal=settings.storage.removal,
            ),
        )
        self.embedders = ModelRegistry(
            self,
            "Embedders",
            props=ModelRegistryProps(
                group_name=settings.embedder_package_group,
                description="Embedders of engineering drawings, for the search for similar ones",
                removal=settings.storage.removal,
            ),
        )

    def _define_notifier(self) -> None:
        data = self._props.data
        self.notifier = Notifier(
            self,
            "Notifier",
            props=NotifierProps(
                common=self._common,
                topic=data.topic,
                topic_key=kms.Key.from_key_arn(self, "TopicKey", data.topic_key.key_arn),
                bucket=data.bucket,
                pipeline_names=(self._props.settings.pipeline_name, self._props.settings.embedder_pipeline_name),
            ),
        )

    def _define_pipelines(self) -> None:
        settings, images = self._props.settings, self._props.images
        reader = TrainingPipelineProps(
            common=self._common,
            pipeline_name=settings.pipeline_name,
            group_name=self.registry.group_name,
            group_arn=self.registry.group_arn,
            base=self._base,
            bucket=self._props.data.bucket,
            regression_prefix=REGRESSION_PREFIX,
            training_image=images.training.image_uri,
            training_repository=images.training.repository,
            inference_image=images.inference.image_uri,
            inference_repository=images.inference.repository,
            notifier=self.notifier.function,
            instances=settings.instances,
            training=settings.training,
            gate=settings.gate,
        )
        self.pipeline = TrainingPipeline(self, "Pipeline", props=reader)
        self.embedder_pipeline = TrainingPipeline(
            self,
            "EmbedderPipeline",
            props=replace(
                reader,
                pipeline_name=settings.embedder_pipeline_name,
                group_name=self.embedders.group_name,
                group_arn=self.embedders.group_arn,
                base=self._embedder_base,
                embedder=settings.embedder,
            ),
        )

    def _define_trigger(self) -> None:
        self.trigger = RetrainingTrigger(
            self,
            "Trigger",
            props=RetrainingTriggerProps(
                common=self._common,
                bucket=self._props.data.bucket,
                pipeline_name=self._props.settings.pipeline_name,
                pipeline_arn=self.pipeline.pipeline_arn,
                base=self._base,
                embedder=EmbedderTraining(
                    pipeline_name=self._props.settings.embedder_pipeline_name,
                    pipeline_arn=self.embedder_pipeline.pipeline_arn,
                    base=self._embedder_base,
                ),
                trigger=self._props.settings.trigger,
                keep=self._props.settings.storage.removal == "retain",
            ),
        )

    def _define_promotion(self) -> None:
        settings, data = self._props.settings, self._props.data
        if settings.promotion.source is None:
            return
        PromotionTarget(
            self,
            "Promotion",
            props=PromotionTargetProps(
                settings=settings,
                source=settings.promotion.source,
                bucket=data.bucket,
                key=self._common.key,
                group_name=self.registry.group_name,
                group_arn=self.registry.group_arn,
            ),
        )

    def _define_parameters(self) -> None:
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=self._props.settings.parameter_prefix,
                values={
                    "pipeline-name": self._props.settings.pipeline_name,
                    "model-package-group": self.registry.group_name,
                    "embedder-pipeline-name": self._props.settings.embedder_pipeline_name,
                    "embedder-package-group": self.embedders.group_name,
                    "trigger-function": self.trigger.function.function.function_name,
                    "trigger-table": self.trigger.state.table.table_name,
                    "label-queue": self.trigger.queue.queue_url,
                    "label-dead-letters": self.trigger.dead_letters.queue_url,
                    "sagemaker-role-arn": self.pipeline.job_role.role_arn,
                },
            ),
        )
