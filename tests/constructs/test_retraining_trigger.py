"""Manifests of labelled batches start training, through a queue that loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from tests.constructs.platform_parts import parts


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    around.retraining_trigger()
    return Template.from_stack(around.stack)


def rules(template: Template) -> list[dict[str, Any]]:
    return [rule["Properties"] for rule in template.find_resources("AWS::Events::Rule").values()]


def test_only_manifests_below_labels_are_heard(template: Template) -> None:
    (heard,) = [rule for rule in rules(template) if "EventPattern" in rule]
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


def test_a_message_comes_when_the_uploads_may_have_gone_quiet(template: Template) -> None:
    quiet = parts("prod").settings.trigger.quiet_seconds
    template.has_resource_properties("AWS::SQS::Queue", {"DelaySeconds": min(quiet, 900)})


def test_the_schedule_finds_what_no_event_told(template: Template) -> None:
    (schedule,) = [rule for rule in rules(template) if "ScheduleExpression" in rule]
    assert schedule["ScheduleExpression"].startswith("rate(")
    assert schedule["State"] == "ENABLED"


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


def test_the_function_may_start_this_pipeline_only(template: Template) -> None:
    policies = [
        item["Properties"]["PolicyDocument"]["Statement"]
        for item in template.find_resources("AWS::IAM::Policy").values()
    ]
    (starts,) = [
        statement
        for statements in policies
        for statement in statements
        if "sagemaker:StartPipelineExecution" in statement["Action"]
    ]
    assert starts["Resource"].endswith(":pipeline/drawing-platform-prod-training")
