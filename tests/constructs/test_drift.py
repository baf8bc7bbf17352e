"""The watch for drift: its job, its alarm, and what follows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from containers.training.arguments import parse
from containers.training.drift import DriftOptions
from drawing_platform.drift import Drift, DriftProps
from drawing_platform.platform_function import METRICS_NAMESPACE
from drawing_platform.settings import DriftSettings
from emulator.events import patterns
from start_training.gate import Order
from tests.constructs.platform_parts import IMAGE, parts

SETTINGS = DriftSettings(capture_percent=10, hours=12, drawings=200, min_drawings=40)
TRIGGER = "arn:aws:lambda:eu-central-1:123456789012:function:start-training"


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    Drift(
        around.stack,
        "Drift",
        props=DriftProps(
            common=around.common,
            drift=SETTINGS,
            endpoint_name="reader",
            instance_type="ml.m5.large",
            bucket=around.bucket,
            image=IMAGE,
            repository=around.repository,
            history=dynamodb.Table.from_table_name(around.stack, "History", "history"),
            trigger=lambda_.Function.from_function_arn(around.stack, "Trigger", TRIGGER),
            topic=around.topic,
            topic_key=around.topic_key,
        ),
    )
    return Template.from_stack(around.stack)


def only(template: Template, kind: str) -> dict[str, Any]:
    """The properties of the one resource of this kind."""
    (resource,) = template.find_resources(kind).values()
    return dict(resource["Properties"])


def text(value: Any) -> str:
    """A value with references called `x`."""
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else "x" for part in value["Fn::Join"][1])


@pytest.fixture(scope="module")
def job(template: Template) -> dict[str, Any]:
    request = text(only(template, "AWS::Scheduler::Schedule")["Target"]["Input"])
    return dict(json.loads(request.replace("<aws.scheduler.execution-id>", "0" * 36)))


@pytest.fixture(scope="module")
def states(template: Template) -> dict[str, Any]:
    return dict(json.loads(text(only(template, "AWS::StepFunctions::StateMachine")["DefinitionString"]))["States"])


def test_the_schedule_starts_a_job_that_sagemaker_takes(template: Template, job: dict[str, Any]) -> None:
    schedule = only(template, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "rate(12 hours)"
    assert text(schedule["Target"]["Arn"]) == "arn:aws:scheduler:::aws-sdk:sagemaker:createProcessingJob"
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    request = job | {"RoleArn": "arn:aws:iam::123456789012:role/a-reference-here"}
    assert ParamValidator().validate(request, service.shape_for("CreateProcessingJobRequest")).generate_report() == ""
    limit = service.shape_for("ProcessingJobName").metadata
    assert len(job["ProcessingJobName"]) <= limit["max"]


def test_the_job_reads_every_argument_that_the_schedule_gives(job: dict[str, Any]) -> None:
    options = parse(DriftOptions, job["AppSpecification"]["ContainerArguments"])
    assert (options.endpoint, options.drawings, options.min_drawings, options.window_hours) == ("reader", 200, 40, 12)
    assert options.namespace == METRICS_NAMESPACE
    assert options.model_fields_set == set(DriftOptions.model_fields)


def test_the_alarm_is_on_the_metric_of_the_job_and_on_its_limit(template: Template) -> None:
    alarm = only(template, "AWS::CloudWatch::Alarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == (METRICS_NAMESPACE, "Drift")
    assert alarm["Dimensions"] == [{"Name": "Endpoint", "Value": "reader"}]
    assert (alarm["Threshold"], alarm["Period"]) == (SETTINGS.population_stability, 12 * 3600)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_alarm_orders_a_run_at_the_retraining_gate(states: dict[str, Any]) -> None:
    order = Order.model_validate(states["Order"]["Parameters"]["Payload"])
    assert (order.reason, order.requested_by) == ("drift of reader", "drift alarm")
    assert not order.manifests  # all that is new


def test_people_are_asked_for_labels_only_when_there_are_none(states: dict[str, Any]) -> None:
    assert states["Decided"]["Choices"] == [
        {"Variable": "$.decision", "StringEquals": "nothing_new", "Next": "AskForLabels"}
    ]
    assert states["Decided"]["Default"] == "RunIsUnderWay"
    assert "no new labels" in states["AskForLabels"]["Parameters"]["Message"]


def test_only_this_alarm_and_only_its_beginning_start_the_response(template: Template) -> None:
    (rule,) = [
        each["Properties"]
        for each in template.find_resources("AWS::Events::Rule").values()
        if each["Properties"]["EventPattern"]["source"] == ["aws.cloudwatch"]
    ]
    (name,) = template.find_resources("AWS::CloudWatch::Alarm")
    pattern = rule["EventPattern"]
    assert pattern["resources"] == [{"Fn::GetAtt": [name, "Arn"]}]
    assert pattern["detail"] == {"state": {"value": ["ALARM"]}}
    assert "DeadLetterConfig" in rule["Targets"][0]


def test_a_job_that_failed_is_told_and_another_job_is_not(template: Template) -> None:
    (rule,) = [
        each["Properties"]
        for each in template.find_resources("AWS::Events::Rule").values()
        if each["Properties"]["EventPattern"]["source"] == ["aws.sagemaker"]
    ]

    def matches(name: str, status: str) -> bool:
        detail = {"ProcessingJobName": name, "ProcessingJobStatus": status}
        event = {"source": "aws.sagemaker", "detail-type": "SageMaker Processing Job State Change", "detail": detail}
        return patterns.matches(rule["EventPattern"], event)

    assert matches("drift-prod-1", "Failed")
    assert not matches("drift-prod-1", "Completed")
    assert not matches("pipelines-1", "Failed")
    assert "docs/runbooks/drift.md" in json.dumps(rule["Targets"][0]["InputTransformer"])


def statements(template: Template, role: str) -> list[dict[str, Any]]:
    return [
        statement
        for name, policy in template.find_resources("AWS::IAM::Policy").items()
        if name.startswith(role)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_the_job_reads_captures_and_writes_only_its_own_prefix(template: Template) -> None:
    found = statements(template, "DriftJobRole")
    (written,) = [each for each in found if "s3:PutObject" in each["Action"]]
    assert text(written["Resource"]).endswith("/monitoring/reader/*")
    (read,) = [each for each in found if each["Action"] == "s3:GetObject"]
    assert [text(each).removeprefix("x") for each in read["Resource"]] == [
        "/capture/reader/*",
        "/monitoring/reader/*",
    ]
    (metrics,) = [each for each in found if "DrawingPlatform" in json.dumps(each.get("Condition", {}))]
    assert metrics["Action"] == "cloudwatch:PutMetricData"


def test_the_scheduler_starts_no_other_job_and_passes_no_other_role(template: Template) -> None:
    found = statements(template, "DriftJobScheduleRole")
    (started,) = [each for each in found if "sagemaker:CreateProcessingJob" in each["Action"]]
    assert text(started["Resource"]).endswith(":processing-job/drift-prod-*")
    (passed,) = [each for each in found if each["Action"] == "iam:PassRole"]
    assert passed["Resource"]["Fn::GetAtt"][0].startswith("DriftJobRole")
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
