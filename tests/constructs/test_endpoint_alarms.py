"""The alarms that a release rolls back on."""

from __future__ import annotations

import pytest
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template

from drawing_platform.endpoint_alarms import EndpointAlarms, EndpointAlarmsProps
from drawing_platform.settings import AlarmSettings
from tests.constructs.empty_stack import empty_stack

VARIANT = [{"Name": "EndpointName", "Value": "reader"}, {"Name": "VariantName", "Value": Match.any_value()}]


@pytest.fixture(scope="module")
def template() -> Template:
    stack = empty_stack()
    EndpointAlarms(
        stack,
        "Alarms",
        props=EndpointAlarmsProps(
            endpoint_name="reader",
            alarms=AlarmSettings(server_errors_per_minute=3, latency_p99_ms=6000, label_age_hours=1),
            topic=sns.Topic(stack, "Topic"),
        ),
    )
    return Template.from_stack(stack)


def test_the_latency_threshold_is_in_the_microseconds_that_sagemaker_publishes(template: Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": "ModelLatency",
            "Namespace": "AWS/SageMaker",
            "ExtendedStatistic": "p99",
            "Threshold": 6_000_000,
            "Dimensions": VARIANT,
        },
    )


def test_server_errors_count_and_the_callers_mistakes_do_not(template: Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {"MetricName": "Invocation5XXErrors", "Statistic": "Sum", "Threshold": 3, "Dimensions": VARIANT},
    )
    template.resource_properties_count_is("AWS::CloudWatch::Alarm", {"MetricName": "Invocation4XXErrors"}, 0)


def test_an_endpoint_without_requests_is_not_in_trouble(template: Template) -> None:
    template.all_resources_properties("AWS::CloudWatch::Alarm", {"TreatMissingData": "notBreaching"})


def test_each_alarm_speaks_through_the_topic(template: Template) -> None:
    template.all_resources_properties("AWS::CloudWatch::Alarm", {"AlarmActions": [Match.any_value()]})
