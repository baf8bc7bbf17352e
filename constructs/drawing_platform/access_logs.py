"""A bucket that receives the access logs of others."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform.nag import acknowledge

INCOMPLETE_UPLOAD_DAYS = 7


def access_log_bucket(scope: Construct, *, days: int, keep: bool) -> s3.Bucket:
    """The bucket `AccessLogs` below `scope`; what arrives is kept for `days`."""
    bucket = s3.Bucket(
        scope,
        "AccessLogs",
        # S3 cannot deliver access logs into a bucket that a customer's KMS key encrypts.
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        versioned=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="expire-access-logs",
                expiration=cdk.Duration.days(days),
                noncurrent_version_expiration=cdk.Duration.days(1),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(INCOMPLETE_UPLOAD_DAYS),
            )
        ],
        removal_policy=cdk.RemovalPolicy.RETAIN if keep else cdk.RemovalPolicy.DESTROY,
        auto_delete_objects=not keep,
    )
    for finding in ("AwsSolutions-S1", "CKV_AWS_18"):
        acknowledge(bucket, finding, "The bucket that receives the access logs does not log itself")
    return bucket


def log_access(bucket: s3.Bucket, into: s3.Bucket, prefix: str) -> None:
    """Lets S3 write who asked for what of `bucket` below `prefix` of the other."""
    # By hand: the CDK's `server_access_logs_bucket` names the bucket in the other's policy, so that the policy
    # cannot come first; but S3 refuses to log into a bucket that does not allow it yet.
    into.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AccessLogsOfThisAccount",
            principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[into.arn_for_objects(f"{prefix}*")],
            conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(bucket).account}},
        )
    )
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=into.bucket_name, log_file_prefix=prefix
    )
    if into.policy:
        bucket.node.add_dependency(into.policy)
