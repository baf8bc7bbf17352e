"""What follows a drift alarm: a training run when there are new labels, a request for labels when there are none."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.runbooks import Runbook
from drawing_platform.state_machine import StateMachineProps, define_state_machine

TIMEOUT = cdk.Duration.minutes(30)


@dataclass(frozen=True, kw_only=True)
class DriftResponseProps:
    """What answers which alarm.

    Attributes:
        common: log retention, key, tracing.
        endpoint_name: named in the order and in the request.
        alarm: the drift alarm.
        trigger: the retraining gate (docs/architecture.md, start_training).
        topic, topic_key: where people are asked for labels.
        undelivered: receives events that could not be handed over.
    """

    common: FunctionEnvironment
    endpoint_name: str
    alarm: cloudwatch.IAlarm
    trigger: lambda_.IFunction
    topic: sns.ITopic
    topic_key: kms.IKey
    undelivered: sqs.IQueue


class DriftResponse(Construct):
    """A state machine of three states, and the rule that starts it.

    The gate decides as for a person's order: it lists what is new, and starts nothing while a run is active.
    """

    state_machine: sfn.StateMachine

    def __init__(self, scope: Construct, construct_id: str, *, props: DriftResponseProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_state_machine()
        self._define_rule()

    def _define_state_machine(self) -> None:
        props = self._props
        self.state_machine = define_state_machine(
            self,
            props=StateMachineProps(
                common=props.common,
                log_name="drift",
                description="Orders a training run, or asks people for labels",
                states=self._states(),
                statements=[
                    Statement(actions=["lambda:InvokeFunction"], resources=[props.trigger.function_arn]),
                    Statement(actions=["sns:Publish"], resources=[props.topic.topic_arn]),
                    Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[props.topic_key.key_arn]),
                ],
                timeout=TIMEOUT,
            ),
        )

    def _states(self) -> sfn.IChainable:
        name = self._props.endpoint_name
        order = tasks.LambdaInvoke(
            self,
            "Order",
            lambda_function=self._props.trigger,
            payload=sfn.TaskInput.from_object(
                {"action": "start", "reason": f"drift of {name}", "requested_by": "drift alarm"}
            ),
            output_path="$.Payload",
        )
        ask = tasks.SnsPublish(
            self,
            "AskForLabels",
            topic=self._props.topic,
            subject=f"Labels wanted: drift of {name}"[:100],
            message=sfn.TaskInput.from_text(
                f"What {name} is asked to read has changed, and there are no new labels to learn from. "
                f"Label some of the newest drawings and upload the batch; a run starts by itself then. "
                f"Runbook: {Runbook.DRIFT.path}"
            ),
        )
        return order.next(
            sfn.Choice(self, "Decided")
            .when(sfn.Condition.string_equals("$.decision", "nothing_new"), ask)
            .otherwise(sfn.Succeed(self, "RunIsUnderWay"))
        )

    def _define_rule(self) -> None:
        events.Rule(
            self,
            "Drifted",
            description=f"The input of {self._props.endpoint_name} has changed",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[self._props.alarm.alarm_arn],
                detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[targets.SfnStateMachine(self.state_machine, dead_letter_queue=self._props.undelivered)],
        )
