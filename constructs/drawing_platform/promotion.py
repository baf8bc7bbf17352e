"""Promotion of a version from one environment to the next, perhaps in another account, by two roles and two policies.

Who promotes works in the source's account: they take its promoter role, which can do one thing, taking the promotion
role of a target. That role belongs to the target, reads packages of the source and registers a copy that waits for
approval; it cannot approve, deploy, train or delete.

Each half names the other by what is known before anything is deployed, so that neither must come first: S3 and KMS
refuse a principal that does not exist yet, therefore their policies name the account and condition on the role's ARN.
"""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform.permissions import Statement, allow
from drawing_platform.settings import PromotionPartner, Settings

PACKAGES = "models/"
# Where copies lie in the target.
COPIES = "models/promoted/"
SESSION = cdk.Duration.hours(1)  # copying and checking a package takes minutes


def promoter_role_name(project: str, env: str) -> str:
    """The role in the source environment `env` that may take promotion roles."""
    return f"{project}-{env}-promoter"


def promotion_role_name(project: str, env: str) -> str:
    """The role in the target environment `env` that copies and registers."""
    return f"{project}-{env}-promotion"


def external_id(project: str, source: str, target: str) -> str:
    """What must be said when a promotion role is taken, so that it serves this one way only."""
    return f"{project}-{source}-to-{target}"


def role_arn(scope: Construct, account: str, name: str) -> str:
    """ARN of a role by its name."""
    return f"arn:{cdk.Stack.of(scope).partition}:iam::{account}:role/{name}"


class PromotionSource(Construct):
    """The source's half: the promoter role, and leave for each target to read packages of this bucket."""

    promoter: iam.Role

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, bucket: s3.Bucket, key: kms.Key
    ) -> None:
        super().__init__(scope, construct_id)
        self._project, self._env = settings.project, settings.env
        self._targets = settings.promotion.targets
        self._define_promoter()
        for target in self._targets:
            self._let_read(bucket, key, target)

    def _define_promoter(self) -> None:
        self.promoter = iam.Role(
            self,
            "Promoter",
            role_name=promoter_role_name(self._project, self._env),
            # Who of this account may take it is said by their own policies.
            assumed_by=iam.AccountPrincipal(cdk.Stack.of(self).account),
            description=f"Takes a version of {self._env} to the next environment, and nothing else",
            max_session_duration=SESSION,
        )
        take = Statement(
            sid="TakeThePromotionRoleOfATarget",
            actions=["sts:AssumeRole"],
            resources=[self._promotion_role(target) for target in self._targets],
        )
        allow(self.promoter, [take])

    def _promotion_role(self, target: PromotionPartner) -> str:
        return role_arn(self, target.account, promotion_role_name(self._project, target.env))

    def _let_read(self, bucket: s3.Bucket, key: kms.Key, target: PromotionPartner) -> None:
        sid = f"PromotionTo{target.env.capitalize()}"
        reader = iam.AccountPrincipal(target.account)
        that_role = {"ArnEquals": {"aws:PrincipalArn": self._promotion_role(target)}}
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[reader],
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects(f"{PACKAGES}*")],
                conditions=that_role,
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[reader],
                actions=["kms:Decrypt"],
                resources=["*"],  # in a key policy: this key
                # Through S3 only: tables and logs that this key encrypts stay closed.
                conditions={**that_role, "StringEquals": {"kms:ViaService": _s3_of(self)}},
            )
        )

    def roles(self) -> str:
        """What the operator's command reads in SSM: which roles it takes and what it says to each target's, as JSON."""
        targets = {
            target.env: {
                "role_arn": self._promotion_role(target),
                "external_id": external_id(self._project, self._env, target.env),
            }
            for target in self._targets
        }
        return cdk.Stack.of(self).to_json_string({"promoter_arn": self.promoter.role_arn, "targets": targets})


@dataclass(frozen=True, kw_only=True)
class PromotionTargetProps:
    """The target's half.

    Attributes:
        settings: of the target.
        source: the environment that versions come from.
        bucket, key: where the copy goes and what encrypts it.
        group_name, group_arn: where it is registered.
    """

    settings: Settings
    source: PromotionPartner
    bucket: s3.IBucket
    key: kms.IKey
    group_name: str
    group_arn: str


class PromotionTarget(Construct):
    """The role that reads a package of the source and registers its copy here."""

    role: iam.Role

    def __init__(self, scope: Construct, construct_id: str, *, props: PromotionTargetProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        settings, source = props.settings, props.source
        promoter = role_arn(self, source.account, promoter_role_name(settings.project, source.env))
        self.role = iam.Role(
            self,
            "Role",
            role_name=promotion_role_name(settings.project, settings.env),
            assumed_by=iam.PrincipalWithConditions(
                iam.AccountPrincipal(source.account),
                {
                    "StringEquals": {"sts:ExternalId": external_id(settings.project, source.env, settings.env)},
                    "ArnEquals": {"aws:PrincipalArn": promoter},
                },
            ),
            description=f"Brings a version of {source.env} into {settings.env}, where it waits for approval",
            max_session_duration=SESSION,
        )
        allow(self.role, [*self._read_the_source(), *self._keep_the_copy(), *self._register()])

    def _read_the_source(self) -> list[Statement]:
        settings, source, stack = self._props.settings, self._props.source, cdk.Stack.of(self)
        # CloudFormation makes the names of the source's bucket and key. Their own policies decide; here the account is
        # named, and the beginning of the bucket's name.
        bucket = f"arn:{stack.partition}:s3:::{settings.project}-{source.env}-*"
        return [
            Statement(
                sid="ReadPackagesOfTheSource",
                actions=["s3:GetObject"],
                resources=[f"{bucket}/{PACKAGES}*"],
                conditions={"StringEquals": {"aws:ResourceAccount": source.account}},
            ),
            Statement(
                sid="DecryptPackagesOfTheSource",
                actions=["kms:Decrypt"],
                resources=[f"arn:{stack.partition}:kms:{stack.region}:{source.account}:key/*"],
                conditions={"StringEquals": {"kms:ViaService": _s3_of(self)}},
            ),
        ]

    def _keep_the_copy(self) -> list[Statement]:
        props = self._props
        prefix = props.settings.parameter_prefix.removeprefix("/")
        names = cdk.Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=prefix)
        return [
            Statement(
                sid="KeepTheCopy",
                actions=["s3:GetObject", "s3:PutObject"],  # read back to compare its checksum
                resources=[props.bucket.arn_for_objects(f"{COPIES}*")],
            ),
            Statement(
                sid="EncryptTheCopy",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[props.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": _s3_of(self)}},
            ),
            Statement(
                sid="FindTheNamesOfThisEnvironment",
                actions=["ssm:GetParametersByPath"],
                resources=[names, f"{names}/*"],
            ),
        ]

    def _register(self) -> list[Statement]:
        versions = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="model-package", resource_name=f"{self._props.group_name}/*"
        )
        return [
            # Not UpdateModelPackage: who promotes does not approve.
            Statement(
                sid="RegisterTheCopy",
                actions=["sagemaker:CreateModelPackage"],
                resources=[self._props.group_arn, versions],
            ),
            Statement(sid="DescribeVersions", actions=["sagemaker:DescribeModelPackage"], resources=[versions]),
            Statement(sid="LookForAnEarlierCopy", actions=["sagemaker:ListModelPackages"], resources=["*"]),
        ]


def _s3_of(scope: Construct) -> str:
    return f"s3.{cdk.Stack.of(scope).region}.amazonaws.com"
