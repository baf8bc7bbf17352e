"""What labelling keeps: the bucket of jobs, pictures and answers, and the table of who does what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform.access_logs import INCOMPLETE_UPLOAD_DAYS, log_access
from drawing_platform.permissions import Statement
from drawing_platform.retraining_trigger import LABELS_PREFIX
from drawing_platform.state_table import StateTable, StateTableProps

JOBS_PREFIX = "jobs/"
# Of the data bucket: where drawings may lie that people are asked to label.
DRAWING_PREFIXES = ("drawings/", LABELS_PREFIX)
DRAFTS_PREFIX = "drafts/"
DRAFT_DAYS = 30  # a task that nobody has touched for so long begins anew
CORS_CACHE_SECONDS = 3600
INDEX = "queue"


@dataclass(frozen=True, kw_only=True)
class LabellingStoreProps:
    """The key, where access logs go, how long jobs stay, and whether the store outlives its stack."""

    key: kms.IKey
    access_logs: s3.Bucket
    job_days: int
    keep: bool


class LabellingStore(Construct):
    """A versioned bucket, encrypted and TLS only, and a table with the queue of open tasks as its index."""

    bucket: s3.Bucket
    state: StateTable

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingStoreProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_bucket()
        self._define_table()

    def _define_bucket(self) -> None:
        props = self._props
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=props.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire-jobs",
                    prefix=JOBS_PREFIX,
                    expiration=cdk.Duration.days(props.job_days),
                    noncurrent_version_expiration=cdk.Duration.days(props.job_days),
                ),
                s3.LifecycleRule(
                    id="expire-drafts",
                    prefix=DRAFTS_PREFIX,
                    expiration=cdk.Duration.days(DRAFT_DAYS),
                    noncurrent_version_expiration=cdk.Duration.days(1),
                ),
                s3.LifecycleRule(
                    id="abort-incomplete-uploads",
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(INCOMPLETE_UPLOAD_DAYS),
                ),
            ],
            removal_policy=cdk.RemovalPolicy.RETAIN if props.keep else cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=not props.keep,
        )
        log_access(self.bucket, props.access_logs, "labelling/")

    def _define_table(self) -> None:
        self.state = StateTable(
            self,
            "State",
            props=StateTableProps(key=self._props.key, partition_key="pk", sort_key="sk", keep=self._props.keep),
        )
        self.state.table.add_global_secondary_index(
            index_name=INDEX,
            partition_key=dynamodb.Attribute(name="queue", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["people", "since"],
        )

    @property
    def variables(self) -> dict[str, str]:
        """What tells a function where all this is."""
        return {"TABLE": self.state.table.table_name, "BUCKET": self.bucket.bucket_name}

    def let_page_read(self, origin: str) -> None:
        """Lets scripts of the page at `origin`, and of no other, read signed addresses, also parts of an object."""
        self.bucket.add_cors_rule(
            allowed_methods=[s3.HttpMethods.GET],
            allowed_origins=[origin],
            allowed_headers=["Range", "If-Match", "If-None-Match"],
            exposed_headers=["Content-Range", "Content-Length", "ETag"],
            max_age=CORS_CACHE_SECONDS,
        )

    def read(self, *patterns: str) -> Statement:
        """A statement that lets a role read the objects below `jobs/*/` that match."""
        return Statement(actions=["s3:GetObject"], resources=self._objects(patterns))

    def write(self, *patterns: str) -> Statement:
        """A statement that lets a role write the objects below `jobs/*/` that match."""
        return Statement(actions=["s3:PutObject"], resources=self._objects(patterns))

    def list_objects(self) -> Statement:
        """A statement that lets a role list the bucket; without it S3 answers 403 for what is not there."""
        return Statement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn])

    def use_key(self) -> Statement:
        """A statement that lets a role read and write encrypted objects."""
        return Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._props.key.key_arn])

    def use_table(self, *operations: str) -> list[Statement]:
        """Statements for operations on the table and queries of its index."""
        index = Statement(actions=["dynamodb:Query"], resources=[f"{self.state.table.table_arn}/index/{INDEX}"])
        return [*self.state.allow(*operations), index]

    def _objects(self, patterns: Sequence[str]) -> list[str]:
        return [
            self.bucket.arn_for_objects(pattern if pattern.startswith(DRAFTS_PREFIX) else f"{JOBS_PREFIX}*/{pattern}")
            for pattern in patterns
        ]
