"""Who may delete model data."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template

from drawing_platform.artefact_protection import let_remove_versions, protect_models
from tests.constructs.empty_stack import empty_stack


def test_the_bucket_refuses_to_delete_models_for_everybody_but_the_tagged_role() -> None:
    stack = empty_stack()
    bucket = s3.Bucket(stack, "Bucket")
    protect_models(bucket)
    let_remove_versions(iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")))
    template = Template.from_stack(stack)
    template.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {
            "PolicyDocument": {
                "Statement": [
                    {
                        "Sid": "OnlyRemovalDeletesModels",
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
                        "Resource": {"Fn::Join": ["", [Match.any_value(), "/models/*"]]},
                        "Condition": {"StringNotEquals": {"aws:PrincipalTag/removes-versions": "yes"}},
                    }
                ]
            }
        },
    )
    template.has_resource_properties("AWS::IAM::Role", {"Tags": [{"Key": "removes-versions", "Value": "yes"}]})
