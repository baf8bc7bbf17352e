"""The endpoint that embeds drawings: the serving image with an embedder instead of a reader.

CloudFormation owns it, unlike the reader's: the settings name it, and an index goes with it. Those that approvals bring
are made beside it (`embedder_release.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.metrics import FIVE_MINUTES
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_steps import has_nvme
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.runbooks import Runbook
from drawing_platform.settings import SHIPPED_EMBEDDER

VARIANT = "embedder"
# What bin/serve of the serving image looks at (containers/inference).
SERVED = {"SERVED_MODEL": "embedder"}
STARTUP_SECONDS = 300
# A serverless endpoint has no smaller step that holds the runtime, a sheet of 140 megapixels and the embedder.
SERVERLESS_MB, SERVERLESS_AT_ONCE = 4096, 4
ERRORS = 5  # answers of 5xx in five minutes


@dataclass(frozen=True, kw_only=True)
class EmbeddingEndpointProps:
    """One embedder and where it runs.

    Attributes:
        common: its network is the endpoint's too, its key encrypts the disks.
        name_prefix: of the endpoint.
        package: "shipped", or the S3 address of a model.tar.gz.
        instance_type, instances: machines; not looked at where it is serverless.
        serverless: whether it has no machines of its own.
        image: URI of the serving image.
        repository: holds it.
        bucket: holds packages.
        topic: receives the alarm.
    """

    common: FunctionEnvironment
    name_prefix: str
    package: str
    instance_type: str
    instances: int
    serverless: bool
    image: str
    repository: ecr.IRepository
    bucket: s3.IBucket
    topic: sns.ITopic


class EmbeddingEndpoint(Construct):
    """Role, model, configuration, endpoint, alarm."""

    role: iam.Role
    endpoint: sagemaker.CfnEndpoint
    alarm: cloudwatch.Alarm

    def __init__(self, scope: Construct, construct_id: str, *, props: EmbeddingEndpointProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self.name_prefix = props.name_prefix
        self.endpoint_name = f"{props.name_prefix}-{endpoint_suffix(props.package)}"
        self._define_role()
        self._define_endpoint()
        self._define_alarm()

    @property
    def arn(self) -> str:
        """Of the endpoint; made of its name, so that policies do not wait for it."""
        return cdk.Stack.of(self).format_arn(service="sagemaker", resource="endpoint", resource_name=self.endpoint_name)

    def _define_role(self) -> None:
        props = self._props
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Embeds drawings",
        )
        statements = [
            *sagemaker_permissions.key(props.common.key),
            *sagemaker_permissions.image(props.repository),
            *sagemaker_permissions.observation(self, (f"Endpoints/{self.endpoint_name}",)),
            *(sagemaker_permissions.network() if props.common.vpc else []),
        ]
        if props.package != SHIPPED_EMBEDDER:
            key = props.package.removeprefix("s3://").partition("/")[2]
            statements.append(Statement(actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects(key)]))
        self._policy = allow(self.role, statements)

    def _define_endpoint(self) -> None:
        props, common = self._props, self._props.common
        network = None
        if common.vpc and common.security_group:
            network = sagemaker.CfnModel.VpcConfigProperty(
                subnets=common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
                security_group_ids=[common.security_group.security_group_id],
            )
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=props.image,
                environment=SERVED,
                model_data_url=None if props.package == SHIPPED_EMBEDDER else props.package,
            ),
            vpc_config=network,
            # It reads nothing but what it is asked about; in a VPC SageMaker takes the package by the VPC's way.
            enable_network_isolation=True,
        )
        model.node.add_dependency(self._policy)
        # SageMaker refuses a key for machines with NVMe disks, which encrypt in hardware, and for no machines at all.
        has_volume = not props.serverless and not has_nvme(props.instance_type)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            kms_key_id=common.key.key_arn if has_volume else None,
            production_variants=[self._variant(model)],
        )
        self.endpoint = sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name=self.endpoint_name, endpoint_config_name=config.attr_endpoint_config_name
        )

    def _variant(self, model: sagemaker.CfnModel) -> sagemaker.CfnEndpointConfig.ProductionVariantProperty:
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty
        if self._props.serverless:
            return variant(
                variant_name=VARIANT,
                model_name=model.attr_model_name,
                initial_variant_weight=1,
                serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                    memory_size_in_mb=SERVERLESS_MB, max_concurrency=SERVERLESS_AT_ONCE
                ),
            )
        return variant(
            variant_name=VARIANT,
            model_name=model.attr_model_name,
            initial_variant_weight=1,
            instance_type=self._props.instance_type,
            initial_instance_count=self._props.instances,
            container_startup_health_check_timeout_in_seconds=STARTUP_SECONDS,
        )

    def _define_alarm(self) -> None:
        self.alarm = cloudwatch.Alarm(
            self,
            "ServerErrors",
            metric=cloudwatch.Metric(
                namespace="AWS/SageMaker",
                metric_name="Invocation5XXErrors",
                dimensions_map={"EndpointName": self.endpoint_name, "VariantName": VARIANT},
                statistic=cloudwatch.Stats.SUM,
                period=FIVE_MINUTES,
            ),
            threshold=ERRORS,
            evaluation_periods=1,
            alarm_description=Runbook.SEARCH.describe(f"{self.endpoint_name} answers with server errors"),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.alarm.add_alarm_action(actions.SnsAction(self._props.topic))


def embedders_arn(scope: Construct, embedders: Sequence[EmbeddingEndpoint]) -> str:
    """Of the endpoints of the settings, and of those that approvals bring: their names begin alike."""
    return cdk.Stack.of(scope).format_arn(
        service="sagemaker", resource="endpoint", resource_name=f"{embedders[0].name_prefix}-*"
    )


def endpoint_suffix(package: str) -> str:
    """How the endpoint of an embedder is called: another package is another endpoint, beside the one that there is."""
    return package if package == SHIPPED_EMBEDDER else hashlib.sha256(package.encode()).hexdigest()[:8]
