"""The data bucket: everything that people label, the platform learns from and the models it makes."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform.access_logs import INCOMPLETE_UPLOAD_DAYS, access_log_bucket, log_access
from drawing_platform.settings import StorageSettings

# What lies below each prefix is said by the contracts in docs/architecture.md.
PREFIXES = (
    "drawings/",
    "labels/",
    "datasets/",
    "models/",
    "results/",
    "quarantine/",
    "capture/",
    "monitoring/",
    "thumbnails/",
)

# Manifests and registered models refer to these objects by version id: their old versions never expire.
REFERRED_TO_BY_VERSION = ("drawings/", "labels/", "models/")

ACCESS_LOG_PREFIX = "data/"
# Objects are read often in their first weeks only; S3 moves nothing to Infrequent Access before day 30.
COOLING_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class DataStoreProps:
    """What a data store needs to know."""

    storage: StorageSettings


class DataStore(Construct):
    """A versioned bucket, encrypted with its own key, that takes TLS requests only and tells EventBridge of changes."""

    bucket: s3.Bucket
    key: kms.Key

    def __init__(self, scope: Construct, construct_id: str, *, props: DataStoreProps) -> None:
        super().__init__(scope, construct_id)
        self._storage = props.storage
        self._keep = props.storage.removal == "retain"
        self._removal_policy = cdk.RemovalPolicy.RETAIN if self._keep else cdk.RemovalPolicy.DESTROY
        self._define_key()
        self._define_access_log_bucket()
        self._define_bucket()
        self._log_access()
        self._send_events()

    def _define_key(self) -> None:
        self.key = kms.Key(
            self,
            "Key",
            description=f"Drawings, labels and models of {cdk.Stack.of(self).stack_name}",
            enable_key_rotation=True,
            removal_policy=self._removal_policy,
        )
        self._let_log_groups_use_the_key()

    def _let_log_groups_use_the_key(self) -> None:
        stack = cdk.Stack.of(self)
        log_groups = stack.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],  # in a key policy: this key
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
            )
        )

    def _define_access_log_bucket(self) -> None:
        self._access_logs = access_log_bucket(self, days=self._storage.access_log_days, keep=self._keep)

    def _define_bucket(self) -> None:
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=self._storage.bucket_name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,  # one KMS request serves many objects
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=self._lifecycle_rules(),
            removal_policy=self._removal_policy,
            auto_delete_objects=not self._keep,
        )

    def _lifecycle_rules(self) -> list[s3.LifecycleRule]:
        cool = s3.Transition(
            storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=cdk.Duration.days(COOLING_DAYS)
        )
        expiry = {
            "results/": self._storage.results_days,
            "quarantine/": self._storage.quarantine_days,
            "capture/": self._storage.capture_days,
        }
        return [
            s3.LifecycleRule(
                id="abort-incomplete-uploads",
                abort_incomplete_multipart_upload_after=cdk.Duration.days(INCOMPLETE_UPLOAD_DAYS),
            ),
            *(
                s3.LifecycleRule(
                    id=f"keep-{prefix.strip('/')}" if prefix not in expiry else f"expire-{prefix.strip('/')}",
                    prefix=prefix,
                    transitions=[cool] if prefix not in expiry else None,
                    expiration=cdk.Duration.days(expiry[prefix]) if prefix in expiry else None,
                    noncurrent_version_expiration=None
                    if prefix in REFERRED_TO_BY_VERSION
                    # What was captured is gone when it has expired: these drawings were sent to be read, not kept.
                    else cdk.Duration.days(1 if prefix == "capture/" else self._storage.noncurrent_versions_days),
                )
                for prefix in PREFIXES
            ),
        ]

    def _resource(self) -> s3.CfnBucket:
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        return resource

    def _log_access(self) -> None:
        log_access(self.bucket, self._access_logs, ACCESS_LOG_PREFIX)

    def _send_events(self) -> None:
        # CloudFormation's own property: `event_bridge_enabled=True` would add a Lambda function with wide rights.
        self._resource().notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
