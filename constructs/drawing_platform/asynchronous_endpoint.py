"""The endpoint for A0 sheets and long documents: requests and answers lie in S3; without requests it has no machine.

A function keeps it on the version that serves in real time (lambda/follow_release); CloudFormation owns neither, since
which version that is, is decided by approvals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.endpoint_removal import EndpointRemoval, EndpointRemovalProps
from drawing_platform.metrics import FIVE_MINUTES, VARIANT_NAME
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_steps import has_nvme
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.runbooks import Runbook
from drawing_platform.settings import AsynchronousSettings

# Below it: requests/ from the operator's disk, answers/, failures/.
ASYNCHRONOUS_PREFIX = "results/asynchronous/"
NAME_SUFFIX = "-async"
# Starting a machine takes five to ten minutes; a request that waits longer than this waits for something else.
LONGEST_WAIT = cdk.Duration.minutes(30)


@dataclass(frozen=True, kw_only=True)
class AsynchronousEndpointProps:
    """What is read, and for whom.

    Attributes:
        common: its network is that of the endpoint too, its key encrypts what it writes.
        leader: name of the real-time endpoint, whose version is followed.
        asynchronous: machines, scaling, limits.
        bucket: holds model packages, requests and answers.
        inference_repository: holds the serving image.
        topic: of the alerts.
        topic_key: encrypts the two topics of this endpoint.
        keep: whether the endpoint outlives the stack.
    """

    common: FunctionEnvironment
    leader: str
    asynchronous: AsynchronousSettings
    bucket: s3.IBucket
    inference_repository: ecr.IRepository
    topic: sns.ITopic
    topic_key: kms.IKey
    keep: bool


class AsynchronousEndpoint(Construct):
    """The endpoint's role, the topics that tell of answers, the function that leads it, and its alarms."""

    role: iam.Role
    succeeded: sns.Topic
    failed: sns.Topic
    function: PlatformFunction

    def __init__(self, scope: Construct, construct_id: str, *, props: AsynchronousEndpointProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self.endpoint_name = f"{props.leader}{NAME_SUFFIX}"
        self._wake_alarm = f"{self.endpoint_name}-wake"
        self._define_topics()
        self._define_role()
        self._define_function()
        if not props.keep:
            self._define_removal()
        self._define_occasions()
        self._define_alarms()

    def _define_topics(self) -> None:
        key = self._props.topic_key
        self.succeeded = sns.Topic(self, "Succeeded", master_key=key, enforce_ssl=True)
        self.failed = sns.Topic(self, "Failed", master_key=key, enforce_ssl=True)

    def _define_role(self) -> None:
        props, bucket = self._props, self._props.bucket
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Reads large drawings asynchronously",
        )
        statements = [
            Statement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]),
            Statement(
                actions=["s3:GetObject"],
                resources=[
                    bucket.arn_for_objects(prefix)
                    for prefix in ("models/*", "drawings/*", f"{ASYNCHRONOUS_PREFIX}requests/*")
                ],
            ),
            Statement(
                actions=["s3:PutObject", "s3:AbortMultipartUpload"],
                resources=[
                    bucket.arn_for_objects(f"{ASYNCHRONOUS_PREFIX}{folder}/*") for folder in ("answers", "failures")
                ],
            ),
            Statement(actions=["sns:Publish"], resources=[self.succeeded.topic_arn, self.failed.topic_arn]),
            Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[props.topic_key.key_arn]),
            *sagemaker_permissions.key(props.common.key),
            *sagemaker_permissions.image(props.inference_repository),
            *sagemaker_permissions.observation(self, (f"Endpoints/{self.endpoint_name}",)),
            *(sagemaker_permissions.network() if props.common.vpc else []),
        ]
        allow(self.role, statements)

    def _define_function(self) -> None:
        self.function = PlatformFunction(
            self,
            "Follow",
            props=PlatformFunctionProps(
                common=self._props.common,
                handler="follow_release.handler.handle",
                description="Keeps the asynchronous endpoint on the version that serves in real time",
                timeout=cdk.Duration.minutes(1),
                # Two at once would both see the change that is due.
                reserved_concurrency=1,
                keep_failed_events=True,
                variables={"FOLLOWER": cdk.Stack.of(self).to_json_string(self._follower())},
                statements=[*self._read_leader(), *self._change_endpoint(), *self._scale_endpoint()],
            ),
        )

    def _follower(self) -> dict[str, Any]:
        """What `Follower` in lambda/follow_release/settings.py reads."""
        props, common, wanted = self._props, self._props.common, self._props.asynchronous
        network: dict[str, Any] = {}
        if common.vpc and common.security_group:
            network = {
                "subnets": common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
                "security_groups": [common.security_group.security_group_id],
            }
        place = f"s3://{props.bucket.bucket_name}/{ASYNCHRONOUS_PREFIX}"
        return {
            "leader": props.leader,
            "endpoint_name": self.endpoint_name,
            "variant_name": VARIANT_NAME,
            "instance_type": wanted.instance,
            "execution_role_arn": self.role.role_arn,
            # Machines with NVMe disks encrypt them in hardware and refuse a key.
            "volume_key_arn": None if has_nvme(wanted.instance) else common.key.key_arn,
            "output_key_arn": common.key.key_arn,
            "output_uri": f"{place}answers",
            "failure_uri": f"{place}failures",
            "succeeded_topic_arn": self.succeeded.topic_arn,
            "failed_topic_arn": self.failed.topic_arn,
            "max_instances": wanted.max_instances,
            "backlog_per_instance": wanted.backlog_per_instance,
            "scale_in_cooldown_seconds": wanted.scale_in_cooldown_seconds,
            "scale_out_cooldown_seconds": wanted.scale_out_cooldown_seconds,
            "answer_seconds": wanted.answer_seconds,
            "wake_alarm": self._wake_alarm,
            **network,
        }

    def _arn(self, resource: str, name: str) -> str:
        return cdk.Stack.of(self).format_arn(service="sagemaker", resource=resource, resource_name=name)

    def _read_leader(self) -> list[Statement]:
        leader = self._props.leader
        return [
            Statement(actions=["sagemaker:DescribeEndpoint"], resources=[self._arn("endpoint", leader)]),
            Statement(
                actions=["sagemaker:DescribeEndpointConfig"], resources=[self._arn("endpoint-config", f"{leader}-*")]
            ),
            Statement(actions=["sagemaker:DescribeModel"], resources=[self._arn("model", f"{leader}-*")]),
        ]

    def _change_endpoint(self) -> list[Statement]:
        endpoint = self._arn("endpoint", self.endpoint_name)
        config, model = (self._arn(kind, f"{self.endpoint_name}-*") for kind in ("endpoint-config", "model"))
        allowed = {
            endpoint: ["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"],
            config: ["sagemaker:DeleteEndpointConfig"],
            model: ["sagemaker:CreateModel", "sagemaker:DeleteModel"],
        }
        return [
            *(Statement(actions=actions_, resources=[arn]) for arn, actions_ in allowed.items()),
            Statement(actions=["sagemaker:CreateEndpointConfig"], resources=[config, model]),
            Statement(actions=["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"], resources=[endpoint, config]),
            Statement(actions=["sagemaker:AddTags"], resources=[endpoint, config, model]),
            Statement(actions=["sagemaker:ListEndpointConfigs"], resources=["*"]),
            Statement(
                actions=["iam:PassRole"],
                resources=[self.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
        ]

    def _scale_endpoint(self) -> list[Statement]:
        stack = cdk.Stack.of(self)
        alarm = stack.format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=self._wake_alarm,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        return [
            *sagemaker_permissions.scaling(self, self._arn("endpoint", self.endpoint_name)),
            Statement(actions=["cloudwatch:PutMetricAlarm"], resources=[alarm]),
        ]

    def _define_removal(self) -> None:
        removal = EndpointRemoval(
            self,
            "Removal",
            props=EndpointRemovalProps(
                common=self._props.common, endpoint_name=self.endpoint_name, alarms=[self._wake_alarm]
            ),
        )
        removal.before(self.function.function)

    def _define_occasions(self) -> None:
        call = targets.LambdaFunction(self.function.function, retry_attempts=3)
        events.Rule(
            self,
            "CameToRest",
            description=f"{self._props.leader} or {self.endpoint_name} came to rest",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Endpoint State Change"],
                detail={
                    "EndpointName": [self._props.leader, self.endpoint_name],
                    "EndpointStatus": ["IN_SERVICE"],
                },
            ),
            targets=[call],
        )
        events.Rule(
            self,
            "Hourly",
            description=f"{self.endpoint_name} follows {self._props.leader} also when an event was lost",
            schedule=events.Schedule.rate(cdk.Duration.hours(1)),
            targets=[call],
        )

    def _define_alarms(self) -> None:
        self._define_alarm(
            "Waiting",
            metric="ApproximateAgeOfOldestRequest",
            statistic=cloudwatch.Stats.MAXIMUM,
            threshold=LONGEST_WAIT.to_seconds(),
            description=f"A request to {self.endpoint_name} waits for {LONGEST_WAIT.to_minutes():g} minutes: "
            "no machine came, or more arrives than is read",
        )
        self._define_alarm(
            "Expired",
            metric="ExpiredRequests",
            statistic=cloudwatch.Stats.SUM,
            threshold=1,
            description=f"Requests to {self.endpoint_name} were given up unread",
        )

    def _define_alarm(self, name: str, *, metric: str, statistic: str, threshold: float, description: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=cloudwatch.Metric(
                namespace="AWS/SageMaker",
                metric_name=metric,
                dimensions_map={"EndpointName": self.endpoint_name},
                statistic=statistic,
                period=FIVE_MINUTES,
            ),
            threshold=threshold,
            evaluation_periods=1,
            alarm_description=Runbook.ASYNCHRONOUS.describe(description),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._props.topic))
