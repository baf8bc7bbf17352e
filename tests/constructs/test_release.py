"""The release workflow: its states, its guard rails, and what starts it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from release.settings import EndpointSettings
from tests.constructs.platform_parts import parts
from tests.state_machine import definition_of


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    around.release(around.notifier())
    return Template.from_stack(around.stack)


@pytest.fixture(scope="module")
def states(template: Template) -> dict[str, Any]:
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    return dict(definition_of(machine)["States"])


def policy_of(template: Template, step: str) -> list[dict[str, Any]]:
    """Statements of the role of one step's function."""
    (found,) = [
        item["Properties"]["PolicyDocument"]["Statement"]
        for name, item in template.find_resources("AWS::IAM::Policy").items()
        if name.startswith(f"Release{step}Role")
    ]
    return list(found)


def actions_of(template: Template, step: str) -> set[str]:
    actions = [statement["Action"] for statement in policy_of(template, step)]
    return {action for each in actions for action in (each if isinstance(each, list) else [each])}


def rule(template: Template, kind: str) -> dict[str, Any]:
    """Properties of the one rule for events of that kind."""
    (found,) = [
        item["Properties"]
        for item in template.find_resources("AWS::Events::Rule").values()
        if item["Properties"]["EventPattern"]["detail-type"] == [kind]
    ]
    return dict(found)


def order(found: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """What the rule gives the workflow, and which parts of the event it takes."""
    (target,) = found["Targets"]
    assert "DeadLetterConfig" in target
    transformer = target["InputTransformer"]
    # EventBridge puts the quotes around a value itself: its placeholders stand without.
    template = json.loads(re.sub(r"<[\w-]+>", r'"\g<0>"', transformer["InputTemplate"]))
    return template, sorted(transformer["InputPathsMap"].values())


def test_every_failure_of_a_step_ends_in_the_history(states: dict[str, Any]) -> None:
    for name in ("Plan", "Check", "Apply", "Verify", "Remove"):
        assert states[name]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Finish"}]
    assert states["Settled"]["Default"] == "Finish"
    assert states["Checked"]["Default"] == "Finish"


def test_nothing_gets_traffic_that_did_not_pass_the_check(states: dict[str, Any]) -> None:
    into_apply = {
        name: rule
        for name, state in states.items()
        for rule in [*state.get("Choices", []), state]
        if rule.get("Next") == "Apply"
    }
    assert into_apply.keys() == {"Checked", "Decision"}
    assert into_apply["Checked"]["StringEquals"] == "passed"
    assert into_apply["Decision"]["StringEquals"] == "apply"


def test_a_busy_endpoint_is_waited_for_longer_than_a_release_takes(states: dict[str, Any]) -> None:
    release = parts("prod").settings.release
    for name in ("Plan", "Apply"):
        (busy,) = [retry for retry in states[name]["Retry"] if retry["ErrorEquals"] == ["Busy"]]
        assert busy["IntervalSeconds"] * busy["MaxAttempts"] >= release.max_execution_seconds
        assert busy["BackoffRate"] == 1


@pytest.mark.parametrize("env", ["local", "dev", "staging", "prod"])
def test_the_longest_execution_stays_below_the_events_that_step_functions_keeps(env: str) -> None:
    around = parts(env)
    around.release(around.notifier())
    (machine,) = Template.from_stack(around.stack).find_resources("AWS::StepFunctions::StateMachine").values()
    states, release = definition_of(machine)["States"], around.settings.release
    (busy,) = [retry for retry in states["Plan"]["Retry"] if retry["ErrorEquals"] == ["Busy"]]
    watched = (release.max_execution_seconds + release.startup_seconds) / release.poll_seconds
    if env != "local":  # there nothing waits for hours
        assert 5 * busy["MaxAttempts"] + 15 * watched < 25_000


def test_a_silent_step_loses_the_lock_after_more_than_it_may_take_between_two_renewals(template: Template) -> None:
    (lease,) = {
        int(item["Properties"]["Environment"]["Variables"]["LEASE_SECONDS"])
        for item in template.find_resources("AWS::Lambda::Function").values()
        if item["Properties"]["Handler"].startswith("release.")
    }
    poll = parts("prod").settings.release.poll_seconds
    assert 3 * poll + 60 < lease <= 600


def test_a_release_succeeds_only_when_the_history_says_so(states: dict[str, Any]) -> None:
    assert states["Ended"]["Choices"] == [{"Variable": "$.status", "StringEquals": "SUCCEEDED", "Next": "Released"}]
    assert states["Ended"]["Default"] == "NotReleased"
    assert states["NotReleased"] == {"Type": "Fail", "ErrorPath": "$.status", "CausePath": "$.message"}


def test_only_states_that_the_emulated_account_runs_are_used(states: dict[str, Any]) -> None:
    assert {state["Type"] for state in states.values()} <= {"Task", "Choice", "Wait", "Succeed", "Fail"}
    resources = {state["Resource"] for state in states.values() if state["Type"] == "Task"}
    assert resources == {"arn:aws:states:::lambda:invoke"}


def test_decisions_of_our_group_only_start_it(template: Template) -> None:
    found = rule(template, "SageMaker Model Package State Change")
    assert found["EventPattern"]["detail"] == {
        "ModelPackageGroupName": [parts("prod").settings.model_package_group],
        "ModelApprovalStatus": ["Approved", "Rejected"],
    }
    assert order(found) == (
        {
            "action": "approval",
            "model_package_arn": "<detail-ModelPackageArn>",
            "status": "<detail-ModelApprovalStatus>",
            "event_time": "<time>",
        },
        ["$.detail.ModelApprovalStatus", "$.detail.ModelPackageArn", "$.time"],
    )


def test_a_workflow_that_was_stopped_is_cleared_up_after(template: Template) -> None:
    found = rule(template, "Step Functions Execution Status Change")
    assert found["EventPattern"]["source"] == ["aws.states"]
    assert found["EventPattern"]["detail"]["status"] == ["ABORTED", "TIMED_OUT"]
    (machine,) = found["EventPattern"]["detail"]["stateMachineArn"]
    assert machine == found["Targets"][0]["Arn"]
    assert order(found)[0] == {"action": "recover", "execution": "<detail-name>", "status": "<detail-status>"}


def test_the_functions_are_told_the_endpoint_in_the_form_that_they_read(template: Template) -> None:
    functions = [
        item["Properties"]
        for item in template.find_resources("AWS::Lambda::Function").values()
        if item["Properties"]["Handler"].startswith("release.")
    ]
    assert {item["Handler"] for item in functions} == {
        f"release.handler.{name}" for name in ("plan", "check", "apply", "verify", "remove", "finish")
    }
    settings = parts("prod").settings
    for function in functions:
        text = function["Environment"]["Variables"]["ENDPOINT"]["Fn::Join"][1]
        read = EndpointSettings.model_validate_json("".join(part if isinstance(part, str) else "x" for part in text))
        assert read.endpoint_name == settings.endpoint_name
        assert read.strategy == settings.release.strategy
        assert read.startup_seconds == settings.release.startup_seconds
        assert read.latency_limit_ms == settings.alarms.latency_p99_ms
        assert len(read.alarm_names) == 1
        assert read.autoscaling is not None


def test_the_history_outlives_the_stack_and_is_recoverable(template: Template) -> None:
    template.has_resource(
        "AWS::DynamoDB::Table",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "KeySchema": [
                    {"AttributeName": "endpoint", "KeyType": "HASH"},
                    {"AttributeName": "deployment", "KeyType": "RANGE"},
                ],
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        },
    )


