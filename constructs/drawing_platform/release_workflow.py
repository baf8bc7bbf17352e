"""The state machine of a release: whose turn it is, check before traffic, change, watch, record, tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction
from drawing_platform.settings import ReleaseSettings
from drawing_platform.state_machine import StateMachineProps, define_state_machine

# Waiting for other releases and for this one, with room to spare; then a person should look.
WORKFLOW_TIMEOUT = cdk.Duration.hours(24)
# An order waits at most for so many releases that take as long as one may; Step Functions keeps 25,000 events.
RELEASES_WAITED_FOR = 4
# Starting machines is no part of an update's limit.
START_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class ReleaseWorkflowProps:
    """The functions by their steps (plan, check, apply, verify, remove, finish), who tells people, how often to ask."""

    common: FunctionEnvironment
    functions: Mapping[str, PlatformFunction]
    notifier: PlatformFunction
    release: ReleaseSettings


class ReleaseWorkflow(Construct):
    """Plan · Check (a machine of its own answers) · Apply · Verify until it has settled · Finish · Notify.

    The state is the plan (lambda/release/plan.py) from Plan on. Every failure passes through Finish, which closes the
    history entry and frees the lock; a workflow that is killed is cleared up after by `recover` (release.py).
    """

    state_machine: sfn.StateMachine

    def __init__(self, scope: Construct, construct_id: str, *, props: ReleaseWorkflowProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._poll = cdk.Duration.seconds(props.release.poll_seconds)
        called = [*props.functions.values(), props.notifier]
        functions = [item.function.function_arn for item in called]
        self.state_machine = define_state_machine(
            self,
            props=StateMachineProps(
                common=props.common,
                log_name="release",
                description="Calls the functions of the release workflow",
                states=self._states(),
                statements=[Statement(actions=["lambda:InvokeFunction"], resources=functions)],
                timeout=WORKFLOW_TIMEOUT,
            ),
        )

    def _states(self) -> sfn.IChainable:
        plan = self._task("Plan", self._order("order"), whole_state=True)
        check = self._task("Check", result="verdict")
        apply = self._task("Apply", result="verdict")
        verify = self._task("Verify", result="verdict")
        remove = self._task("Remove", result="verdict")
        finish = self._task("Finish", self._order("state"), whole_state=True)
        self._wait_for_their_turn(plan, apply)
        # The endpoint changes on whatever happens here: a passing trouble must not lose sight of it.
        for task in (check, verify, remove, finish):
            task.add_retry(errors=["States.TaskFailed"], interval=cdk.Duration.seconds(2), max_attempts=4)
        for task in (plan, check, apply, verify, remove):
            task.add_catch(finish, errors=["States.ALL"], result_path="$.error")

        tell = self._tell()
        step = "$.step"
        plan.next(
            sfn.Choice(self, "Decision")
            .when(sfn.Condition.string_equals(step, "check"), check)
            .when(sfn.Condition.string_equals(step, "apply"), apply)
            .when(sfn.Condition.string_equals(step, "remove"), remove)
            .when(sfn.Condition.string_equals(step, "tell"), tell)
            .otherwise(sfn.Succeed(self, "NothingToDo"))
        )
        checked = sfn.Choice(self, "Checked").when(self._found("passed"), apply)
        self._repeat(check, "WaitForCheck", checked, finish)
        wait = self._repeat(verify, "Wait", sfn.Choice(self, "Settled"), finish)
        apply.next(wait)
        remove.next(finish)
        finish.next(tell)
        return plan

    def _order(self, name: str) -> sfn.TaskInput:
        """Which execution this is, since when, and the state as `name`."""
        return sfn.TaskInput.from_object(
            {
                "execution": sfn.JsonPath.string_at("$$.Execution.Name"),
                "started": sfn.JsonPath.string_at("$$.Execution.StartTime"),
                name: sfn.JsonPath.object_at("$"),
            }
        )

    def _wait_for_their_turn(self, *waiting: tasks.LambdaInvoke) -> None:
        """Another release has the lock, or something else is still changing the endpoint."""
        release = self._props.release
        longest = RELEASES_WAITED_FOR * (release.max_execution_seconds + START_SECONDS)
        for task in waiting:
            task.add_retry(
                errors=["Busy"],
                interval=self._poll,
                max_attempts=longest // release.poll_seconds,
                backoff_rate=1,
            )

    def _repeat(
        self, task: tasks.LambdaInvoke, wait_name: str, choice: sfn.Choice, otherwise: sfn.IChainable
    ) -> sfn.Wait:
        """Asks `task` again while it finds things changing; then the choice decides."""
        wait = sfn.Wait(self, wait_name, time=sfn.WaitTime.duration(self._poll))
        wait.next(task)
        task.next(choice.when(self._found("changing"), wait).otherwise(otherwise))
        return wait

    def _found(self, state: str) -> sfn.Condition:
        return sfn.Condition.string_equals("$.verdict.answer.state", state)

    def _tell(self) -> sfn.IChainable:
        succeeded = sfn.Condition.string_equals("$.status", "SUCCEEDED")
        end = (
            sfn.Choice(self, "Ended")
            .when(succeeded, sfn.Succeed(self, "Released"))
            .otherwise(sfn.Fail(self, "NotReleased", error_path="$.status", cause_path="$.message"))
        )
        notify = tasks.LambdaInvoke(
            self,
            "NotifyState",
            state_name="Notify",
            lambda_function=self._props.notifier.function,
            payload=sfn.TaskInput.from_json_path_at("$.news"),
            result_selector={"answer.$": "$.Payload"},
            result_path="$.told",
        )
        # The release is what it is, whether or not anybody could be told.
        notify.add_catch(end, errors=["States.ALL"], result_path="$.error")
        notify.next(end)
        return notify

    def _task(
        self, name: str, payload: sfn.TaskInput | None = None, *, whole_state: bool = False, result: str | None = None
    ) -> tasks.LambdaInvoke:
        """A function whose answer becomes the whole state, or `$.<result>.answer` in it."""
        return tasks.LambdaInvoke(
            self,
            f"{name}State",
            state_name=name,
            lambda_function=self._props.functions[name.lower()].function,
            payload=payload,
            output_path="$.Payload" if whole_state else None,
            result_selector={"answer.$": "$.Payload"} if result else None,
            result_path=f"$.{result}" if result else None,
        )
