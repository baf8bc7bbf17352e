"""What brings an approved embedder to where it is searched with: endpoint, index, alias, without a deployment.

CloudFormation owns the embedders that the settings name; those that were trained here come and go by approval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.drawing_index import SWAPS_PREFIX, DrawingIndex
from drawing_platform.embedding_endpoint import (
    SERVED,
    SERVERLESS_AT_ONCE,
    SERVERLESS_MB,
    STARTUP_SECONDS,
    VARIANT,
)
from drawing_platform.endpoint_removal import EndpointRemoval, EndpointRemovalProps
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_steps import has_nvme
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.settings import SHIPPED_EMBEDDER, SearchSettings

# It waits for a comparison of bucket and index.
TIMEOUT = cdk.Duration.minutes(15)
# A step that no event tells: an index is filled, a queue has run empty.
LOOK = cdk.Duration.minutes(5)


@dataclass(frozen=True, kw_only=True)
class EmbedderReleaseProps:
    """What is released, and how it is served.

    Attributes:
        common: what all functions share; its network is that of the endpoints too.
        group_name: model package group of the embedders.
        name_prefix: of the endpoints.
        search: machines of the endpoints, and whether the shipped embedder has one.
        serverless: whether endpoints are.
        bucket: holds the packages and the list of released embedders.
        repository: holds the serving image.
        index: keeps an index for each of them.
        keep: whether the endpoints outlive the stack.
    """

    common: FunctionEnvironment
    group_name: str
    name_prefix: str
    search: SearchSettings
    serverless: bool
    bucket: s3.IBucket
    repository: ecr.IRepository
    index: DrawingIndex
    keep: bool


class EmbedderRelease(Construct):
    """The function, the rules that wake it, the role of the endpoints."""

    function: PlatformFunction
    role: iam.Role

    def __init__(self, scope: Construct, construct_id: str, *, props: EmbedderReleaseProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_role()
        self._define_function()
        if not props.keep:
            removal = EndpointRemoval(
                self,
                "Removal",
                props=EndpointRemovalProps(common=props.common, endpoint_name=props.name_prefix, versions=True),
            )
            removal.before(self.function)
        self._define_rules()

    def _define_role(self) -> None:
        props = self._props
        self.role = iam.Role(
            self,
            "EndpointRole",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Embeds drawings with a version that was approved",
        )
        statements = [
            Statement(actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects("models/*")]),
            *sagemaker_permissions.key(props.common.key),
            *sagemaker_permissions.image(props.repository),
            *sagemaker_permissions.observation(self, (f"Endpoints/{props.name_prefix}-v",)),
            *(sagemaker_permissions.network() if props.common.vpc else []),
        ]
        allow(self.role, statements)

    def _define_function(self) -> None:
        props = self._props
        self.function = PlatformFunction(
            self,
            "Function",
            props=PlatformFunctionProps(
                common=props.common,
                handler="release_embedder.handler.handle",
                description="Gives an approved embedder an endpoint and an index, and moves searches to it",
                timeout=TIMEOUT,
                # The list of released embedders has one writer.
                reserved_concurrency=1,
                keep_failed_events=True,
                variables={
                    "BUCKET": props.bucket.bucket_name,
                    "GROUP": props.group_name,
                    "QUEUE_URL": props.index.queue.queue_url,
                    "RECONCILE_FUNCTION": props.index.reconcile.function.function_name,
                    "HAS_SHIPPED": str(SHIPPED_EMBEDDER in props.search.embedders).lower(),
                    "ENDPOINT": cdk.Stack.of(self).to_json_string(self._endpoint_settings()),
                },
                statements=self._statements(),
            ),
        )

    def _endpoint_settings(self) -> dict[str, Any]:
        """What `EndpointSettings` in lambda/release_embedder/endpoints.py reads."""
        props, common = self._props, self._props.common
        has_volume = not props.serverless and not has_nvme(props.search.embedding_instance)
        network: dict[str, Any] = {}
        if common.vpc and common.security_group:
            network = {
                "subnets": common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
                "security_groups": [common.security_group.security_group_id],
            }
        return {
            "prefix": props.name_prefix,
            "variant": VARIANT,
            "role_arn": self.role.role_arn,
            "environment": SERVED,
            "instance_type": props.search.embedding_instance,
            "instances": props.search.embedding_instances,
            "startup_seconds": STARTUP_SECONDS,
            "kms_key_arn": common.key.key_arn if has_volume else None,
            "serverless": {"memory_mb": SERVERLESS_MB, "max_concurrency": SERVERLESS_AT_ONCE}
            if props.serverless
            else None,
            **network,
        }

    def _statements(self) -> Sequence[Statement]:
        props, stack = self._props, cdk.Stack.of(self)

        def arn(resource: str, name: str) -> str:
            return stack.format_arn(service="sagemaker", resource=resource, resource_name=name)

        made = f"{props.name_prefix}-v*"
        allowed = [
            (["sagemaker:ListModelPackages"], ["*"]),
            (["sagemaker:DescribeModelPackage"], [arn("model-package", f"{props.group_name}/*")]),
            (
                ["sagemaker:CreateEndpoint", "sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"],
                [arn("endpoint", made)],
            ),
            # CreateEndpoint is asked for on the configuration too.
            (
                ["sagemaker:CreateEndpoint", "sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig"],
                [arn("endpoint-config", made)],
            ),
            (["sagemaker:CreateModel", "sagemaker:DeleteModel"], [arn("model", made)]),
            (["lambda:InvokeFunction"], [props.index.reconcile.function.function_arn]),
            (["sqs:GetQueueAttributes"], [props.index.queue.queue_arn]),
            (["s3:GetObject", "s3:PutObject"], [props.bucket.arn_for_objects(f"{SWAPS_PREFIX}*")]),
            # Without it S3 says "forbidden" of what is not there.
            (["s3:ListBucket"], [props.bucket.bucket_arn]),
            (["kms:Decrypt", "kms:GenerateDataKey"], [props.common.key.key_arn]),
        ]
        return [
            *(Statement(actions=actions, resources=resources) for actions, resources in allowed),
            Statement(
                actions=["iam:PassRole"],
                resources=[self.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            # SageMaker takes the key of an endpoint's disks by a grant of who makes the endpoint.
            Statement(
                actions=["kms:CreateGrant", "kms:DescribeKey"],
                resources=[props.common.key.key_arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]

    def _define_rules(self) -> None:
        name = self._props.name_prefix
        wakes = {
            "Decided": (
                f"Somebody approved or rejected a version of {self._props.group_name}",
                events.EventPattern(
                    source=["aws.sagemaker"],
                    detail_type=["SageMaker Model Package State Change"],
                    detail={
                        "ModelPackageGroupName": [self._props.group_name],
                        "ModelApprovalStatus": ["Approved", "Rejected"],
                    },
                ),
            ),
            "EndpointChanged": (
                "The endpoint of an embedder came to rest",
                events.EventPattern(
                    source=["aws.sagemaker"],
                    detail_type=["SageMaker Endpoint State Change"],
                    detail={"EndpointName": [{"prefix": f"{name}-v"}], "EndpointStatus": ["IN_SERVICE", "FAILED"]},
                ),
            ),
        }
        target = targets.LambdaFunction(self.function.function, retry_attempts=3)
        for rule, (description, pattern) in wakes.items():
            events.Rule(self, rule, description=description, event_pattern=pattern, targets=[target])
        events.Rule(
            self,
            "Look",
            description="What the release of an embedder needs next, where no event tells",
            schedule=events.Schedule.rate(LOOK),
            targets=[targets.LambdaFunction(self.function.function, retry_attempts=0)],
        )