def test_executions_are_logged_and_traced(template: Template) -> None:
    template.has_resource_properties(
        "AWS::StepFunctions::StateMachine",
        {
            "LoggingConfiguration": Match.object_like({"Level": "ALL", "IncludeExecutionData": True}),
            "TracingConfiguration": {"Enabled": True},
        },
    )


def test_no_function_but_apply_may_change_the_endpoint(template: Template) -> None:
    for step in ("Plan", "Check", "Verify", "Remove", "Finish"):
        assert "sagemaker:UpdateEndpoint" not in actions_of(template, step)
    assert "sagemaker:UpdateEndpoint" in actions_of(template, "Apply")


def test_the_check_may_make_and_ask_no_endpoint_but_its_own(template: Template) -> None:
    shadow = f":endpoint/{parts('prod').settings.endpoint_name}-shadow"
    for statement in policy_of(template, "Check"):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if {"sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:InvokeEndpoint"}.intersection(actions):
            resources = re.findall(r":endpoint/[\w-]+", json.dumps(statement["Resource"]))
            assert set(resources) == {shadow}


def test_nobody_deletes_from_the_history(template: Template) -> None:
    (table,) = [
        item["Properties"]
        for item in template.find_resources("AWS::DynamoDB::Table").values()
        if item["Properties"]["KeySchema"][0]["AttributeName"] == "endpoint"
    ]
    (statement,) = table["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
    assert {"dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} <= set(statement["Action"])
    assert table["DeletionProtectionEnabled"] is True
    for step in ("Plan", "Check", "Apply", "Verify", "Remove", "Finish"):
        assert not [action for action in actions_of(template, step) if re.match("dynamodb:(Delete|Batch)", action)]


def test_only_one_role_may_remove_a_version(template: Template) -> None:
    may = [
        step
        for step in ("Plan", "Check", "Apply", "Verify", "Remove", "Finish")
        if actions_of(template, step) & {"sagemaker:DeleteModelPackage", "s3:DeleteObject", "s3:DeleteObjectVersion"}
    ]
    assert may == ["Remove"]
    tagged = [
        name
        for name, item in template.find_resources("AWS::IAM::Role").items()
        if {"Key": "removes-versions", "Value": "yes"} in item["Properties"].get("Tags", [])
    ]
    assert [name[: len("ReleaseRemoveRole")] for name in tagged] == ["ReleaseRemoveRole"]


def test_a_guardrail_is_read_by_who_starts_the_update_and_by_who_says_why_it_went_back(template: Template) -> None:
    for step in ("Apply", "Verify"):
        assert "cloudwatch:DescribeAlarms" in actions_of(template, step)
