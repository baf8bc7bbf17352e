"""Model data can be deleted by one role only, that of the release workflow's removal, which looks at the history first.

SageMaker itself refuses nothing: it deletes a model package, a model or a configuration that is in use. S3 does refuse,
by the bucket's policy; the rights to the others are given to no role of the platform but that one (release.py).
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs import IConstruct

# The tag by which the bucket's policy knows the role: its ARN would tie the data to the release in a circle.
REMOVES_VERSIONS = "removes-versions"
MODELS = "models/*"


def let_remove_versions(role: IConstruct) -> None:
    """Makes `role` the one that may delete model data, as far as its own policies allow it."""
    cdk.Tags.of(role).add(REMOVES_VERSIONS, "yes")


def protect_models(bucket: s3.Bucket) -> None:
    """Refuses everybody else the deletion of model data, administrators too; lifecycle rules go on as they are."""
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="OnlyRemovalDeletesModels",
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[bucket.arn_for_objects(MODELS)],
            conditions={"StringNotEquals": {f"aws:PrincipalTag/{REMOVES_VERSIONS}": "yes"}},
        )
    )
