"""Promotion across accounts: who may take which role, and what each may do."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from drawing_platform.promotion import PromotionSource, PromotionTarget, PromotionTargetProps
from drawing_platform.settings import Settings, load_settings
from stacks.application import feature_flags
from tests.constructs.platform_parts import parts
from tests.template_rules import as_list

DEV, STAGING, PROD = "111111111111", "222222222222", "333333333333"


def source(env: str) -> tuple[Template, PromotionSource]:
    settings = load_settings(env)
    app = cdk.App(context=feature_flags())
    stack = cdk.Stack(app, "Data", env=cdk.Environment(account=settings.account, region=settings.region))
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key)
    construct = PromotionSource(stack, "Promotion", settings=settings, bucket=bucket, key=key)
    return Template.from_stack(stack), construct


def target(env: str) -> Template:
    around = parts(env)
    partner = around.settings.promotion.source
    assert partner
    PromotionTarget(
        around.stack,
        "Promotion",
        props=PromotionTargetProps(
            settings=around.settings,
            source=partner,
            bucket=around.bucket,
            key=around.key,
            group_name=around.settings.model_package_group,
            group_arn="arn:aws:sagemaker:eu-central-1:222222222222:model-package-group/group",
        ),
    )
    return Template.from_stack(around.stack)


@pytest.fixture(scope="module")
def staging_as_source() -> Template:
    return source("staging")[0]


@pytest.fixture(scope="module")
def staging_as_target() -> Template:
    return target("staging")


def flat(value: Any) -> str:
    """A template's value as text, the partition put in and references by their names."""
    match value:
        case {"Fn::Join": [delimiter, pieces]}:
            return str(delimiter).join(map(flat, pieces))
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return f"<{flat(name)}>"
    return str(value)


def only(template: Template, kind: str, starts: str = "") -> dict[str, Any]:
    """The properties of the one resource of `kind`."""
    (found,) = [item["Properties"] for name, item in template.find_resources(kind).items() if name.startswith(starts)]
    return dict(found)


def statement(document: dict[str, Any], sid: str) -> dict[str, Any]:
    (found,) = [item for item in document["Statement"] if item.get("Sid") == sid]
    return dict(found)


def test_the_promoter_can_do_nothing_but_take_the_roles_of_its_targets(staging_as_source: Template) -> None:
    policy = only(staging_as_source, "AWS::IAM::Policy")["PolicyDocument"]
    (allowed,) = policy["Statement"]
    assert allowed["Action"] == "sts:AssumeRole"
    assert flat(allowed["Resource"]) == f"arn:aws:iam::{PROD}:role/drawing-platform-prod-promotion"


def test_the_promoter_is_taken_from_its_own_account_only(staging_as_source: Template) -> None:
    role = only(staging_as_source, "AWS::IAM::Role")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert flat(trust["Principal"]["AWS"]) == f"arn:aws:iam::{STAGING}:root"
    assert role["MaxSessionDuration"] == 3600


def test_the_bucket_opens_packages_only_to_the_promotion_role_of_the_target(staging_as_source: Template) -> None:
    policy = only(staging_as_source, "AWS::S3::BucketPolicy")["PolicyDocument"]
    allowed = statement(policy, "PromotionToProd")
    assert flat(allowed["Principal"]["AWS"]) == f"arn:aws:iam::{PROD}:root"
    assert allowed["Action"] == "s3:GetObject"
    assert flat(allowed["Resource"]).endswith("/models/*")
    assert {name: flat(value) for name, value in allowed["Condition"]["ArnEquals"].items()} == {
        "aws:PrincipalArn": f"arn:aws:iam::{PROD}:role/drawing-platform-prod-promotion"
    }


def test_the_key_decrypts_for_that_role_and_through_s3_only(staging_as_source: Template) -> None:
    policy = only(staging_as_source, "AWS::KMS::Key", "Key")["KeyPolicy"]
    allowed = statement(policy, "PromotionToProd")
    assert allowed["Action"] == "kms:Decrypt"
    assert flat(allowed["Principal"]["AWS"]) == f"arn:aws:iam::{PROD}:root"
    assert flat(allowed["Condition"]["ArnEquals"]["aws:PrincipalArn"]).endswith("role/drawing-platform-prod-promotion")
    assert allowed["Condition"]["StringEquals"] == {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}


def test_the_promotion_role_is_taken_by_the_sources_promoter_with_the_external_id_only(
    staging_as_target: Template,
) -> None:
    (trust,) = only(staging_as_target, "AWS::IAM::Role", "Promotion")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRole"
    assert flat(trust["Principal"]["AWS"]) == f"arn:aws:iam::{DEV}:root"
    assert trust["Condition"]["StringEquals"] == {"sts:ExternalId": "drawing-platform-dev-to-staging"}
    assert flat(trust["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == (
        f"arn:aws:iam::{DEV}:role/drawing-platform-dev-promoter"
    )


def test_the_promotion_role_registers_and_neither_approves_nor_deploys_nor_deletes(
    staging_as_target: Template,
) -> None:
    policy = only(staging_as_target, "AWS::IAM::Policy", "Promotion")["PolicyDocument"]
    actions = {action for item in policy["Statement"] for action in as_list(item["Action"])}
    assert actions == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:GetObject",
        "s3:PutObject",
        "sagemaker:CreateModelPackage",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
        "ssm:GetParametersByPath",
    }
    written = statement(policy, "KeepTheCopy")
    assert flat(written["Resource"]).endswith("/models/promoted/*")


def test_what_it_reads_of_the_source_is_in_the_sources_account(staging_as_target: Template) -> None:
    policy = only(staging_as_target, "AWS::IAM::Policy", "Promotion")["PolicyDocument"]
    read = statement(policy, "ReadPackagesOfTheSource")
    assert read["Condition"] == {"StringEquals": {"aws:ResourceAccount": DEV}}
    assert flat(read["Resource"]) == "arn:aws:s3:::drawing-platform-dev-*/models/*"
    key = statement(policy, "DecryptPackagesOfTheSource")
    assert flat(key["Resource"]) == f"arn:aws:kms:eu-central-1:{DEV}:key/*"
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}


def test_the_command_is_told_the_roles_that_the_other_side_defines() -> None:
    _, construct = source("dev")
    told = json.loads(flat(cdk.Stack.of(construct).resolve(construct.roles())))
    roles = told["targets"]["staging"]
    role = only(target("staging"), "AWS::IAM::Role", "Promotion")
    assert roles["role_arn"] == f"arn:aws:iam::{STAGING}:role/{role['RoleName']}"
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"]["sts:ExternalId"] == roles["external_id"]


@pytest.mark.parametrize(("here", "there"), [("dev", "staging"), ("staging", "prod")])
def test_both_files_of_settings_agree_on_each_step(here: str, there: str) -> None:
    first, second = load_settings(here), load_settings(there)
    assert (there, second.account) in {(item.env, item.account) for item in first.promotion.targets}
    assert second.promotion.source is not None
    assert (second.promotion.source.env, second.promotion.source.account) == (here, first.account)
    assert (first.region, first.project) == (second.region, second.project)


def test_the_local_account_promotes_nothing() -> None:
    settings: Settings = load_settings("local")
    assert settings.promotion.source is None
    assert settings.promotion.targets == ()
