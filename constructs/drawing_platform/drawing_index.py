"""Keeps the index of similar drawings as the bucket is: every change at once, and everything every night."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.batch_reading import BATCH_PREFIX
from drawing_platform.dead_letters import dead_letter_queue
from drawing_platform.embedding_endpoint import EmbeddingEndpoint, embedders_arn
from drawing_platform.metrics import FIVE_MINUTES
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import (
    METRICS_NAMESPACE,
    FunctionEnvironment,
    PlatformFunction,
    PlatformFunctionProps,
)
from drawing_platform.runbooks import Runbook
from drawing_platform.search_store import SearchStore
from drawing_platform.settings import SearchSettings

DRAWINGS_PREFIX = "drawings/"
THUMBNAILS_PREFIX = "thumbnails/"
REFUSALS_PREFIX = "quarantine/search/"
SWAPS_PREFIX = "monitoring/search/"
# Four drawings, each embedded and read within a minute, two at a time.
MESSAGES_AT_ONCE = 4
COLLECTING = cdk.Duration.seconds(1)
INDEX_TIMEOUT = cdk.Duration.seconds(150)
# AWS advises six times the function's timeout.
VISIBILITY_TIMEOUT = cdk.Duration.minutes(15)
RECEIVES_BEFORE_DEAD_LETTER = 5
# Of the functions that look at the whole bucket.
RECONCILE_TIMEOUT = cdk.Duration.minutes(15)
# An A0 sheet at 300 dpi has 139 megapixels: two are decoded at a time.
INDEX_MEMORY_MB = 3008
RECONCILE_MEMORY_MB = 1024
LATE = cdk.Duration.hours(1)
# InvokeEndpoint takes 25 MB, of a serverless endpoint 4 MB.
LARGEST_BYTES, SERVERLESS_BYTES = 25_000_000, 4_000_000


@dataclass(frozen=True, kw_only=True)
class DrawingIndexProps:
    """What is indexed, by what, where to.

    Attributes:
        common: what all functions share.
        search: how many at once, whether drawings are read.
        bucket: of the drawings.
        store: holds the indexes.
        embedders: each has an index of its own.
        reader: name of the reading endpoint.
        serverless: whether endpoints are, and take less.
        topic: receives the alarms.
    """

    common: FunctionEnvironment
    search: SearchSettings
    bucket: s3.IBucket
    store: SearchStore
    embedders: Sequence[EmbeddingEndpoint]
    reader: str
    serverless: bool
    topic: sns.ITopic


class DrawingIndex(Construct):
    """Rule, queue with dead-letter queue, the functions that index one drawing, compare, and index very many.

    An event only says that it is worth looking; the function looks at the bucket. So doubled, late and reordered events
    do no harm, and what no event told is found at night. What is busy is asked again later, with growing delays.
    """

    queue: sqs.Queue
    dead_letters: sqs.Queue
    index: PlatformFunction
    reconcile: PlatformFunction
    backfill: PlatformFunction
    alarms: list[cloudwatch.IAlarm]

    def __init__(self, scope: Construct, construct_id: str, *, props: DrawingIndexProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_queues()
        self._define_index()
        self._define_reconcile()
        self._define_backfill()
        self._define_rule()
        self._define_schedule()
        self._define_alarms()

    def _define_queues(self) -> None:
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        self.queue = sqs.Queue(
            self,
            "Changes",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=VISIBILITY_TIMEOUT,
            retention_period=cdk.Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=RECEIVES_BEFORE_DEAD_LETTER
            ),
        )

    @property
    def _variables(self) -> dict[str, str]:
        props = self._props
        return {
            "BUCKET": props.bucket.bucket_name,
            "QUEUE_URL": self.queue.queue_url,
            "STORE": props.store.address,
            "INDEX_SETTINGS": props.store.index_settings,
            "EMBEDDERS": ",".join(embedder.endpoint_name for embedder in props.embedders),
        }

    @property
    def _largest_bytes(self) -> str:
        return str(SERVERLESS_BYTES if self._props.serverless else LARGEST_BYTES)

    def _orders(self) -> Statement:
        return Statement(actions=["sqs:SendMessage"], resources=[self.queue.queue_arn])

    def _statements(self) -> list[Statement]:
        """What all functions need: to list the bucket, to embed, to write to the index."""
        props = self._props
        return [
            Statement(
                # Without it S3 says "forbidden" of what is not there.
                actions=["s3:ListBucket", "s3:ListBucketVersions"],
                resources=[props.bucket.bucket_arn],
            ),
            Statement(actions=["sagemaker:InvokeEndpoint"], resources=[embedders_arn(self, props.embedders)]),
            # Which embedders were released.
            self._objects("s3:GetObject", prefixes=(SWAPS_PREFIX,)),
            Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[props.common.key.key_arn]),
            *props.store.writing,
        ]

    def _objects(self, *actions_: str, prefixes: Sequence[str]) -> Statement:
        resources = [self._props.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
        return Statement(actions=list(actions_), resources=resources)

    def _define_index(self) -> None:
        props = self._props
        reader = cdk.Stack.of(self).format_arn(service="sagemaker", resource="endpoint", resource_name=props.reader)
        reads = [Statement(actions=["sagemaker:InvokeEndpoint"], resources=[reader])]
        made = (THUMBNAILS_PREFIX, REFUSALS_PREFIX)
        self.index = PlatformFunction(
            self,
            "Index",
            props=PlatformFunctionProps(
                common=props.common,
                handler="index_drawings.handler.handle",
                description="Brings the index to where the bucket is, drawing by drawing",
                bundle=props.store.bundle,
                memory_mb=INDEX_MEMORY_MB,
                timeout=INDEX_TIMEOUT,
                mount=props.store.mount,
                variables={
                    **self._variables,
                    "READER": props.reader if props.search.read_text else "",
                    "LARGEST_BYTES": self._largest_bytes,
                },
                statements=[
                    *self._statements(),
                    self._orders(),
                    self._objects("s3:GetObject", "s3:GetObjectVersion", prefixes=(DRAWINGS_PREFIX, REFUSALS_PREFIX)),
                    self._objects("s3:PutObject", "s3:DeleteObject", prefixes=made),
                    *(reads if props.search.read_text else []),
                ],
            ),
        )
        self.index.function.add_event_source(
            event_sources.SqsEventSource(
                self.queue,
                batch_size=MESSAGES_AT_ONCE,
                max_batching_window=COLLECTING,
                max_concurrency=props.search.index_at_once,
                report_batch_item_failures=True,
            )
        )

    def _define_reconcile(self) -> None:
        props = self._props
        self.reconcile = PlatformFunction(
            self,
            "Reconcile",
            props=PlatformFunctionProps(
                common=props.common,
                handler="reconcile_index.handler.handle",
                description="Compares the index with the bucket, orders what differs, moves the alias",
                bundle=props.store.bundle,
                memory_mb=RECONCILE_MEMORY_MB,
                timeout=RECONCILE_TIMEOUT,
                # Two at once would order everything twice.
                reserved_concurrency=1,
                keep_failed_events=True,
                mount=props.store.mount,
                variables=self._variables,
                statements=[
                    *self._statements(),
                    self._orders(),
                    self._objects("s3:GetObject", prefixes=(REFUSALS_PREFIX,)),
                    self._objects("s3:PutObject", prefixes=(SWAPS_PREFIX,)),
                ],
            ),
        )

    def _define_backfill(self) -> None:
        props = self._props
        made = (THUMBNAILS_PREFIX, REFUSALS_PREFIX, SWAPS_PREFIX, BATCH_PREFIX)
        read = (DRAWINGS_PREFIX, REFUSALS_PREFIX, BATCH_PREFIX)
        self.backfill = PlatformFunction(
            self,
            "Backfill",
            props=PlatformFunctionProps(
                common=props.common,
                handler="backfill_index.handler.handle",
                description="Fills an index with many drawings that batch transform has embedded",
                bundle=props.store.bundle,
                memory_mb=INDEX_MEMORY_MB,
                # A million drawings are listed and planned in one call.
                timeout=RECONCILE_TIMEOUT,
                mount=props.store.mount,
                variables={
                    **{name: value for name, value in self._variables.items() if name != "QUEUE_URL"},
                    "READS": str(props.search.read_text).lower(),
                    "LARGEST_BYTES": self._largest_bytes,
                },
                statements=[
                    *self._statements(),
                    self._objects("s3:GetObject", "s3:GetObjectVersion", prefixes=read),
                    self._objects("s3:PutObject", prefixes=made),
                    self._objects("s3:DeleteObject", prefixes=(SWAPS_PREFIX,)),
                ],
            ),
        )

    def _define_rule(self) -> None:
        events.Rule(
            self,
            "DrawingsChanged",
            description="A drawing was put or deleted",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created", "Object Deleted"],
                detail={
                    "bucket": {"name": [self._props.bucket.bucket_name]},
                    "object": {"key": [{"prefix": DRAWINGS_PREFIX}]},
                },
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
        )

    def _define_schedule(self) -> None:
        events.Rule(
            self,
            "Nightly",
            description="Finds and repairs what the index has otherwise than the bucket",
            schedule=events.Schedule.rate(cdk.Duration.days(1)),
            targets=[targets.LambdaFunction(self.reconcile.function, retry_attempts=2)],
        )

    def _define_alarms(self) -> None:
        self.alarms = [
            self._alarm(
                "Late",
                self.queue.metric_approximate_age_of_oldest_message(
                    period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
                ),
                LATE.to_seconds(),
                f"A drawing has waited for {LATE.to_hours():g} hour to be indexed",
            ),
            self._alarm(
                "Refused",
                self.metric("index-drawings", "DrawingsRefused", cloudwatch.Stats.SUM, cdk.Duration.hours(1)),
                1,
                "A drawing cannot be indexed: its file is none that can be read",
            ),
            self._alarm(
                "Differs",
                self.metric("reconcile-index", "IndexDifferences", cloudwatch.Stats.MAXIMUM, cdk.Duration.days(1)),
                1,
                "The index differed from the bucket in two nights, although the first one repaired it",
                periods=2,
            ),
        ]

    def metric(self, service: str, name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        """One of the metrics that the functions publish."""
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=name,
            dimensions_map={"service": service},
            statistic=statistic,
            period=period,
        )

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, threshold: float, description: str, *, periods: int = 1
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            alarm_description=Runbook.INDEX.describe(description),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._props.topic))
        return alarm
