"""What happens to a labelling job that was ordered: the machine reads it, then people get it in one of two backends."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform.ground_truth_rounds import GroundTruthRounds
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.prelabelling import Prelabelling, PrelabellingProps
from drawing_platform.state_machine import StateMachineProps, define_state_machine

# Ten thousand sheets are read in a day; people's weeks are not part of an execution.
TIMEOUT = cdk.Duration.hours(30)


@dataclass(frozen=True, kw_only=True)
class LabellingWorkflowProps:
    """Who hands tasks to people, and who is told of trouble.

    Attributes:
        name: of the state machine, by which the API starts it.
        common: log retention, key, tracing.
        prelabelling: what is read by what.
        open_job: opens a job in the self-hosted backend; gets `{"job"}`.
        ground_truth: the other backend, where the settings choose it; then `open_job` is not asked.
        topic, topic_key: where people are told.
    """

    name: str
    common: FunctionEnvironment
    prelabelling: PrelabellingProps
    open_job: lambda_.IFunction
    ground_truth: GroundTruthRounds | None
    topic: sns.ITopic
    topic_key: kms.IKey


class LabellingWorkflow(Construct):
    """A state machine. Input `{"job": "<job>"}`; from Ground Truth's events also `{"closed": {"arn", "status"}}`.

    It may be started twice for a job: the machine reads only what has no task yet, and a job is opened once.
    """

    state_machine: sfn.StateMachine
    prelabelling: Prelabelling

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingWorkflowProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self.prelabelling = Prelabelling(self, "Prelabelling", props=props.prelabelling)
        self._define_state_machine()
        if props.ground_truth:
            props.ground_truth.start_when_closed(self.state_machine)

    def _define_state_machine(self) -> None:
        props = self._props
        self.state_machine = define_state_machine(
            self,
            props=StateMachineProps(
                common=props.common,
                log_name="labelling",
                description="Has drawings read, then hands them to people",
                states=self._states(),
                statements=self._statements(),
                timeout=TIMEOUT,
                name=props.name,
            ),
        )

    def _states(self) -> sfn.IChainable:
        tell = self._tell()
        rounds = self._props.ground_truth
        if rounds is None:
            return self.prelabelling.states(self._open(tell), tell)
        next_round = rounds.states(tell)
        return (
            sfn.Choice(self, "Ordered")
            .when(sfn.Condition.is_present("$.closed"), next_round)
            .otherwise(self.prelabelling.states(next_round, tell))
        )

    def _open(self, tell: sfn.IChainable) -> sfn.IChainable:
        opened = tasks.LambdaInvoke(
            self,
            "Open",
            lambda_function=self._props.open_job,
            payload=sfn.TaskInput.from_object({"job": sfn.JsonPath.string_at("$.job")}),
            result_path=sfn.JsonPath.DISCARD,
        )
        opened.add_catch(tell, errors=["States.ALL"], result_path="$.error")
        return opened.next(sfn.Succeed(self, "PeopleLabel"))

    def _tell(self) -> sfn.IChainable:
        """One readable line: jobs and functions say theirs within a JSON text, AWS's refusals are one already."""
        tell = tasks.SnsPublish(
            self,
            "Tell",
            topic=self._props.topic,
            subject="Labelling stopped",
            message=sfn.TaskInput.from_text(
                sfn.JsonPath.format(
                    "Labelling stopped at {}: {} (correct it and order the job again; what was read stays)",
                    sfn.JsonPath.json_to_string(sfn.JsonPath.object_at("$$.Execution.Input")),
                    sfn.JsonPath.string_at("$.reason.line"),
                )
            ),
            result_path=sfn.JsonPath.DISCARD,
        )
        end = sfn.Fail(self, "Stopped", error="LabellingStopped", cause_path="$.reason.line")
        tell.add_retry(errors=["States.ALL"], interval=cdk.Duration.seconds(2), max_attempts=3)
        tell.add_catch(end, errors=["States.ALL"], result_path="$.told")
        tell.next(end)
        cause = "$.error.Cause"
        parsed = sfn.JsonPath.string_to_json(sfn.JsonPath.string_at(cause))
        choice = sfn.Choice(self, "WhoSaysWhy")
        for name, member in {"Job": "FailureReason", "Function": "errorMessage"}.items():
            read = sfn.Pass(self, f"{name}Says", parameters={"said": parsed}, result_path="$.reason")
            line = sfn.Pass(
                self,
                f"{name}Reason",
                parameters={"line": sfn.JsonPath.string_at(f"$.reason.said.{member}")},
                result_path="$.reason",
            )
            choice.when(sfn.Condition.string_matches(cause, f'*"{member}":*'), read.next(line).next(tell))
        plain = sfn.Pass(
            self, "ServiceReason", parameters={"line": sfn.JsonPath.string_at(cause)}, result_path="$.reason"
        )
        return choice.otherwise(plain.next(tell))

    def _statements(self) -> list[Statement]:
        props, rounds = self._props, self._props.ground_truth
        opening = (
            rounds.permissions()
            if rounds
            else [Statement(actions=["lambda:InvokeFunction"], resources=[props.open_job.function_arn])]
        )
        return [
            *self.prelabelling.permissions(),
            *opening,
            Statement(actions=["sns:Publish"], resources=[props.topic.topic_arn]),
            Statement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[props.topic_key.key_arn]),
        ]
