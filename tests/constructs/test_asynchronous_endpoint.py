"""The asynchronous endpoint: its role, its topics, what leads it, and what tells that it keeps people waiting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from drawing_platform.asynchronous_endpoint import AsynchronousEndpoint, AsynchronousEndpointProps
from follow_release.settings import Follower
from tests.constructs.platform_parts import parts

READER = "drawing-reader"


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    assert around.settings.asynchronous
    AsynchronousEndpoint(
        around.stack,
        "Asynchronous",
        props=AsynchronousEndpointProps(
            common=around.common,
            leader=around.settings.endpoint_name,
            asynchronous=around.settings.asynchronous,
            bucket=around.bucket,
            inference_repository=around.repository,
            topic=around.topic,
            topic_key=around.topic_key,
            keep=True,
        ),
    )
    return Template.from_stack(around.stack)


def statements_of(template: Template, role: str) -> list[dict[str, Any]]:
    """Of the policy whose logical id begins with `role`."""
    ((_, policy),) = [item for item in template.find_resources("AWS::IAM::Policy").items() if item[0].startswith(role)]
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def allowed(statements: list[dict[str, Any]], action: str) -> str:
    """The resources of the statements that allow `action`, as JSON text."""
    return json.dumps([item["Resource"] for item in statements if action in json.dumps(item["Action"])])


def test_it_reads_requests_and_models_and_writes_answers_and_reasons_only(template: Template) -> None:
    statements = statements_of(template, "AsynchronousRole")
    read, written = allowed(statements, "s3:GetObject"), allowed(statements, "s3:PutObject")
    assert all(f"/{prefix}/*" in read for prefix in ("models", "drawings", "results/asynchronous/requests"))
    assert "labels" not in read
    assert written.count("/results/asynchronous/") == 2
    assert "answers" in written
    assert "failures" in written
    assert allowed(statements, "sns:Publish").count("Ref") == 2
    assert f"/aws/sagemaker/Endpoints/{READER}-async*" in allowed(statements, "logs:PutLogEvents")


def test_the_topics_are_encrypted_and_take_tls_only(template: Template) -> None:
    template.resource_count_is("AWS::SNS::Topic", 2)
    template.all_resources_properties("AWS::SNS::Topic", {"KmsMasterKeyId": Match.any_value()})
    template.resource_count_is("AWS::SNS::TopicPolicy", 2)
    template.all_resources_properties(
        "AWS::SNS::TopicPolicy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Effect": "Deny",
                                "Action": "sns:Publish",
                                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_the_function_changes_this_endpoint_and_only_looks_at_the_other(template: Template) -> None:
    statements = statements_of(template, "AsynchronousFollowRole")
    for action in ("sagemaker:UpdateEndpoint", "sagemaker:CreateModel", "sagemaker:DeleteEndpointConfig"):
        assert f"{READER}-async" in allowed(statements, action)
    changing = [
        item["Resource"]
        for item in statements
        if any(verb in json.dumps(item["Action"]) for verb in ("Create", "Update", "Delete"))
        and "sagemaker:" in json.dumps(item["Action"])
    ]
    assert f':endpoint/{READER}"' not in json.dumps(changing)
    (passed,) = [item for item in statements if item["Action"] == "iam:PassRole"]
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_the_function_may_scale_this_endpoint_and_make_its_one_alarm(template: Template) -> None:
    statements = statements_of(template, "AsynchronousFollowRole")
    assert f":alarm:{READER}-async-wake" in allowed(statements, "cloudwatch:PutMetricAlarm")
    (scaling,) = [item for item in statements if "application-autoscaling:PutScalingPolicy" in item["Action"]]
    assert scaling["Condition"] == {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    assert f":endpoint/{READER}-async" in allowed(statements, "sagemaker:UpdateEndpointWeightsAndCapacities")


def test_the_function_reads_what_the_construct_writes_and_never_runs_twice_at_once(template: Template) -> None:
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    properties = function["Properties"]
    parts_of_it = properties["Environment"]["Variables"]["FOLLOWER"]["Fn::Join"][1]
    document = "".join(part if isinstance(part, str) else "arn:aws:x" for part in parts_of_it)
    follower = Follower.model_validate_json(document)
    assert (follower.leader, follower.endpoint_name) == (READER, f"{READER}-async")
    assert follower.output_uri.endswith("/results/asynchronous/answers")
    assert follower.max_instances == 4
    assert properties["ReservedConcurrentExecutions"] == 1
    assert "DeadLetterConfig" in properties


def test_it_is_called_when_either_endpoint_came_to_rest_and_every_hour(template: Template) -> None:
    template.has_resource_properties(
        "AWS::Events::Rule",
        {
            "EventPattern": {
                "detail-type": ["SageMaker Endpoint State Change"],
                "detail": {"EndpointName": [READER, f"{READER}-async"], "EndpointStatus": ["IN_SERVICE"]},
            }
        },
    )
    template.has_resource_properties("AWS::Events::Rule", {"ScheduleExpression": "rate(1 hour)"})


@pytest.mark.parametrize(
    ("metric", "statistic", "threshold"),
    [("ApproximateAgeOfOldestRequest", "Maximum", 1800), ("ExpiredRequests", "Sum", 1)],
)
def test_who_waits_too_long_is_told_of(template: Template, metric: str, statistic: str, threshold: int) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": metric,
            "Namespace": "AWS/SageMaker",
            "Dimensions": [{"Name": "EndpointName", "Value": f"{READER}-async"}],
            "Statistic": statistic,
            "Threshold": threshold,
            "TreatMissingData": "notBreaching",
            "AlarmActions": [Match.any_value()],
            "AlarmDescription": Match.string_like_regexp("docs/runbooks/asynchronous.md$"),
        },
    )
