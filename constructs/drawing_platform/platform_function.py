"""A Lambda function as the platform wants it: its own role and log group, nothing it does not need."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform import function_bundle
from drawing_platform.dead_letters import dead_letter_queue
from drawing_platform.nag import acknowledge
from drawing_platform.permissions import Statement, allow

METRICS_NAMESPACE = "DrawingPlatform"
NETWORK_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""Of a function in a VPC."""


@dataclass(frozen=True, kw_only=True)
class FunctionEnvironment:
    """What all functions of one stack have in common.

    Attributes:
        env: name of the environment, in every log line.
        python: runtime version, `host` in the emulated account.
        log_retention: how long logs are kept.
        key: encrypts logs and environment variables.
        tracing: whether X-Ray is there.
        vpc, security_group: where functions run in a private network; None in public mode.
    """

    env: str
    python: function_bundle.PythonVersion
    log_retention: logs.RetentionDays
    key: kms.IKey
    tracing: bool = True
    vpc: ec2.IVpc | None = None
    security_group: ec2.ISecurityGroup | None = None
    _codes: dict[function_bundle.Bundle, lambda_.Code] = field(default_factory=dict, init=False, compare=False)

    @functools.cached_property
    def key_arn(self) -> str:
        """Of the key."""
        return self.key.key_arn

    def code(self, bundle: function_bundle.Bundle) -> lambda_.Code:
        """The archive, as one asset of the stack however many functions run from it."""
        if bundle not in self._codes:
            self._codes[bundle] = function_bundle.code(self.python, bundle)
        return self._codes[bundle]


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file system in a function: the ARN of its access point, and the path at which it is seen."""

    arn: str
    path: str


@dataclass(frozen=True, kw_only=True)
class PlatformFunctionProps:
    """One function.

    Attributes:
        common: what all functions share.
        handler: `folder.module.function` below `lambda/`.
        description: one line, shown in the console.
        variables: environment variables, read by a typed model in the function.
        statements: what its role may do beside logging.
        timeout, memory_mb: limits.
        reserved_concurrency: the most that run at once; None for no limit of its own.
        bundle: the archive that it runs from.
        keep_failed_events: whether it is called asynchronously: an event that failed three times goes to a queue.
        mount: a file system that it sees.
    """

    common: FunctionEnvironment
    handler: str
    description: str
    variables: Mapping[str, str] = field(default_factory=dict)
    statements: Sequence[Statement] = ()
    timeout: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(30))
    memory_mb: int = 256
    reserved_concurrency: int | None = None
    bundle: function_bundle.Bundle = function_bundle.LIGHT
    keep_failed_events: bool = False
    mount: Mount | None = None


class PlatformFunction(Construct):
    """The function, its role, its log group, and where wanted the queue of events that it could not handle."""

    function: lambda_.Function
    role: iam.Role
    failed_events: sqs.Queue | None

    def __init__(self, scope: Construct, construct_id: str, *, props: PlatformFunctionProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_log_group()
        self._define_failed_events()
        self._define_role()
        self._define_function()

    def _define_log_group(self) -> None:
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            retention=self._props.common.log_retention,
            encryption_key=self._props.common.key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _define_failed_events(self) -> None:
        self.failed_events = None
        if self._props.keep_failed_events:
            self.failed_events = dead_letter_queue(self, "FailedEvents")

    def _define_role(self) -> None:
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"{self._props.description}"[:1000],
        )
        self._policy = allow(self.role, [*self._own_statements(), *self._props.statements])

    def _own_statements(self) -> Iterator[Statement]:
        common = self._props.common
        # Instead of AWSLambdaBasicExecutionRole, which may write to every log group of the account.
        yield Statement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn])
        yield Statement(actions=["kms:Decrypt"], resources=[common.key_arn])
        if common.tracing:
            yield Statement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])
        if common.vpc:
            yield Statement(actions=NETWORK_ACTIONS, resources=["*"])
        if self.failed_events:
            yield Statement(actions=["sqs:SendMessage"], resources=[self.failed_events.queue_arn])

    def _define_function(self) -> None:
        props, common = self._props, self._props.common
        folder = props.handler.split(".")[0]
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=function_bundle.runtime(common.python),
            architecture=function_bundle.architecture(common.python),
            code=common.code(props.bundle),
            handler=props.handler,
            description=props.description,
            timeout=props.timeout,
            memory_size=props.memory_mb,
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
            environment_encryption=common.key,
            reserved_concurrent_executions=props.reserved_concurrency,
            dead_letter_queue=self.failed_events,
            tracing=lambda_.Tracing.ACTIVE if common.tracing else lambda_.Tracing.DISABLED,
            vpc=common.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED) if common.vpc else None,
            security_groups=[common.security_group] if common.security_group else None,
            environment={
                "POWERTOOLS_SERVICE_NAME": folder.replace("_", "-"),
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_TRACE_DISABLED": str(not common.tracing).lower(),
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "DRAWING_ENV": common.env,
                **props.variables,
            },
        )
        if props.mount:
            resource = self.function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)
            mounted = lambda_.CfnFunction.FileSystemConfigProperty(
                arn=props.mount.arn, local_mount_path=props.mount.path
            )
            resource.file_system_configs = [mounted]
        # A function that starts before its policy is there fails in ways that look like something else.
        self.function.node.add_dependency(self._policy)
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "Compiled wheels fit one Python: 3.12, or in the emulated account the one of the host",
        )
