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
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.capture import CAPTURE_PREFIX
from drawing_platform.drift_response import DriftResponse, DriftResponseProps
from drawing_platform.metrics import VARIANT_NAME, drift_metric
from drawing_platform.nag import acknowledge
from drawing_platform.pipeline_steps import JobResources, VpcConfig
from drawing_platform.platform_function import METRICS_NAMESPACE, FunctionEnvironment
from drawing_platform.runbooks import Runbook
from drawing_platform.settings import DriftSettings

MONITORING_PREFIX = "monitoring/"
MAX_SECONDS = 3600  # a look takes minutes
VOLUME_GB = 20
# Filled in by EventBridge Scheduler: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
EXECUTION_ID = "<aws.scheduler.execution-id>"
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
OUTPUT_FOLDER = "/opt/ml/processing/drift"


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
    """Schedule, job role, alarm, response, and the queue of what could not be delivered."""

    undelivered: sqs.Queue
    schedule: scheduler.CfnSchedule
    alarm: cloudwatch.Alarm
    response: DriftResponse

    def __init__(self, scope: Construct, construct_id: str, *, props: DriftProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        # SageMaker's limit for a job's name is 63 characters, and an id of the scheduler takes 36 of them at most.
        self._job_prefix = f"drift-{props.common.env}-"
        self._prefix = f"{MONITORING_PREFIX}{props.endpoint_name}/"
        self._define_undelivered()
        self._define_job_role()
        self._define_schedule()
        self._tell_of_failed_jobs()
        self._define_alarm()
        self._define_response()

    def _define_undelivered(self) -> None:
        self.undelivered = sqs.Queue(
            self,
            "Undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge(self.undelivered, "AwsSolutions-SQS3", "This queue is where undeliverable events end")

    def _define_job_role(self) -> None:
        props, bucket = self._props, self._props.bucket
        captures, own = f"{CAPTURE_PREFIX}{props.endpoint_name}/*", f"{self._prefix}*"
        self._job_role = iam.Role(
            self,
            "JobRole",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Compares captured requests with the baseline",
        )
        statements = [
            iam.PolicyStatement(
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": [captures, own]}},
            ),
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[bucket.arn_for_objects(captures), bucket.arn_for_objects(own)]
            ),
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:AbortMultipartUpload"], resources=[bucket.arn_for_objects(own)]
            ),
            iam.PolicyStatement(actions=["dynamodb:Query"], resources=[props.history.table_arn]),
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],  # IAM knows no narrower resource than the namespace below
                conditions={"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}},
            ),
            *sagemaker_permissions.key(props.common.key),
            *sagemaker_permissions.image(props.repository),
            *sagemaker_permissions.observation(self, ("ProcessingJobs",)),
            *(sagemaker_permissions.network() if props.common.vpc else []),
        ]
        for statement in statements:
            self._job_role.add_to_policy(statement)

    def _define_schedule(self) -> None:
        self.schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description=f"Looks for drift of {self._props.endpoint_name}",
            schedule_expression=f"rate({self._props.drift.hours} hours)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=self._props.common.key.key_arn,
            target=scheduler.CfnSchedule.TargetProperty(
                arn=f"arn:{cdk.Stack.of(self).partition}:scheduler:::aws-sdk:sagemaker:createProcessingJob",
                role_arn=self._schedule_role().role_arn,
                input=cdk.Stack.of(self).to_json_string(self._job()),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.undelivered.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=3),
            ),
        )

    def _schedule_role(self) -> iam.Role:
        stack = cdk.Stack.of(self)
        role = iam.Role(
            self,
            "ScheduleRole",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com").with_conditions(
                {"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
            description="Starts the job that looks for drift",
        )
        jobs = stack.format_arn(service="sagemaker", resource="processing-job", resource_name=f"{self._job_prefix}*")
        for statement in (
            iam.PolicyStatement(actions=["sagemaker:CreateProcessingJob", "sagemaker:AddTags"], resources=[jobs]),
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self._job_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.undelivered.queue_arn]),
            iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self._props.common.key.key_arn]),
        ):
            role.add_to_policy(statement)
        return role

    def _job(self) -> dict[str, Any]:
        """The request of CreateProcessingJob, with the scheduler's placeholders."""
        reports = f"s3://{self._props.bucket.bucket_name}/{self._prefix}reports/{SCHEDULED_TIME}/"
        resources = self._resources()
        return {
            "ProcessingJobName": f"{self._job_prefix}{EXECUTION_ID}",
            "RoleArn": resources.role_arn,
            "AppSpecification": {
                "ImageUri": resources.image,
                "ContainerEntrypoint": ["drift"],
                "ContainerArguments": [
                    part for name, value in self._arguments().items() for part in (f"--{name}", str(value))
                ],
            },
            # A processing container inherits no region.
            "Environment": {"AWS_DEFAULT_REGION": cdk.Stack.of(self).region},
            "ProcessingResources": {"ClusterConfig": resources.machine},
            "ProcessingOutputConfig": {
                "KmsKeyId": resources.key_arn,
                "Outputs": [
                    {
                        "OutputName": "drift",
                        "S3Output": {"S3Uri": reports, "LocalPath": OUTPUT_FOLDER, "S3UploadMode": "EndOfJob"},
                    }
                ],
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": resources.max_runtime_seconds},
            "NetworkConfig": {
                "EnableNetworkIsolation": resources.isolated,
                **({"VpcConfig": resources.vpc.to_json()} if resources.vpc else {}),
            },
        }

    def _resources(self) -> JobResources:
        props, common = self._props, self._props.common
        vpc = None
        if common.vpc and common.security_group:
            subnets = common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
            vpc = VpcConfig(subnets=subnets, security_group_ids=[common.security_group.security_group_id])
        return JobResources(
            image=props.image,
            role_arn=self._job_role.role_arn,
            instance_type=props.instance_type,
            volume_gb=VOLUME_GB,
            key_arn=common.key.key_arn,
            vpc=vpc,
            max_runtime_seconds=MAX_SECONDS,
            isolated=False,  # it reads S3 and the history by itself
        )

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

    def _tell_of_failed_jobs(self) -> None:
        # By its ARN: the topic's own policy lets rules of this account publish, a grant would let those of any.
        arn = cdk.Stack.of(self).format_arn(service="sns", resource=self._props.topic.topic_name)
        topic = sns.Topic.from_topic_arn(self, "Topic", arn)
        events.Rule(
            self,
            "JobFailed",
            description=f"A look for drift of {self._props.endpoint_name} failed",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Processing Job State Change"],
                detail={
                    "ProcessingJobName": [{"prefix": self._job_prefix}],
                    "ProcessingJobStatus": ["Failed"],
                },
            ),
            targets=[
                targets.SnsTopic(
                    topic,
                    message=events.RuleTargetInput.from_text(
                        f"Nobody watches {self._props.endpoint_name} for drift: job "
                        f"{events.EventField.from_path('$.detail.ProcessingJobName')} failed "
                        f"({events.EventField.from_path('$.detail.ExitMessage')}). Runbook: {Runbook.DRIFT.path}"
                    ),
                )
            ],
        )

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
                undelivered=self.undelivered,
            ),
        )
