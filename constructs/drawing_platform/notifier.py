"""Turns what happened into one readable message on the alerts topic, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.state_table import StateTable, StateTableProps


@dataclass(frozen=True, kw_only=True)
class NotifierProps:
    """Where messages go, and what they are read from."""

    common: FunctionEnvironment
    topic: sns.ITopic
    topic_key: kms.IKey
    bucket: s3.IBucket
    pipeline_names: Sequence[str]


class Notifier(Construct):
    """The function, and the table that remembers for a while what was told already."""

    function: PlatformFunction
    told: StateTable

    def __init__(self, scope: Construct, construct_id: str, *, props: NotifierProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._pipeline_arns = [
            cdk.Stack.of(self).format_arn(service="sagemaker", resource="pipeline", resource_name=name)
            for name in props.pipeline_names
        ]
        self._define_table()
        self._define_function()
        self._tell_of_failed_runs()

    def _define_table(self) -> None:
        # Not kept: forgetting what was told repeats a message at worst.
        self.told = StateTable(
            self,
            "Told",
            props=StateTableProps(
                key=self._props.common.key, partition_key="pk", sort_key="sk", time_to_live="expiration"
            ),
        )

    def _define_function(self) -> None:
        props = self._props
        self.function = PlatformFunction(
            self,
            "Function",
            props=PlatformFunctionProps(
                common=props.common,
                handler="notify.handler.handle",
                description="Tells people about refused, failed and released versions",
                variables={"TOPIC_ARN": props.topic.topic_arn, "TABLE": self.told.table.table_name},
                keep_failed_events=True,
                statements=[
                    Statement(actions=["sns:Publish"], resources=[props.topic.topic_arn]),
                    Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[props.topic_key.key_arn]),
                    *self.told.allow("GetItem", "PutItem", "UpdateItem", "DeleteItem"),
                    Statement(
                        actions=["sagemaker:ListPipelineExecutionSteps", "sagemaker:DescribePipelineExecution"],
                        resources=[f"{arn}/execution/*" for arn in self._pipeline_arns],
                    ),
                    # SageMaker itself names the jobs of a pipeline.
                    Statement(
                        actions=["sagemaker:DescribeProcessingJob"],
                        resources=[
                            cdk.Stack.of(self).format_arn(
                                service="sagemaker", resource="processing-job", resource_name="pipelines-*"
                            )
                        ],
                    ),
                    Statement(
                        actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects("models/*/evaluation.json")]
                    ),
                ],
            ),
        )

    def _tell_of_failed_runs(self) -> None:
        events.Rule(
            self,
            "RunFailed",
            description=f"A run of {' or '.join(self._props.pipeline_names)} failed",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Building Pipeline Execution Status Change"],
                detail={
                    "pipelineArn": self._pipeline_arns,
                    "currentPipelineExecutionStatus": ["Failed"],
                },
            ),
            targets=[targets.LambdaFunction(self.function.function, retry_attempts=3)],
        )
