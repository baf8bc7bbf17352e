"""The release workflow: its states, its guard rails, and what starts it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from release.settings import EndpointSettings
from tests.constructs.platform_parts import parts


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    around.release(around.notifier())
    return Template.from_stack(around.stack)


@pytest.fixture(scope="module")
def states(template: Template) -> dict[str, Any]:
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    parts_of_it = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    return dict(json.loads("".join(part if isinstance(part, str) else "aws" for part in parts_of_it))["States"])


def test_every_state_after_the_plan_ends_in_the_history(states: dict[str, Any]) -> None:
    for name in ("Apply", "Verify"):
        assert states[name]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Finish"}]
    assert states["Settled"]["Default"] == "Finish"


def test_a_busy_endpoint_is_waited_for_longer_than_a_release_takes(states: dict[str, Any]) -> None:
    release = parts("prod").settings.release
    for name in ("Plan", "Apply"):
        (busy,) = [retry for retry in states[name]["Retry"] if retry["ErrorEquals"] == ["Busy"]]
        assert busy["IntervalSeconds"] * busy["MaxAttempts"] >= release.max_execution_seconds
        assert busy["BackoffRate"] == 1


def test_a_release_succeeds_only_when_the_history_says_so(states: dict[str, Any]) -> None:
    assert states["Ended"]["Choices"] == [
        {"Variable": "$.finished.answer.status", "StringEquals": "SUCCEEDED", "Next": "Released"}
    ]
    assert states["Ended"]["Default"] == "NotReleased"
    assert states["NotReleased"]["Type"] == "Fail"


def test_only_states_that_the_emulated_account_runs_are_used(states: dict[str, Any]) -> None:
    assert {state["Type"] for state in states.values()} <= {"Task", "Choice", "Wait", "Succeed", "Fail"}
    resources = {state["Resource"] for state in states.values() if state["Type"] == "Task"}
    assert resources == {"arn:aws:states:::lambda:invoke"}


def test_decisions_of_our_group_only_start_it(template: Template) -> None:
    (rule,) = [
        item["Properties"]
        for item in template.find_resources("AWS::Events::Rule").values()
        if item["Properties"]["EventPattern"]["detail-type"] == ["SageMaker Model Package State Change"]
    ]
    assert rule["EventPattern"]["detail"] == {
        "ModelPackageGroupName": [parts("prod").settings.model_package_group],
        "ModelApprovalStatus": ["Approved", "Rejected"],
    }
    (target,) = rule["Targets"]
    assert "DeadLetterConfig" in target
    transformer = target["InputTransformer"]
    # EventBridge puts the quotes around a value itself: its placeholders stand without.
    order = json.loads(re.sub(r"<[\w-]+>", r'"\g<0>"', transformer["InputTemplate"]))
    assert order == {
        "action": "approval",
        "model_package_arn": "<detail-ModelPackageArn>",
        "requested_by": "model registry",
        "status": "<detail-ModelApprovalStatus>",
    }
    assert sorted(transformer["InputPathsMap"].values()) == [
        "$.detail.ModelApprovalStatus",
        "$.detail.ModelPackageArn",
    ]


def test_the_functions_are_told_the_endpoint_in_the_form_that_they_read(template: Template) -> None:
    functions = [
        item["Properties"]
        for item in template.find_resources("AWS::Lambda::Function").values()
        if item["Properties"]["Handler"].startswith("release.")
    ]
    assert {item["Handler"] for item in functions} == {
        f"release.handler.{name}" for name in ("plan", "apply", "verify", "finish")
    }
    settings = parts("prod").settings
    for function in functions:
        text = function["Environment"]["Variables"]["ENDPOINT"]["Fn::Join"][1]
        read = EndpointSettings.model_validate_json("".join(part if isinstance(part, str) else "x" for part in text))
        assert read.endpoint_name == settings.endpoint_name
        assert read.strategy == settings.release.strategy
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
    changing = [
        name
        for name, policy in template.find_resources("AWS::IAM::Policy").items()
        if "sagemaker:UpdateEndpoint" in json.dumps(policy).replace("UpdateEndpointWeights", "")
    ]
    assert len(changing) == 1
    assert "Apply" in changing[0]
