"""What stands around the constructs that hold functions: bucket, key, image, topic, as other stacks make them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from drawing_platform.base_version import BaseVersionProps
from drawing_platform.capture import Capture
from drawing_platform.metrics import endpoint_metric
from drawing_platform.notifier import Notifier, NotifierProps
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.release import Release, ReleaseProps
from drawing_platform.retraining_trigger import EmbedderTraining, RetrainingTrigger, RetrainingTriggerProps
from drawing_platform.settings import Settings, load_settings
from drawing_platform.training_pipeline import TrainingPipeline, TrainingPipelineProps
from stacks.application import feature_flags

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/images:0123"


@dataclass(frozen=True)
class Parts:
    """Two stacks, as in the application: what holds data, and what acts on it."""

    app: cdk.App
    data: cdk.Stack
    stack: cdk.Stack
    settings: Settings
    key: kms.Key
    bucket: s3.Bucket
    topic: sns.Topic
    topic_key: kms.Key
    repository: ecr.IRepository
    common: FunctionEnvironment

    @property
    def base(self) -> BaseVersionProps:
        return BaseVersionProps(
            group_name=self.settings.model_package_group,
            rule=self.settings.training.base_version,
            endpoint_name=self.settings.endpoint_name,
        )

    def notifier(self) -> Notifier:
        return Notifier(
            self.stack,
            "Notifier",
            props=NotifierProps(
                common=self.common,
                topic=self.topic,
                topic_key=self.topic_key,
                bucket=self.bucket,
                pipeline_names=(self.settings.pipeline_name,),
            ),
        )

    def training_pipeline(self, notifier: Notifier) -> TrainingPipeline:
        return TrainingPipeline(
            self.stack,
            "Training",
            props=TrainingPipelineProps(
                common=self.common,
                pipeline_name=self.settings.pipeline_name,
                group_name=self.settings.model_package_group,
                group_arn="arn:aws:sagemaker:eu-central-1:123456789012:model-package-group/group",
                base=self.base,
                bucket=self.bucket,
                regression_prefix="datasets/regression/",
                training_image=IMAGE,
                training_repository=self.repository,
                inference_image=IMAGE,
                inference_repository=self.repository,
                notifier=notifier.function,
                instances=self.settings.instances,
                training=self.settings.training,
                gate=self.settings.gate,
            ),
        )

    def retraining_trigger(self) -> RetrainingTrigger:
        return RetrainingTrigger(
            self.stack,
            "Trigger",
            props=RetrainingTriggerProps(
                common=self.common,
                bucket=self.bucket,
                pipeline_name=self.settings.pipeline_name,
                pipeline_arn=f"arn:aws:sagemaker:eu-central-1:123456789012:pipeline/{self.settings.pipeline_name}",
                base=self.base,
                embedder=EmbedderTraining(
                    pipeline_name=self.settings.embedder_pipeline_name,
                    pipeline_arn=f"arn:aws:sagemaker:eu-central-1:123456789012:pipeline/{self.settings.embedder_pipeline_name}",
                    base=replace(self.base, group_name=self.settings.embedder_package_group),
                ),
                trigger=self.settings.trigger,
                keep=True,
            ),
        )

    def release(self, notifier: Notifier) -> Release:
        alarm = cloudwatch.Alarm(
            self.stack,
            "Alarm",
            metric=endpoint_metric(self.settings.endpoint_name, "Invocation5XXErrors", "Sum"),
            threshold=1,
            evaluation_periods=1,
        )
        return Release(
            self.stack,
            "Release",
            props=ReleaseProps(
                common=self.common,
                endpoint_name=self.settings.endpoint_name,
                group_name=self.settings.model_package_group,
                instance_type=self.settings.instances.serve,
                bucket=self.bucket,
                inference_repository=self.repository,
                guardrails=[alarm],
                latency_limit_ms=self.settings.alarms.latency_p99_ms,
                notifier=notifier.function,
                release=self.settings.release,
                autoscaling=self.settings.autoscaling,
                serverless=self.settings.serverless,
                capture=Capture(bucket=self.bucket, key=self.key, percent=50),
                keep=True,
            ),
        )


def parts(env: str = "prod") -> Parts:
    """The surroundings with the settings of environment `env`; nothing is bundled."""
    settings = load_settings(env)
    app = cdk.App(context=feature_flags() | {"aws:cdk:bundling-stacks": []})
    place = cdk.Environment(account=settings.account, region=settings.region)
    data, stack = cdk.Stack(app, "Data", env=place), cdk.Stack(app, "Test", env=place)
    key = kms.Key(data, "Key")
    return Parts(
        app=app,
        data=data,
        stack=stack,
        settings=settings,
        key=key,
        bucket=s3.Bucket(data, "Bucket"),
        topic=sns.Topic(data, "Topic"),
        topic_key=kms.Key(data, "TopicKey"),
        repository=ecr.Repository.from_repository_name(stack, "Images", "images"),
        common=FunctionEnvironment(
            env=env, python=settings.lambda_python, log_retention=logs.RetentionDays.ONE_MONTH, key=key
        ),
    )
