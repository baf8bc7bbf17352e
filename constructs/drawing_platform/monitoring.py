"""Alarms on everything but the endpoint: failed runs and releases, forgotten labels, lost events, broken functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions

from constructs import Construct
from drawing_platform.metrics import FIVE_MINUTES, pipeline_metric
from drawing_platform.settings import AlarmSettings

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class MonitoringProps:
    """What is watched, and where alarms are sent."""

    topic: sns.ITopic
    alarms: AlarmSettings
    endpoint_name: str
    pipeline_name: str
    label_age: cloudwatch.IMetric  # seconds that the oldest batch has waited
    dead_letter_queues: Mapping[str, sqs.IQueue]  # by the name of what they belong to
    functions: Mapping[str, lambda_.IFunction]
    release_workflow: stepfunctions.IStateMachine


class Monitoring(Construct):
    """The alarms of one environment; each speaks through the alerts topic."""

    def __init__(self, scope: Construct, construct_id: str, *, props: MonitoringProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._action = actions.SnsAction(props.topic)
        self._alarm_on_failed_runs()
        self._alarm_on_forgotten_labels()
        self._alarm_on_dead_letters()
        self._alarm_on_function_errors()

    def _define_alarm(
        self, name: str, *, metric: cloudwatch.IMetric, threshold: float, description: str
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            alarm_description=description,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        return alarm

    def _alarm_on_failed_runs(self) -> None:
        self._define_alarm(
            "PipelineFailed",
            metric=pipeline_metric(self._props.pipeline_name, "ExecutionFailed"),
            threshold=1,
            description=f"A run of {self._props.pipeline_name} failed, or its gate refused the new version",
        )
        self._define_alarm(
            "ReleaseFailed",
            metric=self._props.release_workflow.metric_failed(period=FIVE_MINUTES),
            threshold=1,
            description=f"A release to {self._props.endpoint_name} failed or was rolled back",
        )

    def _alarm_on_forgotten_labels(self) -> None:
        hours = self._props.alarms.label_age_hours
        self._define_alarm(
            "LabelsForgotten",
            metric=self._props.label_age,
            threshold=hours * SECONDS_PER_HOUR,
            description=f"Labels have waited for {hours} hours without a training run",
        )

    def _alarm_on_dead_letters(self) -> None:
        for name, queue in self._props.dead_letter_queues.items():
            self._define_alarm(
                f"DeadLetters{name}",
                metric=queue.metric_approximate_number_of_messages_visible(
                    period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
                ),
                threshold=1,
                description=f"{name} gave up on events; they wait in the dead-letter queue",
            )

    def _alarm_on_function_errors(self) -> None:
        for name, function in self._props.functions.items():
            self._define_alarm(
                f"Errors{name}",
                metric=function.metric_errors(period=FIVE_MINUTES),
                threshold=1,
                description=f"Function {name} ends with errors",
            )
