"""Our own watch over what the endpoint is asked and answers, for SageMaker Model Monitor takes no new customers.

A schedule starts the Drift job (containers/training/drift.py); it publishes metrics, and the alarm on them starts the
response.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform.capture import CAPTURE_PREFIX
from drawing_platform.drift_response import DriftResponse, DriftResponseProps
from drawing_platform.metrics import VARIANT_NAME, drift_metric
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import METRICS_NAMESPACE, FunctionEnvironment
from drawing_platform.runbooks import Runbook
from drawing_platform.scheduled_job import ScheduledJob, ScheduledJobProps
from drawing_platform.settings import DriftSettings

MONITORING_PREFIX = "monitoring/"


@dataclass(frozen=True, kw_only=True)
class DriftProps:
    """What is watched, by what, and who is told.

    Attributes:
        common: its key encrypts, its network is that of the job.
        drift: how closely.
        endpoint_name: what is watched.
        instance_type: the machine of the job.
        bucket: holds captures, baselines and reports.
        image, repository: the training image, which holds the job.
        history: the deployment history.
        trigger: the retraining gate.
        topic, topic_key: where people are told.
    """

    common: FunctionEnvironment
    drift: DriftSettings
    endpoint_name: str
    instance_type: str
    bucket: s3.IBucket
    image: str
    repository: ecr.IRepository
    history: dynamodb.ITable
    trigger: lambda_.IFunction
    topic: sns.ITopic
    topic_key: kms.IKey


class Drift(Construct):
    """The scheduled job, the alarm and the response."""

    job: ScheduledJob
    alarm: cloudwatch.Alarm
    response: DriftResponse

    def __init__(self, scope: Construct, construct_id: str, *, props: DriftProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._prefix = f"{MONITORING_PREFIX}{props.endpoint_name}/"
        self._define_job()
        self._define_alarm()
        self._define_response()

    def _define_job(self) -> None:
        props = self._props
        self.job = ScheduledJob(
            self,
            "Job",
            props=ScheduledJobProps(
                name="drift",
                description=f"Looks for drift of {props.endpoint_name}",
                failure=f"Nobody watches {props.endpoint_name} for drift",
                remedy=f"Runbook: {Runbook.DRIFT.path}",
                common=props.common,
                hours=props.drift.hours,
                instance_type=props.instance_type,
                image=props.image,
                repository=props.repository,
                bucket=props.bucket,
                reports_prefix=f"{self._prefix}reports/",
                arguments=self._arguments(),
                permissions=self._permissions(),
                topic=props.topic,
            ),
        )

    def _permissions(self) -> list[Statement]:
        bucket = self._props.bucket
        captures, own = f"{CAPTURE_PREFIX}{self._props.endpoint_name}/*", f"{self._prefix}*"
        return [
            Statement(
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": [captures, own]}},
            ),
            Statement(
                actions=["s3:GetObject"], resources=[bucket.arn_for_objects(captures), bucket.arn_for_objects(own)]
            ),
            Statement(actions=["s3:PutObject", "s3:AbortMultipartUpload"], resources=[bucket.arn_for_objects(own)]),
            Statement(actions=["dynamodb:Query"], resources=[self._props.history.table_arn]),
            Statement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],  # IAM knows no narrower resource than the namespace below
                conditions={"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}},
            ),
        ]

    def _arguments(self) -> dict[str, Any]:
        """What `DriftOptions` in containers/training/drift.py reads."""
        drift = self._props.drift
        return {
            "endpoint": self._props.endpoint_name,
            "variant": VARIANT_NAME,
            "bucket": self._props.bucket.bucket_name,
            "capture-prefix": CAPTURE_PREFIX,
            "baseline-prefix": f"{self._prefix}baselines/",
            "history-table": self._props.history.table_name,
            "namespace": METRICS_NAMESPACE,
            "drawings": drift.drawings,
            "min-drawings": drift.min_drawings,
            "window-hours": drift.hours,
            "false-alarm-rate": drift.false_alarm_rate,
            "population-stability": drift.population_stability,
        }

    def _define_alarm(self) -> None:
        drift = self._props.drift
        self.alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            metric=drift_metric(self._props.endpoint_name, cdk.Duration.hours(drift.hours)),
            threshold=drift.population_stability,
            evaluation_periods=1,
            alarm_description=Runbook.DRIFT.describe(
                f"What {self._props.endpoint_name} reads, or how sure it is, has changed since the release"
            ),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.alarm.add_alarm_action(actions.SnsAction(self._props.topic))

    def _define_response(self) -> None:
        props = self._props
        self.response = DriftResponse(
            self,
            "Response",
            props=DriftResponseProps(
                common=props.common,
                endpoint_name=props.endpoint_name,
                alarm=self.alarm,
                trigger=props.trigger,
                topic=props.topic,
                topic_key=props.topic_key,
                undelivered=self.job.undelivered,
            ),
        )
