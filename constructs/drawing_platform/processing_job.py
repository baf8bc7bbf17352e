"""A SageMaker processing job of our own outside the pipeline: as whom it runs, and how it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_steps import JobResources, VpcConfig
from drawing_platform.platform_function import FunctionEnvironment

FOLDER = "/opt/ml/processing"  # below it a container finds its inputs and leaves its outputs


@dataclass(frozen=True, kw_only=True)
class ProcessingJob:
    """One program on one machine.

    Attributes:
        program: in the image; also how the names of its jobs begin.
        description: what it does, for people.
        common: its key encrypts, its network is that of the job.
        image, repository: hold the program.
        instance_type, volume_gb: the machine.
        max_seconds: SageMaker stops the job after that.
    """

    program: str
    description: str
    common: FunctionEnvironment
    image: str
    repository: ecr.IRepository
    instance_type: str
    volume_gb: int
    max_seconds: int

    @property
    def name_prefix(self) -> str:
        """What the names of its jobs begin with; SageMaker ends names at 63 characters, and ids take 36 of them."""
        return f"{self.program}-{self.common.env}-"

    def role(self, scope: Construct, construct_id: str, statements: Sequence[Statement]) -> iam.Role:
        """As whom it runs: `statements`, and what every job needs."""
        role = iam.Role(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description=self.description,
        )
        allow(
            role,
            (
                *statements,
                *sagemaker_permissions.key(self.common.key),
                *sagemaker_permissions.image(self.repository),
                *sagemaker_permissions.observation(scope, ("ProcessingJobs",)),
                *(sagemaker_permissions.network() if self.common.vpc else []),
            ),
        )
        return role

    def starting(self, scope: Construct, role: iam.Role, *operations: str) -> list[Statement]:
        """What somebody needs who starts it.

        Args:
            scope: within the stack of the job.
            role: as whom the job runs.
            operations: on the job beside starting it, for example `Describe`.
        """
        jobs = cdk.Stack.of(scope).format_arn(
            service="sagemaker", resource="processing-job", resource_name=f"{self.name_prefix}*"
        )
        actions = [f"sagemaker:{operation}ProcessingJob" for operation in ("Create", *operations)]
        return [
            Statement(actions=[*actions, "sagemaker:AddTags"], resources=[jobs]),
            Statement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
        ]

    def request(self, *, name: str, role: iam.Role, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The request of CreateProcessingJob, but for environment, inputs and outputs.

        Args:
            name: of the job.
            role: as whom it runs.
            arguments: of the program, by name.
        """
        resources = self._resources(role)
        return {
            "ProcessingJobName": name,
            "RoleArn": resources.role_arn,
            "AppSpecification": {
                "ImageUri": resources.image,
                "ContainerEntrypoint": [self.program],
                "ContainerArguments": [
                    part for option, value in arguments.items() for part in (f"--{option}", str(value))
                ],
            },
            "ProcessingResources": {"ClusterConfig": resources.machine},
            "StoppingCondition": {"MaxRuntimeInSeconds": resources.max_runtime_seconds},
            "NetworkConfig": {
                "EnableNetworkIsolation": resources.isolated,
                **({"VpcConfig": resources.vpc.to_json()} if resources.vpc else {}),
            },
        }

    def environment(self, scope: Construct) -> dict[str, str]:
        """Of the container, which inherits no region."""
        return {"AWS_DEFAULT_REGION": cdk.Stack.of(scope).region}

    def _resources(self, role: iam.Role) -> JobResources:
        return JobResources(
            image=self.image,
            role_arn=role.role_arn,
            instance_type=self.instance_type,
            volume_gb=self.volume_gb,
            key_arn=self.common.key.key_arn,
            vpc=vpc_config(self.common),
            max_runtime_seconds=self.max_seconds,
            isolated=False,  # it reads and writes AWS by itself
        )


def vpc_config(common: FunctionEnvironment) -> VpcConfig | None:
    """The network of jobs; None in public mode."""
    if common.vpc is None or common.security_group is None:
        return None
    subnets = common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
    return VpcConfig(subnets=subnets, security_group_ids=[common.security_group.security_group_id])
