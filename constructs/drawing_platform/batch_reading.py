"""What batch transform needs to read many drawings: a role, and what the operator's command has to know of the account.

Models and jobs are made by the command, batch by batch: which version reads what is decided when a batch is started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_steps import has_nvme
from drawing_platform.platform_function import FunctionEnvironment

# Below it each batch has a prefix of its own: drawings from the operator's disk, manifests, answers.
BATCH_PREFIX = "results/batch/"
# Where drawings may lie that are read in their place.
SOURCES = ("drawings/*", "labels/*", f"{BATCH_PREFIX}*")


@dataclass(frozen=True, kw_only=True)
class BatchReadingProps:
    """What is read from where, on which machines.

    Attributes:
        common: its network is that of the jobs too, its key encrypts what they write.
        instance_type: the machine of a job.
        bucket: holds drawings, model packages and answers.
        inference_repository: holds the serving image.
    """

    common: FunctionEnvironment
    instance_type: str
    bucket: s3.IBucket
    inference_repository: ecr.IRepository


class BatchReading(Construct):
    """The role that jobs run with, and `parameters`, which `cli/batch/platform.py` reads."""

    role: iam.Role

    def __init__(self, scope: Construct, construct_id: str, *, props: BatchReadingProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_role()

    def _define_role(self) -> None:
        common, bucket = self._props.common, self._props.bucket
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Reads many drawings in batch transform jobs",
        )
        statements = [
            Statement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]),
            Statement(
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects(prefix) for prefix in ("models/*", *SOURCES)],
            ),
            Statement(
                actions=["s3:PutObject", "s3:AbortMultipartUpload"],
                resources=[bucket.arn_for_objects(f"{BATCH_PREFIX}*")],
            ),
            *sagemaker_permissions.key(common.key),
            *sagemaker_permissions.image(self._props.inference_repository),
            *sagemaker_permissions.observation(self, ("TransformJobs",)),
            *(sagemaker_permissions.network() if common.vpc else []),
        ]
        allow(self.role, statements)

    @property
    def parameters(self) -> str:
        """The JSON document of the SSM parameter `batch`."""
        common = self._props.common
        document: dict[str, Any] = {
            "role_arn": self.role.role_arn,
            "instance_type": self._props.instance_type,
            # Machines with NVMe disks encrypt them in hardware and refuse a key.
            "volume_key_arn": None if has_nvme(self._props.instance_type) else common.key.key_arn,
            "prefix": BATCH_PREFIX,
            "sources": [prefix.rstrip("*") for prefix in SOURCES],
        }
        if common.vpc and common.security_group:
            document |= {
                "subnets": common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
                "security_groups": [common.security_group.security_group_id],
            }
        return cdk.Stack.of(self).to_json_string(document)
