"""What every SageMaker job and endpoint may do beside its own data: pull its image, use the key, log, live in a VPC."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms

from constructs import IConstruct
from drawing_platform.permissions import Statement


def key(used: kms.IKey) -> list[Statement]:
    """Reads and writes what the key encrypts; SageMaker's volumes take the key by a grant."""
    return [
        Statement(actions=["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"], resources=[used.key_arn]),
        Statement(
            actions=["kms:CreateGrant"],
            resources=[used.key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def image(repository: ecr.IRepository) -> list[Statement]:
    """Pulls images of one repository."""
    return [
        Statement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),  # IAM knows no narrower resource
        Statement(
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[repository.repository_arn],
        ),
    ]


def observation(scope: IConstruct, groups: tuple[str, ...]) -> list[Statement]:
    """Writes the log groups `/aws/sagemaker/<group>` and SageMaker's own metrics."""
    stack = cdk.Stack.of(scope)
    return [
        Statement(
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[
                stack.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=f"/aws/sagemaker/{group}*",
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                )
                for group in groups
            ],
        ),
        Statement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],  # IAM knows no narrower resource than the namespace below
            conditions={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        ),
    ]


def network() -> list[Statement]:
    """Puts network interfaces into a VPC, as SageMaker asks of the role in a private network."""
    return [
        Statement(
            actions=[
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            resources=["*"],  # IAM knows no narrower resource
        )
    ]


def scaling(scope: IConstruct, endpoint_arn: str) -> list[Statement]:
    """Registers a variant of an endpoint with Application Auto Scaling, and its policies."""
    stack = cdk.Stack.of(scope)
    # The service names its targets.
    targets = stack.format_arn(service="application-autoscaling", resource="scalable-target", resource_name="*")
    role = "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/*"
    return [
        Statement(
            actions=["application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"],
            resources=[targets],
            conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        ),
        Statement(actions=["sagemaker:UpdateEndpointWeightsAndCapacities"], resources=[endpoint_arn]),
        Statement(
            actions=["iam:CreateServiceLinkedRole"],
            resources=[f"arn:{stack.partition}:iam::{stack.account}:{role}"],
            conditions={"StringLike": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}},
        ),
    ]
