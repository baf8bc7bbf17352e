"""A Step Functions state machine as the platform wants it: its own role, its log, X-Ray where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

from constructs import Construct
from drawing_platform.permissions import Statement, allow
from drawing_platform.platform_function import FunctionEnvironment

# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html: these know no narrower resource.
LOGGING_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
TRACING_ACTIONS = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


@dataclass(frozen=True, kw_only=True)
class StateMachineProps:
    """One state machine.

    Attributes:
        common: log retention, key, tracing.
        log_name: ends the name of its log group, after that of the stack.
        description: of its role: what it does, in one line.
        states: what it runs.
        statements: what its role may do beside logging and tracing.
        timeout: of one execution.
        name: of the state machine, where somebody starts it by its name.
    """

    common: FunctionEnvironment
    log_name: str
    description: str
    states: sfn.IChainable
    statements: Sequence[Statement]
    timeout: cdk.Duration
    name: str | None = None


def define_state_machine(scope: Construct, *, props: StateMachineProps) -> sfn.StateMachine:
    """The one state machine of `scope`: `Workflow`, with its `Logs` and its `Role` beside it."""
    common = props.common
    log_group = logs.LogGroup(
        scope,
        "Logs",
        # CloudWatch lets Step Functions write into groups of this prefix without a policy that grows.
        log_group_name=f"/aws/vendedlogs/states/{cdk.Stack.of(scope).stack_name}-{props.log_name}",
        retention=common.log_retention,
        encryption_key=common.key,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    role = iam.Role(
        scope, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"), description=props.description
    )
    unbound = [*LOGGING_ACTIONS, *(TRACING_ACTIONS if common.tracing else ())]
    allow(role, [*props.statements, Statement(actions=unbound, resources=["*"])])
    return sfn.StateMachine(
        scope,
        "Workflow",
        state_machine_name=props.name,
        definition_body=sfn.DefinitionBody.from_chainable(props.states),
        role=role.without_policy_updates(),
        timeout=props.timeout,
        tracing_enabled=common.tracing,
        logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=True),
    )
