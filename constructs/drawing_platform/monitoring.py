"""Alarms that send nothing back: failed runs and releases, forgotten labels, lost events, a dead endpoint.

Those that a release rolls back on are in endpoint_alarms.py, the one on changed input in drift.py.
"""

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
from drawing_platform.labelling_metrics import LabellingMetrics
from drawing_platform.metrics import FIVE_MINUTES, instance_metric, pipeline_metric, step_metric
from drawing_platform.runbooks import Runbook
from drawing_platform.settings import AlarmSettings

SECONDS_PER_HOUR = 3600
HOURS_PER_DAY = 24
# The step of the pipeline that runs only when the gate has refused (pipeline_definition.py).
REFUSAL_STEP = "Alert"


@dataclass(frozen=True, kw_only=True)
class MonitoringProps:
    """What is watched, and where alarms are sent.

    Attributes:
        topic: receives every alarm.
        alarms: thresholds.
        endpoint_name, pipeline_name: names in SageMaker.
        label_age: seconds that the oldest batch has waited.
        labelling: what is known of labelling.
        task_days: how many days of that are too many.
        dead_letter_queues, functions: by the name of what they belong to.
        release_workflow: fails when a release fails or is rolled back.
    """

    topic: sns.ITopic
    alarms: AlarmSettings
    endpoint_name: str
    pipeline_name: str
    label_age: cloudwatch.IMetric
    labelling: LabellingMetrics
    task_days: int
    dead_letter_queues: Mapping[str, sqs.IQueue]
    functions: Mapping[str, lambda_.IFunction]
    release_workflow: stepfunctions.IStateMachine


class Monitoring(Construct):
    """The alarms of one environment; each speaks through the alerts topic."""

    alarms: list[cloudwatch.IAlarm]

    def __init__(self, scope: Construct, construct_id: str, *, props: MonitoringProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._action = actions.SnsAction(props.topic)
        self.alarms = []
        self._alarm_on_failed_runs()
        self._alarm_on_failed_releases()
        if props.alarms.silent_minutes:
            self._alarm_on_silent_machines(props.alarms.silent_minutes)
        self._alarm_on_forgotten_labels()
        self._alarm_on_waiting_tasks()
        self._alarm_on_stopped_labelling()
        self._alarm_on_dead_letters()
        self._alarm_on_function_errors()

    def _define_alarm(
        self, name: str, runbook: Runbook, *, metric: cloudwatch.IMetric, threshold: float, description: str
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            alarm_description=runbook.describe(description),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        self.alarms.append(alarm)

    def _alarm_on_failed_runs(self) -> None:
        name = self._props.pipeline_name
        self._define_alarm(
            "PipelineFailed",
            Runbook.RUN_FAILED,
            metric=pipeline_metric(name, "ExecutionFailed"),
            threshold=1,
            description=f"A run of {name} failed, or its gate refused the new version",
        )
        self._define_alarm(
            "GateRefused",
            Runbook.GATE_REFUSED,
            metric=step_metric(name, REFUSAL_STEP, "StepStarted"),
            threshold=1,
            description=f"The gate of {name} refused the version that a run had trained",
        )

    def _alarm_on_failed_releases(self) -> None:
        self._define_alarm(
            "ReleaseFailed",
            Runbook.DEPLOYMENT_ROLLED_BACK,
            metric=self._props.release_workflow.metric_failed(period=FIVE_MINUTES),
            threshold=1,
            description=f"A release to {self._props.endpoint_name} failed or was rolled back",
        )

    def _alarm_on_silent_machines(self, minutes: int) -> None:
        # SageMaker counts no healthy machines, but one that lives reports its processors every minute: silence alarms.
        reports = instance_metric(self._props.endpoint_name, "CPUUtilization").with_(
            statistic=cloudwatch.Stats.SAMPLE_COUNT
        )
        alarm = cloudwatch.Alarm(
            self,
            "NoHealthyInstance",
            metric=reports,
            threshold=1,
            evaluation_periods=minutes,
            alarm_description=Runbook.NO_HEALTHY_INSTANCE.describe(
                f"No machine of {self._props.endpoint_name} has reported for {minutes} minutes"
            ),
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(self._action)
        self.alarms.append(alarm)

    def _alarm_on_forgotten_labels(self) -> None:
        hours = self._props.alarms.label_age_hours
        self._define_alarm(
            "LabelsForgotten",
            Runbook.FORGOTTEN_LABELS,
            metric=self._props.label_age,
            threshold=hours * SECONDS_PER_HOUR,
            description=f"Labels have waited for {hours} hours without a training run",
        )

    def _alarm_on_waiting_tasks(self) -> None:
        days = self._props.task_days
        self._define_alarm(
            "LabellingWaits",
            Runbook.LABELLING_WAITS,
            metric=self._props.labelling.oldest_task,
            threshold=days * HOURS_PER_DAY * SECONDS_PER_HOUR,
            description=f"A labelling task has been open for {days} days",
        )

    def _alarm_on_stopped_labelling(self) -> None:
        self._define_alarm(
            "LabellingStopped",
            Runbook.LABELLING_STOPPED,
            metric=self._props.labelling.stopped,
            threshold=1,
            description="A labelling job could not be prepared, or its next round not be opened",
        )

    def _alarm_on_dead_letters(self) -> None:
        for name, queue in self._props.dead_letter_queues.items():
            self._define_alarm(
                f"DeadLetters{name}",
                Runbook.DEAD_LETTERS,
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
                Runbook.FUNCTION_ERRORS,
                metric=function.metric_errors(period=FIVE_MINUTES),
                threshold=1,
                description=f"Function {name} ends with errors",
            )
