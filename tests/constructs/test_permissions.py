"""What a role may do, as one policy."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from drawing_platform.permissions import Statement, allow


@pytest.fixture
def role() -> iam.Role:
    stack = cdk.Stack(cdk.App(), "Stack")
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def test_a_role_gets_what_is_stated_and_nothing_else(role: iam.Role) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    allow(
        role,
        [
            Statement(actions=["s3:GetObject"], resources=["arn:aws:s3:::one/*"], sid="Read"),
            Statement(actions=["iam:PassRole"], resources=[role.role_arn], conditions=condition),
        ],
    )

    (policy,) = Template.from_stack(cdk.Stack.of(role)).find_resources("AWS::IAM::Policy").values()
    (name,) = Template.from_stack(cdk.Stack.of(role)).find_resources("AWS::IAM::Role")
    assert policy["Properties"]["Roles"] == [{"Ref": name}]
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"},
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": {"Fn::GetAtt": [name, "Arn"]},
            "Condition": condition,
        },
    ]


def test_a_role_gets_its_policy_once(role: iam.Role) -> None:
    allow(role, [Statement(actions=["s3:GetObject"], resources=["arn:aws:s3:::one/*"])])

    with pytest.raises(RuntimeError, match="already a Construct"):
        allow(role, [Statement(actions=["s3:PutObject"], resources=["arn:aws:s3:::one/*"])])
