"""Starts a training run when new labels have arrived and the uploads have gone quiet."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.base_version import BaseVersionProps
from drawing_platform.dead_letters import dead_letter_queue
from drawing_platform.permissions import Statement
from drawing_platform.pipeline_definition import RUNS_PREFIX
from drawing_platform.platform_function import (
    METRICS_NAMESPACE,
    FunctionEnvironment,
    PlatformFunction,
    PlatformFunctionProps,
)
from drawing_platform.settings import TriggerSettings
from drawing_platform.state_table import StateTable, StateTableProps

LABELS_PREFIX = "labels/"
MANIFEST_NAME = "manifest.jsonl"
FUNCTION_TIMEOUT = cdk.Duration.minutes(2)
# A message that a crashed function held comes back only after that; AWS advises six times the function's timeout.
VISIBILITY_TIMEOUT = cdk.Duration.minutes(12)
MAX_DELAY_SECONDS = 900  # SQS holds a message back no longer
# A message that only has to wait is sent anew (lambda/start_training/queue.py), so these are five real failures.
RECEIVES_BEFORE_DEAD_LETTER = 5
# A burst of events is few invocations: up to this many messages that arrive within a second.
MESSAGES_AT_ONCE = 1000
COLLECTING = cdk.Duration.seconds(1)


@dataclass(frozen=True, kw_only=True)
class EmbedderTraining:
    """The pipeline of the embedder, which is started by orders only; `base` is the group of its versions."""

    pipeline_name: str
    pipeline_arn: str
    base: BaseVersionProps


@dataclass(frozen=True, kw_only=True)
class RetrainingTriggerProps:
    """What is watched, what is started, from which version, when, and whether the memory of it outlives the stack."""

    common: FunctionEnvironment
    bucket: s3.IBucket
    pipeline_name: str
    pipeline_arn: str
    base: BaseVersionProps
    embedder: EmbedderTraining
    trigger: TriggerSettings
    keep: bool


class RetrainingTrigger(Construct):
    """Rule, queue with dead-letter queue, function, schedule, and the table that knows what was trained on.

    An event only says that it is worth looking; the function lists the bucket. So a lost, doubled or late event does
    no harm, and the schedule finds what no event told. A message about labels that have to wait, for silence or for the
    end of a run, goes back into the queue with a delay; the end of a run is looked at too.
    """

    queue: sqs.Queue
    dead_letters: sqs.Queue
    state: StateTable
    function: PlatformFunction

    def __init__(self, scope: Construct, construct_id: str, *, props: RetrainingTriggerProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_queues()
        self._define_state()
        self._define_function()
        self._define_label_rule()
        self._define_end_of_run_rule()
        self._define_schedule()

    @property
    def label_age(self) -> cloudwatch.Metric:
        """Age in seconds of the oldest batch that no run has learned from."""
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="OldestLabelAge",
            dimensions_map={"service": "start-training"},
            statistic=cloudwatch.Stats.MAXIMUM,
        )

    def _define_queues(self) -> None:
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        self.queue = sqs.Queue(
            self,
            "Labels",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # An event is looked at when the uploads may have gone quiet, not before.
            delivery_delay=cdk.Duration.seconds(min(self._props.trigger.quiet_seconds, MAX_DELAY_SECONDS)),
            visibility_timeout=VISIBILITY_TIMEOUT,
            retention_period=cdk.Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=RECEIVES_BEFORE_DEAD_LETTER
            ),
        )

    def _define_state(self) -> None:
        self.state = StateTable(
            self,
            "State",
            props=StateTableProps(key=self._props.common.key, partition_key="pk", sort_key="sk", keep=self._props.keep),
        )

    def _define_function(self) -> None:
        props = self._props
        self.function = PlatformFunction(
            self,
            "StartTraining",
            props=PlatformFunctionProps(
                common=props.common,
                handler="start_training.handler.handle",
                description="Starts a training run on new labels",
                timeout=FUNCTION_TIMEOUT,
                variables={
                    "BUCKET": props.bucket.bucket_name,
                    "LABELS_PREFIX": LABELS_PREFIX,
                    "RUNS_PREFIX": RUNS_PREFIX,
                    "PIPELINE_NAME": props.pipeline_name,
                    "TABLE": self.state.table.table_name,
                    "QUEUE_URL": self.queue.queue_url,
                    **props.base.variables,
                    "EMBEDDER_PIPELINE_NAME": props.embedder.pipeline_name,
                    "EMBEDDER_GROUP": props.embedder.base.group_name,
                    "QUIET_SECONDS": str(props.trigger.quiet_seconds),
                    "MIN_OBJECTS": str(props.trigger.min_objects),
                    "MAX_AGE_SECONDS": str(props.trigger.max_age_seconds),
                },
                statements=self._statements(),
                keep_failed_events=True,
            ),
        )
        self.function.function.add_event_source(
            event_sources.SqsEventSource(self.queue, batch_size=MESSAGES_AT_ONCE, max_batching_window=COLLECTING)
        )

    def _statements(self) -> list[Statement]:
        bucket = self._props.bucket
        pipelines = (self._props.pipeline_arn, self._props.embedder.pipeline_arn)
        return [
            Statement(
                actions=["s3:ListBucket", "s3:ListBucketVersions"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": [f"{LABELS_PREFIX}*"]}},
            ),
            Statement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects(f"{RUNS_PREFIX}*/run.json")]),
            Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._props.common.key.key_arn]),
            *self.state.allow("GetItem", "PutItem", "DeleteItem", "Query", "BatchWriteItem", "ConditionCheckItem"),
            Statement(actions=["sqs:SendMessage"], resources=[self.queue.queue_arn]),
            Statement(
                actions=["sagemaker:StartPipelineExecution", "sagemaker:ListPipelineExecutions"],
                resources=[*pipelines],
            ),
            Statement(
                actions=["sagemaker:DescribePipelineExecution"],
                resources=[f"{arn}/execution/*" for arn in pipelines],
            ),
            *self._props.base.statements(self),
            *self._props.embedder.base.statements(self),
        ]

    def _define_label_rule(self) -> None:
        events.Rule(
            self,
            "LabelsArrived",
            description="A manifest was uploaded: a labelled batch is complete",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._props.bucket.bucket_name]},
                    "object": {"key": [{"wildcard": f"{LABELS_PREFIX}*/{MANIFEST_NAME}"}]},
                },
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
        )

    def _define_end_of_run_rule(self) -> None:
        events.Rule(
            self,
            "RunEnded",
            description=f"A run of {self._props.pipeline_name} ended: what came meanwhile is next",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Building Pipeline Execution Status Change"],
                detail={
                    "pipelineArn": [self._props.pipeline_arn],
                    "currentPipelineExecutionStatus": ["Succeeded", "Failed", "Stopped"],
                },
            ),
            targets=[targets.LambdaFunction(self.function.function, retry_attempts=3)],
        )

    def _define_schedule(self) -> None:
        # Between the quiet time and an hour: often enough to keep the promise of the settings, no more.
        minutes = min(max(self._props.trigger.quiet_seconds // 60, 1), 60)
        events.Rule(
            self,
            "Schedule",
            description="Looks for labels that no event told, and for those that waited for a running execution",
            schedule=events.Schedule.rate(cdk.Duration.minutes(minutes)),
            targets=[targets.LambdaFunction(self.function.function, retry_attempts=0)],
        )
