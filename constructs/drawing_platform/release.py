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
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.capture import Capture
from drawing_platform.metrics import VARIANT_NAME
from drawing_platform.nag import acknowledge
from drawing_platform.pipeline_steps import has_nvme
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.settings import AutoscalingSettings, ReleaseSettings, ServerlessSettings
from drawing_platform.state_table import StateTable, StateTableProps

# Waiting for another release and for this one, with room to spare; then a person should look.
WORKFLOW_TIMEOUT = cdk.Duration.hours(24)
# A workflow that was killed holds the endpoint's lock no longer than its update may take and some more.
LEASE_MARGIN_SECONDS = 1800
KEPT_CONFIGS = 5  # endpoint configs of earlier versions, to go back to without making them anew


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
        notifier: the function that tells people.
        capture: where a share of the requests goes; None where nothing is captured.
        keep: whether the history outlives the stack.
    """

    common: FunctionEnvironment
    endpoint_name: str
    group_name: str
    instance_type: str
    bucket: s3.IBucket
    inference_repository: ecr.IRepository
    guardrails: Sequence[cloudwatch.IAlarm]
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
        self._define_state_machine()
        self._define_approval_rule()

    def _define_history(self) -> None:
        # The endpoint's lock is an item of the same table: one table, one backup, one set of rights.
        self.history = StateTable(
            self,
            "History",
            props=StateTableProps(
                key=self._props.common.key, partition_key="endpoint", sort_key="deployment", keep=self._props.keep
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
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects("models/*")]),
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[props.bucket.bucket_arn]),
            *sagemaker_permissions.key(props.common.key),
            *sagemaker_permissions.image(props.inference_repository),
            *sagemaker_permissions.observation(self, (f"Endpoints/{props.endpoint_name}",)),
            *(sagemaker_permissions.network() if props.common.vpc else []),
            *(props.capture.statements() if props.capture else []),
        ]
        for statement in statements:
            self.endpoint_role.add_to_policy(statement)

    def _define_functions(self) -> None:
        registry, endpoint = self._read_registry(), self._read_endpoint()
        history = self.history.allow("PutItem", "UpdateItem", "DeleteItem", "Query")
        self.functions = {
            "plan": self._define_function(
                "Plan",
                "Decides what is released and takes the endpoint's lock",
                [*history, *registry, *endpoint],
            ),
            "apply": self._define_function(
                "Apply", "Creates or updates the endpoint", [*registry, *endpoint, *self._change_endpoint()]
            ),
            "verify": self._define_function(
                "Verify", "Looks whether the endpoint ended on the new version", [*endpoint]
            ),
            "finish": self._define_function(
                "Finish",
                "Writes the history, frees the lock, scales the fleet, removes what is no longer needed",
                [*history, *endpoint, *self._scale_endpoint(), *self._remove_old_configs()],
            ),
        }

    def _define_function(
        self, name: str, description: str, statements: Sequence[iam.PolicyStatement]
    ) -> PlatformFunction:
        return PlatformFunction(
            self,
            name,
            props=PlatformFunctionProps(
                common=self._props.common,
                handler=f"release.handler.{name.lower()}",
                description=description,
                timeout=cdk.Duration.minutes(1),
                statements=statements,
                variables={
                    "GROUP": self._props.group_name,
                    "HISTORY_TABLE": self.history.table.table_name,
                    "LEASE_SECONDS": str(self._props.release.max_execution_seconds + LEASE_MARGIN_SECONDS),
                    "KEPT_CONFIGS": str(KEPT_CONFIGS),
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
            "variant_name": VARIANT_NAME,
            "instance_type": props.instance_type,
            "instances": props.release.instances,
            "strategy": props.release.strategy,
            "canary_percent": props.release.canary_percent,
            "bake_seconds": props.release.bake_seconds,
            "termination_wait_seconds": props.release.termination_wait_seconds,
            "max_execution_seconds": props.release.max_execution_seconds,
            "alarm_names": [alarm.alarm_name for alarm in props.guardrails],
            "execution_role_arn": self.endpoint_role.role_arn,
            # Machines with NVMe disks encrypt them in hardware and refuse a key.
            "kms_key_arn": None if has_nvme(props.instance_type) else common.key.key_arn,
            "autoscaling": props.autoscaling.model_dump() if props.autoscaling else None,
            "serverless": props.serverless.model_dump() if props.serverless else None,
            "capture": props.capture.settings() if props.capture else None,
            **network,
        }

    def _arn(self, resource: str, name: str) -> str:
        return cdk.Stack.of(self).format_arn(service="sagemaker", resource=resource, resource_name=name)

    def _endpoint_arn(self) -> str:
        return self._arn("endpoint", self._props.endpoint_name)

    def _config_arns(self) -> str:
        return self._arn("endpoint-config", f"{self._props.endpoint_name}-*")

    def _model_arns(self) -> str:
        return self._arn("model", f"{self._props.endpoint_name}-*")

    def _read_registry(self) -> list[iam.PolicyStatement]:
        packages = self._arn("model-package", f"{self._props.group_name}/*")
        return [
            iam.PolicyStatement(actions=["sagemaker:ListModelPackages"], resources=["*"]),
            iam.PolicyStatement(actions=["sagemaker:DescribeModelPackage"], resources=[packages]),
        ]

    def _read_endpoint(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(actions=["sagemaker:DescribeEndpoint"], resources=[self._endpoint_arn()]),
            iam.PolicyStatement(actions=["sagemaker:DescribeEndpointConfig"], resources=[self._config_arns()]),
            iam.PolicyStatement(actions=["sagemaker:DescribeModel"], resources=[self._model_arns()]),
        ]

    def _change_endpoint(self) -> list[iam.PolicyStatement]:
        everything = [self._endpoint_arn(), self._config_arns(), self._model_arns()]
        return [
            iam.PolicyStatement(actions=["sagemaker:CreateModel"], resources=[self._model_arns()]),
            iam.PolicyStatement(
                actions=["sagemaker:CreateEndpointConfig"], resources=[self._config_arns(), self._model_arns()]
            ),
            iam.PolicyStatement(
                actions=["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"],
                resources=[self._endpoint_arn(), self._config_arns()],
            ),
            iam.PolicyStatement(actions=["sagemaker:DeleteEndpoint"], resources=[self._endpoint_arn()]),
            iam.PolicyStatement(actions=["sagemaker:AddTags"], resources=everything),
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self.endpoint_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            # UpdateEndpoint looks at the alarms with the rights of its caller.
            *(
                [
                    iam.PolicyStatement(
                        actions=["cloudwatch:DescribeAlarms"],
                        resources=[alarm.alarm_arn for alarm in self._props.guardrails],
                    )
                ]
                if self._props.guardrails
                else []
            ),
        ]

    def _scale_endpoint(self) -> list[iam.PolicyStatement]:
        if self._props.autoscaling is None:
            return []
        stack = cdk.Stack.of(self)
        targets_ = stack.format_arn(
            service="application-autoscaling", resource="scalable-target", resource_name="*"
        )  # the service names them
        role = "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/*"
        return [
            iam.PolicyStatement(
                actions=["application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"],
                resources=[targets_],
                conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
            ),
            iam.PolicyStatement(
                actions=["sagemaker:UpdateEndpointWeightsAndCapacities"], resources=[self._endpoint_arn()]
            ),
            iam.PolicyStatement(
                actions=["iam:CreateServiceLinkedRole"],
                resources=[f"arn:{stack.partition}:iam::{stack.account}:{role}"],
                conditions={"StringLike": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}},
            ),
        ]

    def _remove_old_configs(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(actions=["sagemaker:ListEndpointConfigs"], resources=["*"]),
            iam.PolicyStatement(actions=["sagemaker:DeleteEndpointConfig"], resources=[self._config_arns()]),
            iam.PolicyStatement(actions=["sagemaker:DeleteModel"], resources=[self._model_arns()]),
        ]

    def _define_state_machine(self) -> None:
        log_group = logs.LogGroup(
            self,
            "Logs",
            # CloudWatch lets Step Functions write into groups of this prefix without a policy that grows.
            log_group_name=f"/aws/vendedlogs/states/{cdk.Stack.of(self).stack_name}-release",
            retention=self._props.common.log_retention,
            encryption_key=self._props.common.key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.state_machine = sfn.StateMachine(
            self,
            "Workflow",
            definition_body=sfn.DefinitionBody.from_chainable(self._workflow()),
            role=self._workflow_role().without_policy_updates(),
            timeout=WORKFLOW_TIMEOUT,
            tracing_enabled=self._props.common.tracing,
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=True),
        )

    def _workflow(self) -> sfn.IChainable:
        """Plan, Apply, Wait and Verify until it has settled, Finish, Notify.

        The state is the plan (`Plan` in lambda/release/handler.py) from Plan on. A refused order ends in Plan: nothing
        is open yet. Every later failure passes through Finish, which closes the history entry and frees the lock.
        """
        poll = cdk.Duration.seconds(self._props.release.poll_seconds)
        started = {
            "execution": sfn.JsonPath.string_at("$$.Execution.Name"),
            "started": sfn.JsonPath.string_at("$$.Execution.StartTime"),
            "order": sfn.JsonPath.object_at("$"),
        }
        plan = self._task("Plan", self.functions["plan"], sfn.TaskInput.from_object(started), output_path="$.Payload")
        apply = self._task("Apply", self.functions["apply"], output_path="$.Payload")
        verify = self._task("Verify", self.functions["verify"], result="verdict")
        finish = self._task("Finish", self.functions["finish"], result="finished")
        # Another release has the lock, or something else is still changing the endpoint.
        for task in (plan, apply):
            task.add_retry(errors=["Busy"], interval=poll, max_attempts=self._turns(), backoff_rate=1)
        # The endpoint changes on whatever happens here: a passing trouble must not lose sight of it.
        verify.add_retry(errors=["States.TaskFailed"], interval=cdk.Duration.seconds(5), max_attempts=5)
        finish.add_retry(errors=["States.TaskFailed"], interval=cdk.Duration.seconds(5), max_attempts=5)
        for task in (apply, verify):
            task.add_catch(finish, errors=["States.ALL"], result_path="$.error")

        plan.next(
            sfn.Choice(self, "Decision")
            .when(sfn.Condition.boolean_equals("$.deploy", True), apply)
            .otherwise(sfn.Succeed(self, "NothingToDo"))
        )
        wait = sfn.Wait(self, "Wait", time=sfn.WaitTime.duration(poll))
        apply.next(wait)
        wait.next(verify)
        changing = sfn.Condition.string_equals("$.verdict.answer.state", "changing")
        verify.next(sfn.Choice(self, "Settled").when(changing, wait).otherwise(finish))
        finish.next(self._notify(self._end()))
        return plan

    def _turns(self) -> int:
        """How often to ask for the turn: as long as one other release may take."""
        longest = self._props.release.max_execution_seconds + LEASE_MARGIN_SECONDS
        return longest // self._props.release.poll_seconds

    def _notify(self, end: sfn.IChainable) -> sfn.IChainable:
        news = sfn.TaskInput.from_json_path_at("$.finished.answer.news")
        notify = self._task("Notify", self._props.notifier, news, result="told")
        # The release is what it is, whether or not anybody could be told.
        notify.add_catch(end, errors=["States.ALL"], result_path="$.error")
        return notify.next(end)

    def _end(self) -> sfn.IChainable:
        succeeded = sfn.Condition.string_equals("$.finished.answer.status", "SUCCEEDED")
        return (
            sfn.Choice(self, "Ended")
            .when(succeeded, sfn.Succeed(self, "Released"))
            .otherwise(sfn.Fail(self, "NotReleased", error="ReleaseFailed", cause_path="$.finished.answer.message"))
        )

    def _task(
        self,
        name: str,
        function: PlatformFunction,
        payload: sfn.TaskInput | None = None,
        *,
        output_path: str | None = None,
        result: str | None = None,
    ) -> tasks.LambdaInvoke:
        """A function whose answer becomes the whole state (`output_path`), or `$.<result>` in it."""
        return tasks.LambdaInvoke(
            self,
            f"{name}State",  # the function's construct has the plain name
            state_name=name,
            lambda_function=function.function,
            payload=payload,
            output_path=output_path,
            result_selector={"answer.$": "$.Payload"} if result else None,
            result_path=f"$.{result}" if result else None,
        )

    def _workflow_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "WorkflowRole",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            description="Calls the functions of the release workflow",
        )
        called = [*self.functions.values(), self._props.notifier]
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[item.function.function_arn for item in called]
            )
        )
        # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html: these know no narrower resource.
        unbound = [
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ]
        if self._props.common.tracing:
            unbound += ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        role.add_to_policy(iam.PolicyStatement(actions=unbound, resources=["*"]))
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", "Log delivery and X-Ray know no narrower resource")
        return role

    def _define_approval_rule(self) -> None:
        self.undelivered = sqs.Queue(
            self,
            "Undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge(self.undelivered, "AwsSolutions-SQS3", "This queue is where undeliverable events end")
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
                targets.SfnStateMachine(
                    self.state_machine,
                    dead_letter_queue=self.undelivered,
                    input=events.RuleTargetInput.from_object(
                        {
                            "action": "approval",
                            "model_package_arn": events.EventField.from_path("$.detail.ModelPackageArn"),
                            "requested_by": "model registry",
                            "status": events.EventField.from_path("$.detail.ModelApprovalStatus"),
                        }
                    ),
                )
            ],
        )
