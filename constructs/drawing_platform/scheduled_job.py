"""A processing job of our own that EventBridge Scheduler starts at intervals, and the news of one that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.dead_letters import dead_letter_queue
from drawing_platform.permissions import Statement, allow
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.processing_job import FOLDER, ProcessingJob

MAX_SECONDS = 3600  # a look takes minutes
VOLUME_GB = 20
# Filled in by EventBridge Scheduler: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
EXECUTION_ID = "<aws.scheduler.execution-id>"
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


@dataclass(frozen=True, kw_only=True)
class ScheduledJobProps:
    """What is started, how often, with which rights, and who is told.

    Attributes:
        name: the program in the image, the folder of its output, and the beginning of the jobs' names.
        description: what it does, for people.
        failure: what is said when a job failed; its name and reason follow.
        remedy: what follows them: the page that says what to do.
        common: its key encrypts, its network is that of the job.
        hours: between two jobs.
        instance_type: the machine of the job.
        image, repository: hold the program.
        bucket, reports_prefix: below the prefix, by the time of the schedule, lies what a job puts out.
        arguments: of the program, by name.
        permissions: of the job beside its image, key, logs and network.
        topic: where people are told.
    """

    name: str
    description: str
    failure: str
    remedy: str
    common: FunctionEnvironment
    hours: int
    instance_type: str
    image: str
    repository: ecr.IRepository
    bucket: s3.IBucket
    reports_prefix: str
    arguments: Mapping[str, Any]
    permissions: Sequence[Statement]
    topic: sns.ITopic


class ScheduledJob(Construct):
    """Schedule, roles, the queue of what could not be delivered, and a rule for failed jobs."""

    undelivered: sqs.Queue
    schedule: scheduler.CfnSchedule

    def __init__(self, scope: Construct, construct_id: str, *, props: ScheduledJobProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._job = ProcessingJob(
            program=props.name,
            description=props.description,
            common=props.common,
            image=props.image,
            repository=props.repository,
            instance_type=props.instance_type,
            volume_gb=VOLUME_GB,
            max_seconds=MAX_SECONDS,
        )
        self.undelivered = dead_letter_queue(self, "Undelivered")
        self._job_role = self._job.role(self, "Role", props.permissions)
        self._define_schedule()
        self._tell_of_failed_jobs()

    def _define_schedule(self) -> None:
        self.schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description=self._props.description,
            schedule_expression=f"rate({self._props.hours} hours)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=self._props.common.key.key_arn,
            target=scheduler.CfnSchedule.TargetProperty(
                arn=f"arn:{cdk.Stack.of(self).partition}:scheduler:::aws-sdk:sagemaker:createProcessingJob",
                role_arn=self._schedule_role().role_arn,
                input=cdk.Stack.of(self).to_json_string(self._request()),
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
            description=f"Starts the job {self._props.name}",
        )
        allow(
            role,
            (
                *self._job.starting(self, self._job_role),
                Statement(actions=["sqs:SendMessage"], resources=[self.undelivered.queue_arn]),
                Statement(actions=["kms:Decrypt"], resources=[self._props.common.key.key_arn]),
            ),
        )
        return role

    def _request(self) -> dict[str, Any]:
        """The request of CreateProcessingJob, with the scheduler's placeholders."""
        props, job = self._props, self._job
        return {
            **job.request(
                name=f"{job.name_prefix}{EXECUTION_ID}", role=self._job_role, arguments=self._props.arguments
            ),
            "Environment": job.environment(self),
            "ProcessingOutputConfig": {
                "KmsKeyId": props.common.key.key_arn,
                "Outputs": [
                    {
                        "OutputName": props.name,
                        "S3Output": {
                            "S3Uri": f"s3://{props.bucket.bucket_name}/{props.reports_prefix}{SCHEDULED_TIME}/",
                            "LocalPath": f"{FOLDER}/{props.name}",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ],
            },
        }

    def _tell_of_failed_jobs(self) -> None:
        # By its ARN: the topic's own policy lets rules of this account publish, a grant would let those of any.
        arn = cdk.Stack.of(self).format_arn(service="sns", resource=self._props.topic.topic_name)
        topic = sns.Topic.from_topic_arn(self, "Topic", arn)
        events.Rule(
            self,
            "JobFailed",
            description=f"A job {self._props.name} failed",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Processing Job State Change"],
                detail={
                    "ProcessingJobName": [{"prefix": self._job.name_prefix}],
                    "ProcessingJobStatus": ["Failed"],
                },
            ),
            targets=[
                targets.SnsTopic(
                    topic,
                    message=events.RuleTargetInput.from_text(
                        f"{self._props.failure}: job "
                        f"{events.EventField.from_path('$.detail.ProcessingJobName')} failed "
                        f"({events.EventField.from_path('$.detail.ExitMessage')}). {self._props.remedy}"
                    ),
                )
            ],
        )
