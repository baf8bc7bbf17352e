"""A group of the model registry: every version of the drawing reader, or of the embedder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker

from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class ModelRegistryProps:
    """What the group is called, what it holds, and whether it outlives its stack."""

    group_name: str
    description: str
    removal: Literal["retain", "destroy"]


class ModelRegistry(Construct):
    """A model package group. SageMaker refuses to delete one that still holds versions (docs/deployment.md)."""

    group: sagemaker.CfnModelPackageGroup
    group_name: str
    group_arn: str

    def __init__(self, scope: Construct, construct_id: str, *, props: ModelRegistryProps) -> None:
        super().__init__(scope, construct_id)
        self.group = sagemaker.CfnModelPackageGroup(
            self,
            "Group",
            model_package_group_name=props.group_name,
            model_package_group_description=props.description,
        )
        self.group.apply_removal_policy(
            cdk.RemovalPolicy.RETAIN if props.removal == "retain" else cdk.RemovalPolicy.DESTROY
        )
        self.group_name = props.group_name
        self.group_arn = self.group.attr_model_package_group_arn
