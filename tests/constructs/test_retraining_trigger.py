"""Manifests of labelled batches start training, through a queue that loses nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from drawing_platform.settings import BaseRule
from tests.constructs.platform_parts import parts


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    around.retraining_trigger()
    return Template.from_stack(around.stack)


def rules(template: Template) -> list[dict[str, Any]]:
    return [rule["Properties"] for rule in template.find_resources("AWS::Events::Rule").values()]


def heard_from(template: Template, source: str) -> dict[str, Any]:
    (heard,) = [rule for rule in rules(template) if rule.get("EventPattern", {}).get("source") == [source]]
    return heard


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(template: Template) -> dict[str, list[Any]]:
    """Resources by action of all roles' statements."""
    found: dict[str, list[Any]] = {}
    for policy in template.find_resources("AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            for action in as_list(statement["Action"]):
                found.setdefault(action, []).extend(as_list(statement["Resource"]))
    return found


def test_only_manifests_below_labels_are_heard(template: Template) -> None:
    heard = heard_from(template, "aws.s3")
    assert heard["EventPattern"]["detail-type"] == ["Object Created"]
    assert heard["EventPattern"]["detail"]["object"] == {"key": [{"wildcard": "labels/*/manifest.jsonl"}]}
    assert "name" in heard["EventPattern"]["detail"]["bucket"]


def test_a_message_that_nobody_could_handle_is_kept(template: Template) -> None:
    (queue,) = [
        item["Properties"]
        for item in template.find_resources("AWS::SQS::Queue").values()
        if "RedrivePolicy" in item["Properties"]
    ]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["SqsManagedSseEnabled"] is True
    # Six times the function's two minutes, as AWS advises.
    assert queue["VisibilityTimeout"] == 720


def test_a_burst_of_events_is_few_invocations(template: Template) -> None:
    template.has_resource_properties(
        "AWS::Lambda::EventSourceMapping", {"BatchSize": 1000, "MaximumBatchingWindowInSeconds": 1}
    )


def test_the_end_of_a_run_is_looked_at_for_what_came_meanwhile(template: Template) -> None:
    heard = heard_from(template, "aws.sagemaker")
    assert heard["EventPattern"]["detail"]["currentPipelineExecutionStatus"] == ["Succeeded", "Failed", "Stopped"]
    assert heard["Targets"][0]["Arn"] == schedule(template)["Targets"][0]["Arn"]


def test_messages_go_back_into_their_own_queue_only(template: Template) -> None:
    (name,) = [
        name
        for name, item in template.find_resources("AWS::SQS::Queue").items()
        if "RedrivePolicy" in item["Properties"]
    ]
    assert {"Fn::GetAtt": [name, "Arn"]} in allowed(template)["sqs:SendMessage"]
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    assert function["Properties"]["Environment"]["Variables"]["QUEUE_URL"] == {"Ref": name}


def test_the_base_is_looked_up_in_the_endpoint_only_where_the_rule_says_so() -> None:
    assert "sagemaker:DescribeEndpoint" not in allowed(trigger("last_approved"))
    found = allowed(trigger("last_deployed"))
    assert found["sagemaker:DescribeEndpoint"][0].endswith(":endpoint/drawing-reader")
    assert found["sagemaker:DescribeModel"][0].endswith(":model/drawing-reader-*")


def trigger(rule: BaseRule) -> Template:
    around = parts("prod")
    training = around.settings.training.model_copy(update={"base_version": rule})
    changed = replace(around, settings=around.settings.model_copy(update={"training": training}))
    changed.retraining_trigger()
    return Template.from_stack(changed.stack)


def test_a_message_comes_when_the_uploads_may_have_gone_quiet(template: Template) -> None:
    quiet = parts("prod").settings.trigger.quiet_seconds
    template.has_resource_properties("AWS::SQS::Queue", {"DelaySeconds": min(quiet, 900)})


def test_the_schedule_finds_what_no_event_told(template: Template) -> None:
    assert schedule(template)["ScheduleExpression"].startswith("rate(")
    assert schedule(template)["State"] == "ENABLED"


def schedule(template: Template) -> dict[str, Any]:
    (found,) = [rule for rule in rules(template) if "ScheduleExpression" in rule]
    return found


def test_what_was_trained_on_is_encrypted_and_recoverable(template: Template) -> None:
    template.has_resource(
        "AWS::DynamoDB::Table",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "SSESpecification": Match.object_like({"SSEEnabled": True, "SSEType": "KMS"}),
            },
        },
    )


def test_the_function_may_start_the_two_pipelines_only(template: Template) -> None:
    found = allowed(template)
    reader, embedder = sorted(found["sagemaker:StartPipelineExecution"], reverse=True)
    assert reader.endswith(":pipeline/drawing-platform-prod-training")
    assert embedder.endswith(":pipeline/drawing-platform-prod-embedder")
    described = sorted(found["sagemaker:DescribePipelineExecution"], reverse=True)
    assert described == [f"{reader}/execution/*", f"{embedder}/execution/*"]
