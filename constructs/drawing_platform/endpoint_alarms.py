"""The alarms that watch the reading endpoint, and that a release rolls back on."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform.metrics import MICROSECONDS_PER_MILLISECOND, endpoint_metric
from drawing_platform.runbooks import Runbook
from drawing_platform.settings import AlarmSettings


@dataclass(frozen=True, kw_only=True)
class EndpointAlarmsProps:
    """Which endpoint is watched, from when on it is in trouble, and who is told."""

    endpoint_name: str
    alarms: AlarmSettings
    topic: sns.ITopic


class EndpointAlarms(Construct):
    """Server errors and slow answers. The caller's mistakes (4xx) are no reason to roll back."""

    server_errors: cloudwatch.Alarm
    latency: cloudwatch.Alarm

    def __init__(self, scope: Construct, construct_id: str, *, props: EndpointAlarmsProps) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(props.topic)
        self.server_errors = self._define_alarm(
            "ServerErrors",
            metric=endpoint_metric(props.endpoint_name, "Invocation5XXErrors", cloudwatch.Stats.SUM),
            threshold=props.alarms.server_errors_per_minute,
            description=Runbook.SERVER_ERRORS.describe(f"{props.endpoint_name} answers with server errors"),
        )
        self.latency = self._define_alarm(
            "Latency",
            metric=endpoint_metric(props.endpoint_name, "ModelLatency", cloudwatch.Stats.percentile(99)),
            threshold=props.alarms.latency_p99_ms * MICROSECONDS_PER_MILLISECOND,
            description=Runbook.LATENCY.describe(
                f"{props.endpoint_name} is slow: 99th percentile of the model's latency in microseconds"
            ),
        )

    def _define_alarm(
        self, name: str, *, metric: cloudwatch.IMetric, threshold: int, description: str
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            alarm_description=description,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Two minutes of three: a single slow sheet rolls nothing back.
            evaluation_periods=3,
            datapoints_to_alarm=2,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        return alarm
