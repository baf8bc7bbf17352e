"""A SageMaker pipeline that trains a version of the reader or of the embedder: definition, functions, two roles."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.base_version import BaseVersionProps
from drawing_platform.embedder_pipeline import EmbedderPipeline
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_definition import (
    METRICS,
    RUNS_PREFIX,
    DrawingPipeline,
    PipelineDefinitionProps,
    TargetPipeline,
)
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.processing_job import vpc_config
from drawing_platform.settings import EmbedderSettings, GateSettings, InstanceSettings, TrainingSettings

# Names of the metrics that training jobs report.
TRAINING_METRICS = tuple(METRICS)


@dataclass(frozen=True, kw_only=True)
class TrainingPipelineProps:
    """What the pipeline needs.

    Attributes:
        common: what all functions share; its network is that of the jobs too.
        pipeline_name, group_name, group_arn: names in SageMaker.
        base: which version a run starts from.
        bucket: data bucket; `common.key` is its key.
        regression_prefix: of the frozen regression set in it.
        training_image, training_repository: what prepares, trains and evaluates.
        inference_image, inference_repository: what serves a version, written into the registry.
        notifier: the function that tells people.
        embedder: how an embedder is trained; None = the pipeline trains the reader.
        drawings_prefix: of the drawings that an embedder learns from.
    """

    common: FunctionEnvironment
    pipeline_name: str
    group_name: str
    group_arn: str
    base: BaseVersionProps
    bucket: s3.IBucket
    regression_prefix: str
    training_image: str
    training_repository: ecr.IRepository
    inference_image: str
    inference_repository: ecr.IRepository
    notifier: PlatformFunction
    instances: InstanceSettings
    training: TrainingSettings
    gate: GateSettings
    embedder: EmbedderSettings | None = None
    drawings_prefix: str = "drawings/"


class TrainingPipeline(Construct):
    """Pipeline, the functions of its Lambda steps, the role that runs it and the role that its jobs run as."""

    pipeline: sagemaker.CfnPipeline
    pipeline_arn: str
    job_role: iam.Role
    resolve_base_model: PlatformFunction
    register_model: PlatformFunction

    def __init__(self, scope: Construct, construct_id: str, *, props: TrainingPipelineProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        stack = cdk.Stack.of(self)
        self.pipeline_arn = stack.format_arn(
            service="sagemaker", resource="pipeline", resource_name=props.pipeline_name
        )
        self._package_arns = stack.format_arn(
            service="sagemaker", resource="model-package", resource_name=f"{props.group_name}/*"
        )
        self._define_resolve_base_model()
        self._define_register_model()
        self._define_job_role()
        self._define_pipeline_role()
        self._define_pipeline()

    def _define_resolve_base_model(self) -> None:
        bucket = self._props.bucket
        self.resolve_base_model = PlatformFunction(
            self,
            "ResolveBaseModel",
            props=PlatformFunctionProps(
                common=self._props.common,
                handler="resolve_base_model.handler.handle",
                description="Finds the version that training starts from and what it learned from",
                variables={
                    "BUCKET": bucket.bucket_name,
                    "RUNS_PREFIX": RUNS_PREFIX,
                    **self._props.base.variables,
                },
                timeout=cdk.Duration.minutes(1),
                statements=[
                    *self._props.base.statements(self),
                    Statement(
                        actions=["s3:GetObject", "s3:PutObject"], resources=[bucket.arn_for_objects(f"{RUNS_PREFIX}*")]
                    ),
                    self._use_key("kms:Decrypt", "kms:GenerateDataKey"),
                ],
            ),
        )

    def _define_register_model(self) -> None:
        props = self._props
        self.register_model = PlatformFunction(
            self,
            "RegisterModel",
            props=PlatformFunctionProps(
                common=props.common,
                handler="register_model.handler.handle",
                description="Registers a version that passed the gate",
                timeout=cdk.Duration.minutes(5),  # reads the whole package once, for its checksum
                memory_mb=512,
                statements=[
                    self._list_packages(),
                    self._describe_packages("sagemaker:CreateModelPackage", "sagemaker:AddTags"),
                    Statement(
                        actions=["sagemaker:CreateModelPackage"],
                        resources=[props.group_arn],
                    ),
                    Statement(actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects("models/*")]),
                    Statement(
                        actions=["ecr:BatchGetImage", "ecr:DescribeImages"],
                        resources=[props.inference_repository.repository_arn],
                    ),
                ],
            ),
        )

    def _define_job_role(self) -> None:
        bucket, embedder = self._props.bucket, self._props.embedder
        self.job_role = iam.Role(
            self,
            "JobRole",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Prepare, train and evaluate",
        )
        statements = [
            Statement(
                actions=["s3:ListBucket", "s3:GetBucketLocation", *(["s3:ListBucketVersions"] if embedder else [])],
                resources=[bucket.bucket_arn],
            ),
            Statement(
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[
                    bucket.arn_for_objects(f"{prefix}/*") for prefix in (self._learned_from, "datasets", "models")
                ],
            ),
            Statement(
                actions=["s3:PutObject", "s3:AbortMultipartUpload"],
                resources=[bucket.arn_for_objects(f"{prefix}/*") for prefix in ("datasets", "models", "quarantine")],
            ),
            *sagemaker_permissions.key(self._props.common.key),
            *sagemaker_permissions.image(self._props.training_repository),
            *sagemaker_permissions.observation(self, ("TrainingJobs", "ProcessingJobs")),
            *(sagemaker_permissions.network() if self._props.common.vpc else []),
        ]
        allow(self.job_role, statements)

    def _define_pipeline_role(self) -> None:
        stack = cdk.Stack.of(self)
        self._pipeline_role = iam.Role(
            self,
            "PipelineRole",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Starts the jobs and functions of the training pipeline",
        )
        functions = (self.resolve_base_model, self.register_model, self._props.notifier)
        kinds = {"training-job": "TrainingJob", "processing-job": "ProcessingJob"}
        statements = [
            *(
                Statement(
                    actions=[
                        *(f"sagemaker:{verb}{name}" for verb in ("Create", "Describe", "Stop")),
                        "sagemaker:AddTags",
                    ],
                    # SageMaker itself names the jobs of a pipeline.
                    resources=[stack.format_arn(service="sagemaker", resource=kind, resource_name="pipelines-*")],
                )
                for kind, name in kinds.items()
            ),
            Statement(
                actions=["iam:PassRole"],
                resources=[self.job_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            Statement(actions=["lambda:InvokeFunction"], resources=[item.function.function_arn for item in functions]),
            # The gate reads evaluation.json.
            Statement(
                actions=["s3:GetObject"], resources=[self._props.bucket.arn_for_objects("models/*/evaluation.json")]
            ),
            self._use_key("kms:Decrypt"),
        ]
        allow(self._pipeline_role, statements)

    def _define_pipeline(self) -> None:
        props = self._props
        stack = cdk.Stack.of(self)
        self.pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=props.pipeline_name,
            pipeline_display_name=props.pipeline_name,
            pipeline_description=(
                "Trains the embedder on with the account's own drawings and offers the version for approval"
                if props.embedder
                else "Trains a version of the drawing reader on new labels and offers it for approval"
            ),
            role_arn=self._pipeline_role.role_arn,
            # The capital B is CloudFormation's: PipelineDefinitionBody.
            pipeline_definition={"PipelineDefinitionBody": stack.to_json_string(self._definition().to_json())},
        )
        # SageMaker checks both roles when the pipeline is made, so their rights must be there.
        for role in (self._pipeline_role, self.job_role):
            self.pipeline.node.add_dependency(role)

    def _definition(self) -> TargetPipeline:
        props, bucket = self._props, self._props.bucket.bucket_name
        definition = PipelineDefinitionProps(
            region=cdk.Stack.of(self).region,
            role_arn=self.job_role.role_arn,
            image=props.training_image,
            inference_image=props.inference_image,
            bucket=bucket,
            key_arn=props.common.key.key_arn,
            regression_uri=f"s3://{bucket}/{props.regression_prefix}",
            group=props.group_name,
            resolve_function_arn=self.resolve_base_model.function.function_arn,
            register_function_arn=self.register_model.function.function_arn,
            notify_function_arn=props.notifier.function.function_arn,
            instances=props.instances,
            training=props.training,
            gate=props.gate,
            vpc=vpc_config(props.common),
        )
        if props.embedder is None:
            return DrawingPipeline(definition)
        drawings_uri = f"s3://{bucket}/{props.drawings_prefix}"
        return EmbedderPipeline(definition, embedder=props.embedder, drawings_uri=drawings_uri)

    @property
    def _learned_from(self) -> str:
        """Folder of the bucket."""
        return self._props.drawings_prefix.rstrip("/") if self._props.embedder else "labels"

    def _list_packages(self) -> Statement:
        return Statement(actions=["sagemaker:ListModelPackages"], resources=["*"])

    def _describe_packages(self, *more: str) -> Statement:
        return Statement(actions=["sagemaker:DescribeModelPackage", *more], resources=[self._package_arns])

    def _use_key(self, *actions: str) -> Statement:
        return Statement(actions=list(actions), resources=[self._props.common.key.key_arn])
