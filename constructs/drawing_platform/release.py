"""The workflow that puts an approved version on the endpoint, watches it, and keeps the history of it.

It owns the endpoint; CloudFormation does not, or the next `cdk deploy` would revert an approved version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.artefact_protection import let_remove_versions
from drawing_platform.capture import Capture
from drawing_platform.dead_letters import dead_letter_queue
from drawing_platform.endpoint_removal import EndpointRemoval, EndpointRemovalProps
from drawing_platform.metrics import VARIANT_NAME
from drawing_platform.permissions import Statement, allow
from drawing_platform.pipeline_steps import has_nvme
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.release_permissions import ReleasePermissions
from drawing_platform.release_workflow import ReleaseWorkflow, ReleaseWorkflowProps
from drawing_platform.settings import AutoscalingSettings, ReleaseSettings, ServerlessSettings
from drawing_platform.state_table import StateTable, StateTableProps

# A step that is silent for longer than this lost its workflow: ten turns of asking, and the longest answer of a model.
LEASE_TURNS = 10
LEASE_MARGIN_SECONDS = 90
STEP_TIMEOUT = cdk.Duration.minutes(1)
CHECK_TIMEOUT = cdk.Duration.minutes(4)  # a handful of drawings, each allowed a minute by SageMaker
KEPT_VERSIONS = 5  # of those that served; these stay, with all that serves them, to go back to
# SageMaker's limit for names, and what is appended to the temporary endpoint's.
NAME_LIMIT = 63
SHADOW = "-shadow"


@dataclass(frozen=True, kw_only=True)
class ReleaseProps:
    """What is released where, and how.

    Attributes:
        common: what all functions share; its network is that of the endpoint too.
        endpoint_name, group_name: names in SageMaker.
        instance_type: the machine that serves.
        bucket: holds the model packages; `common.key` is its key.
        inference_repository: holds the serving image.
        guardrails: alarms that send an update back.
        latency_limit_ms: the check before traffic allows no slower answer.
        notifier: the function that tells people.
        capture: where a share of the requests goes; None where nothing is captured.
        keep: whether history and endpoint outlive the stack.
    """

    common: FunctionEnvironment
    endpoint_name: str
    group_name: str
    instance_type: str
    bucket: s3.IBucket
    inference_repository: ecr.IRepository
    guardrails: Sequence[cloudwatch.IAlarm]
    latency_limit_ms: int
    notifier: PlatformFunction
    release: ReleaseSettings
    autoscaling: AutoscalingSettings | None
    serverless: ServerlessSettings | None
    capture: Capture | None
    keep: bool


class Release(Construct):
    """State machine, its functions, the history, the lock, the rule that hears of approvals, the endpoint's role."""

    state_machine: sfn.StateMachine
    history: StateTable
    endpoint_role: iam.Role
    functions: dict[str, PlatformFunction]
    undelivered: sqs.Queue

    def __init__(self, scope: Construct, construct_id: str, *, props: ReleaseProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_history()
        self._define_endpoint_role()
        self._define_functions()
        self._define_workflow()
        if not props.keep:
            self._define_removal()
        self._define_undelivered()
        self._define_approval_rule()
        self._define_recovery_rule()

    def _define_history(self) -> None:
        # The endpoint's lock is an item of the same table: one table, one backup, one set of rights.
        self.history = StateTable(
            self,
            "History",
            props=StateTableProps(
                key=self._props.common.key,
                partition_key="endpoint",
                sort_key="deployment",
                keep=self._props.keep,
                append_only=True,
            ),
        )

    def _define_endpoint_role(self) -> None:
        props = self._props
        self.endpoint_role = iam.Role(
            self,
            "EndpointRole",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Serves the released version",
        )
        statements = [
            Statement(actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects("models/*")]),
            Statement(actions=["s3:ListBucket"], resources=[props.bucket.bucket_arn]),
            *sagemaker_permissions.key(props.common.key),
            *sagemaker_permissions.image(props.inference_repository),
            *sagemaker_permissions.observation(self, (f"Endpoints/{props.endpoint_name}",)),
            *(sagemaker_permissions.network() if props.common.vpc else []),
            *(props.capture.statements() if props.capture else []),
        ]
        allow(self.endpoint_role, statements)

    def _define_functions(self) -> None:
        allowed = ReleasePermissions(
            stack=cdk.Stack.of(self),
            endpoint_name=self._props.endpoint_name,
            shadow_name=self._shadow_name,
            group_name=self._props.group_name,
            endpoint_role=self.endpoint_role,
            guardrails=self._props.guardrails,
            bucket=self._props.bucket,
        )
        registry, endpoint = allowed.read_registry(), allowed.read_endpoint()
        history = self.history.allow("PutItem", "UpdateItem", "GetItem", "Query")
        lock = self.history.allow("PutItem")
        self.functions = {
            "plan": self._define_function(
                "Plan",
                "Decides whose turn it is and what is released",
                [*history, *registry, *endpoint, *allowed.remove_shadow()],
            ),
            "check": self._define_function(
                "Check",
                "Has a new version answer on a machine of its own before it gets traffic",
                [*lock, *registry, *endpoint, *allowed.run_shadow()],
                timeout=CHECK_TIMEOUT,
            ),
            "apply": self._define_function(
                "Apply",
                "Creates or updates the endpoint",
                [*lock, *registry, *endpoint, *allowed.change_endpoint()],
            ),
            "verify": self._define_function(
                "Verify",
                "Looks whether the endpoint ended on the new version",
                [*lock, *endpoint, *allowed.read_alarms()],
            ),
            "remove": self._define_function(
                "Remove",
                "Removes a version that nothing needs",
                [*lock, *registry, *endpoint, *allowed.remove_versions()],
            ),
            "finish": self._define_function(
                "Finish",
                "Writes the history, frees the lock, scales the fleet, removes what is no longer needed",
                [
                    *history,
                    *endpoint,
                    *(allowed.scale() if self._props.autoscaling else []),
                    *allowed.remove_configs(),
                    *allowed.remove_shadow(),
                ],
            ),
        }
        let_remove_versions(self.functions["remove"].role)

    @property
    def _shadow_name(self) -> str:
        return self._props.endpoint_name[: NAME_LIMIT - len(SHADOW)] + SHADOW

    def _define_function(
        self,
        name: str,
        description: str,
        statements: Sequence[Statement],
        *,
        timeout: cdk.Duration = STEP_TIMEOUT,
    ) -> PlatformFunction:
        return PlatformFunction(
            self,
            name,
            props=PlatformFunctionProps(
                common=self._props.common,
                handler=f"release.handler.{name.lower()}",
                description=description,
                timeout=timeout,
                statements=statements,
                variables={
                    "GROUP": self._props.group_name,
                    "HISTORY_TABLE": self.history.table.table_name,
                    "LEASE_SECONDS": str(LEASE_TURNS * self._props.release.poll_seconds + LEASE_MARGIN_SECONDS),
                    "KEPT_VERSIONS": str(KEPT_VERSIONS),
                    "ENDPOINT": cdk.Stack.of(self).to_json_string(self._endpoint_settings()),
                },
            ),
        )

    def _endpoint_settings(self) -> dict[str, Any]:
        """What `EndpointSettings` in lambda/release/settings.py reads."""
        props, common = self._props, self._props.common
        network: dict[str, Any] = {}
        if common.vpc and common.security_group:
            network = {
                "subnets": common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
                "security_groups": [common.security_group.security_group_id],
            }
        return {
            "endpoint_name": props.endpoint_name,
            "shadow_name": self._shadow_name,
            "variant_name": VARIANT_NAME,
            "instance_type": props.instance_type,
            "instances": props.release.instances,
            "startup_seconds": props.release.startup_seconds,
            "strategy": props.release.strategy,
            "canary_percent": props.release.canary_percent,
            "bake_seconds": props.release.bake_seconds,
            "termination_wait_seconds": props.release.termination_wait_seconds,
            "max_execution_seconds": props.release.max_execution_seconds,
            "latency_limit_ms": props.latency_limit_ms,
            "alarm_names": [alarm.alarm_name for alarm in props.guardrails],
            "execution_role_arn": self.endpoint_role.role_arn,
            # Machines with NVMe disks encrypt them in hardware and refuse a key.
            "kms_key_arn": None if has_nvme(props.instance_type) else common.key.key_arn,
            "autoscaling": props.autoscaling.model_dump() if props.autoscaling else None,
            "serverless": props.serverless.model_dump() if props.serverless else None,
            "capture": props.capture.settings() if props.capture else None,
            **network,
        }

    def _define_workflow(self) -> None:
        workflow = ReleaseWorkflow(
            self,
            "Workflow",
            props=ReleaseWorkflowProps(
                common=self._props.common,
                functions=self.functions,
                notifier=self._props.notifier,
                release=self._props.release,
            ),
        )
        self.state_machine = workflow.state_machine

    def _define_removal(self) -> None:
        removal = EndpointRemoval(
            self,
            "Removal",
            props=EndpointRemovalProps(common=self._props.common, endpoint_name=self._props.endpoint_name),
        )
        removal.before(self.state_machine)

    def _define_undelivered(self) -> None:
        self.undelivered = dead_letter_queue(self, "Undelivered")

    def _define_approval_rule(self) -> None:
        events.Rule(
            self,
            "Decided",
            description=f"Somebody approved or rejected a version of {self._props.group_name}",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Package State Change"],
                detail={
                    "ModelPackageGroupName": [self._props.group_name],
                    "ModelApprovalStatus": ["Approved", "Rejected"],
                },
            ),
            targets=[
                self._start(
                    {
                        "action": "approval",
                        "model_package_arn": events.EventField.from_path("$.detail.ModelPackageArn"),
                        "status": events.EventField.from_path("$.detail.ModelApprovalStatus"),
                        "event_time": events.EventField.from_path("$.time"),
                    }
                )
            ],
        )

    def _define_recovery_rule(self) -> None:
        """A workflow that was stopped, or ran out of time, says nothing itself: its order is closed, its lock freed.

        Not for failed ones: they have passed through Finish.
        """
        events.Rule(
            self,
            "Stopped",
            description=f"A release to {self._props.endpoint_name} was stopped",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [self.state_machine.state_machine_arn],
                    "status": ["ABORTED", "TIMED_OUT"],
                },
            ),
            targets=[
                self._start(
                    {
                        "action": "recover",
                        "execution": events.EventField.from_path("$.detail.name"),
                        "status": events.EventField.from_path("$.detail.status"),
                    }
                )
            ],
        )

    def _start(self, order: dict[str, str]) -> targets.SfnStateMachine:
        """Starts the workflow with `order` (lambda/release/order.py)."""
        return targets.SfnStateMachine(
            self.state_machine, dead_letter_queue=self.undelivered, input=events.RuleTargetInput.from_object(order)
        )
