"""Findings are accepted where they stand, each tool in its own way."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from constructs import Construct
from drawing_platform.nag import acknowledge
from tests.constructs.empty_stack import empty_stack


def test_exceptions_of_checkov_add_up_in_the_template() -> None:
    stack = empty_stack()
    bucket = s3.Bucket(stack, "Bucket")
    acknowledge(bucket, "CKV_AWS_18", "one reason")
    acknowledge(bucket, "CKV_AWS_21", "another reason")
    resource = next(iter(Template.from_stack(stack).find_resources("AWS::S3::Bucket").values()))
    assert resource["Metadata"]["checkov"]["skip"] == [
        {"id": "CKV_AWS_18", "comment": "one reason"},
        {"id": "CKV_AWS_21", "comment": "another reason"},
    ]


def test_a_construct_without_a_resource_of_its_own_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Test")
    with pytest.raises(TypeError, match="Test/Nothing is no CloudFormation resource"):
        acknowledge(Construct(stack, "Nothing"), "CKV_AWS_18", "no reason")
