"""What the steps of a release may do: each group of statements is one ability, and a step gets those that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from drawing_platform import sagemaker_permissions
from drawing_platform.permissions import Statement

Statements = list[Statement]


@dataclass(frozen=True, kw_only=True)
class ReleasePermissions:
    """Statements over the resources of one endpoint.

    Attributes:
        stack: whose account and region the ARNs have.
        endpoint_name, shadow_name: the endpoint and the temporary one of the check before traffic.
        group_name: model package group.
        endpoint_role: what SageMaker serves with.
        guardrails: alarms that send an update back.
        bucket: holds the model packages.
    """

    stack: cdk.Stack
    endpoint_name: str
    shadow_name: str
    group_name: str
    endpoint_role: iam.IRole
    guardrails: Sequence[cloudwatch.IAlarm]
    bucket: s3.IBucket

    def read_registry(self) -> Statements:
        """Versions of the group."""
        return [
            _allow(["sagemaker:ListModelPackages"], ["*"]),
            _allow(["sagemaker:DescribeModelPackage"], [self._packages()]),
        ]

    def read_endpoint(self) -> Statements:
        """State of both endpoints, their configurations and models."""
        return [
            _allow(["sagemaker:DescribeEndpoint"], [self._endpoint(), self._shadow()]),
            _allow(["sagemaker:DescribeEndpointConfig"], [self._configs()]),
            _allow(["sagemaker:DescribeModel"], [self._models()]),
        ]

    def read_alarms(self) -> Statements:
        """The guardrails' states. UpdateEndpoint, too, looks at them with the rights of its caller."""
        if not self.guardrails:
            return []
        return [_allow(["cloudwatch:DescribeAlarms"], [alarm.alarm_arn for alarm in self.guardrails])]

    def make_configs(self) -> Statements:
        """Models and endpoint configurations."""
        return [
            _allow(["sagemaker:CreateModel"], [self._models()]),
            _allow(["sagemaker:CreateEndpointConfig"], [self._configs(), self._models()]),
            Statement(
                actions=["iam:PassRole"],
                resources=[self.endpoint_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
        ]

    def change_endpoint(self) -> Statements:
        """The endpoint itself."""
        everything = [self._endpoint(), self._configs(), self._models()]
        return [
            *self.make_configs(),
            _allow(["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"], [self._endpoint(), self._configs()]),
            _allow(["sagemaker:DeleteEndpoint"], [self._endpoint()]),
            _allow(["sagemaker:AddTags"], everything),
            *self.read_alarms(),
        ]

    def run_shadow(self) -> Statements:
        """Make, ask and remove the temporary endpoint."""
        return [
            *self.make_configs(),
            _allow(["sagemaker:CreateEndpoint"], [self._shadow(), self._configs()]),
            _allow(["sagemaker:AddTags"], [self._shadow(), self._configs(), self._models()]),
            _allow(["sagemaker:InvokeEndpoint"], [self._shadow()]),
            *self.remove_shadow(),
        ]

    def remove_shadow(self) -> Statements:
        """Remove the temporary endpoint and its configurations."""
        return [
            _allow(["sagemaker:DeleteEndpoint"], [self._shadow()]),
            _allow(["sagemaker:DeleteEndpointConfig"], [self._arn("endpoint-config", f"{self.shadow_name}-*")]),
        ]

    def remove_configs(self) -> Statements:
        """Remove configurations and models that no rollback needs."""
        return [
            _allow(["sagemaker:ListEndpointConfigs"], ["*"]),
            _allow(["sagemaker:DeleteEndpointConfig"], [self._configs()]),
            _allow(["sagemaker:DeleteModel"], [self._models()]),
        ]

    def remove_versions(self) -> Statements:
        """Remove a version with its data: no other role of the platform may."""
        return [
            *self.remove_configs(),
            _allow(["sagemaker:DeleteModelPackage"], [self._packages()]),
            _allow(["s3:ListBucketVersions"], [self.bucket.bucket_arn]),
            _allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], [self.bucket.arn_for_objects("models/*")]),
        ]

    def scale(self) -> Statements:
        """Register the variant with Application Auto Scaling."""
        return sagemaker_permissions.scaling(self.stack, self._endpoint())

    def _arn(self, resource: str, name: str) -> str:
        return self.stack.format_arn(service="sagemaker", resource=resource, resource_name=name)

    def _endpoint(self) -> str:
        return self._arn("endpoint", self.endpoint_name)

    def _shadow(self) -> str:
        return self._arn("endpoint", self.shadow_name)

    def _configs(self) -> str:
        return self._arn("endpoint-config", f"{self.endpoint_name}-*")

    def _models(self) -> str:
        return self._arn("model", f"{self.endpoint_name}-*")

    def _packages(self) -> str:
        return self._arn("model-package", f"{self.group_name}/*")


def _allow(actions: list[str], resources: list[str]) -> Statement:
    return Statement(actions=actions, resources=resources)
