"""Alarms, dashboard and budget: what an operator is told and shown."""

from __future__ import annotations

import json
from typing import Any, Literal
from unittest import mock

import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions
from aws_cdk.assertions import Match, Template

from drawing_platform.budget import Budget, BudgetProps
from drawing_platform.dashboard import Dashboard, DashboardProps
from drawing_platform.function_bundle import FUNCTIONS
from drawing_platform.labelling_metrics import LabellingMetrics
from drawing_platform.monitoring import REFUSAL_STEP, Monitoring, MonitoringProps
from drawing_platform.settings import AlarmSettings, BudgetSettings, DriftSettings
from tests.constructs.empty_stack import empty_stack
from tests.constructs.platform_parts import parts

ALARMS = AlarmSettings(server_errors_per_minute=3, latency_p99_ms=6000, label_age_hours=48, silent_minutes=5)
AGE = cloudwatch.Metric(namespace="Labels", metric_name="Age")


@pytest.fixture(scope="module")
def template() -> Template:
    stack = empty_stack()
    topic, queue, dead = sns.Topic(stack, "Topic"), sqs.Queue(stack, "Labels"), sqs.Queue(stack, "Dead")
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_12,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )
    workflow = stepfunctions.StateMachine(
        stack,
        "Workflow",
        definition_body=stepfunctions.DefinitionBody.from_chainable(stepfunctions.Pass(stack, "Pass")),
    )
    labelling = LabellingMetrics(
        backend="self_hosted",
        workflow=stepfunctions.StateMachine.from_state_machine_name(stack, "Labelling", "labelling"),
        queues=[dead, queue],
    )
    monitoring = Monitoring(
        stack,
        "Monitoring",
        props=MonitoringProps(
            topic=topic,
            alarms=ALARMS,
            endpoint_name="reader",
            pipeline_name="training",
            label_age=AGE,
            labelling=labelling,
            task_days=7,
            dead_letter_queues={"Trigger": dead},
            functions={"StartTraining": function},
            release_workflow=workflow,
        ),
    )
    Dashboard(
        stack,
        "Dashboard",
        props=DashboardProps(
            name="drawings",
            watched=monitoring.alarms,
            alarms=ALARMS,
            drift=DriftSettings(capture_percent=10, population_stability=0.25),
            budget=BudgetSettings(monthly_usd=200, warn_at_percent=75),
            endpoint_name="reader",
            pipeline_name="training",
            training_metrics=("loss", "val_exact"),
            label_queue=queue,
            label_age=AGE,
            labelling=labelling,
            search=mock.Mock(**{"metric.return_value": AGE}),
            index=mock.Mock(queue=queue, **{"metric.return_value": AGE}),
        ),
    )
    Budget(
        stack,
        "Budget",
        props=BudgetProps(
            budget=BudgetSettings(monthly_usd=200, warn_at_percent=75),
            project="drawing-platform",
            env="dev",
            topic=topic,
        ),
    )
    return Template.from_stack(stack)


@pytest.mark.parametrize(
    ("metric", "threshold"),
    [
        ({"Namespace": "AWS/Sagemaker/ModelBuildingPipeline", "MetricName": "ExecutionFailed"}, 1),
        (
            {
                "Namespace": "AWS/Sagemaker/ModelBuildingPipeline",
                "MetricName": "StepStarted",
                "Dimensions": [{"Name": "PipelineName", "Value": "training"}, {"Name": "StepName", "Value": "Alert"}],
            },
            1,
        ),
        ({"Namespace": "AWS/States", "MetricName": "ExecutionsFailed"}, 1),
        ({"Namespace": "DrawingPlatform", "MetricName": "OldestLabellingTask"}, 7 * 24 * 3600),
        ({"Namespace": "Labels", "MetricName": "Age"}, 48 * 3600),
        ({"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}, 1),
        ({"Namespace": "AWS/Lambda", "MetricName": "Errors"}, 1),
    ],
    ids=lambda value: value["MetricName"] if isinstance(value, dict) else "",
)
def test_what_goes_wrong_raises_an_alarm(template: Template, metric: dict[str, object], threshold: int) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm", {**metric, "Threshold": threshold, "AlarmActions": [Match.any_value()]}
    )


def test_silence_raises_no_alarm_but_that_of_the_machines(template: Template) -> None:
    found = {
        each["Properties"]["MetricName"]: each["Properties"]["TreatMissingData"]
        for each in template.find_resources("AWS::CloudWatch::Alarm").values()
    }
    assert found.pop("CPUUtilization") == "breaching"
    assert set(found.values()) == {"notBreaching"}


def test_an_endpoint_none_of_whose_machines_reports_raises_an_alarm(template: Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "Namespace": "/aws/sagemaker/Endpoints",
            "MetricName": "CPUUtilization",
            "Statistic": "SampleCount",
            "ComparisonOperator": "LessThanThreshold",
            "Threshold": 1,
            "EvaluationPeriods": 5,
        },
    )


def test_the_step_that_tells_of_a_refusal_is_one_of_the_pipeline() -> None:
    around = parts("prod")
    around.training_pipeline(around.notifier())
    (pipeline,) = Template.from_stack(around.stack).find_resources("AWS::SageMaker::Pipeline").values()
    body = pipeline["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"]["Fn::Join"][1]
    steps = json.loads("".join(part if isinstance(part, str) else "x" for part in body))["Steps"]
    (gate,) = [step for step in steps if step["Type"] == "Condition"]
    assert REFUSAL_STEP in [step["Name"] for step in gate["Arguments"]["ElseSteps"]]


def widgets(template: Template) -> dict[str, dict[str, Any]]:
    """Properties of the dashboard's widgets by their titles; references are called `x`."""
    (board,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    body = board["Properties"]["DashboardBody"]["Fn::Join"][1]
    parsed = json.loads("".join(part if isinstance(part, str) else "x" for part in body))
    return {each["properties"]["title"]: each["properties"] for each in parsed["widgets"]}


def test_the_dashboard_shows_the_golden_signals_training_labels_drift_and_cost(template: Template) -> None:
    titles = " ".join(widgets(template))
    for shown in (
        "Traffic",
        "Errors",
        "Latency",
        "Saturation",
        "Training runs",
        "Label events that wait",
        "Labelling: open tasks",
        "Labelling: answers per day",
        "Labelling: agreement of people",
        "Labelling: seconds of work for a drawing",
        "Labelling: jobs that stopped",
        "Drift",
        "Population stability",
        "Cost",
        "Training: loss",
        "Training: val_exact",
    ):
        assert shown in titles


def test_the_dashboard_begins_with_the_state_of_every_alarm(template: Template) -> None:
    title, properties = next(iter(widgets(template).items()))
    assert title == "Alarms"
    assert len(properties["alarms"]) == len(template.find_resources("AWS::CloudWatch::Alarm"))


@pytest.mark.parametrize(("title", "value"), [("Errors", 3), ("Latency", 6000), ("Drift", 0.25), ("Cost", 150)])
def test_a_graph_shows_from_where_on_somebody_is_told(template: Template, title: str, value: float) -> None:
    (properties,) = [each for name, each in widgets(template).items() if name.startswith(title)]
    assert [line["value"] for line in properties["annotations"]["horizontal"]] == [value]


def test_undelivered_events_about_labelling_are_counted_over_all_their_queues(template: Template) -> None:
    (properties,) = [each for name, each in widgets(template).items() if "jobs that stopped" in name]
    added = [row[0] for row in properties["metrics"] if isinstance(row[0], dict)]
    assert [each["expression"] for each in added] == ["queue0+queue1"]
    queues = [row for row in properties["metrics"] if row[1:2] == ["ApproximateNumberOfMessagesVisible"]]
    assert len(queues) == 2


@pytest.mark.parametrize(
    ("backend", "taker", "comparer"),
    [
        ("self_hosted", "labelling-api", "consolidate-labels"),
        ("ground_truth", "ground-truth-after", "ground-truth-after"),
    ],
)
def test_what_is_shown_of_labelling_is_published_by_the_backend(
    backend: Literal["self_hosted", "ground_truth"], taker: str, comparer: str
) -> None:
    workflow = stepfunctions.StateMachine.from_state_machine_name(empty_stack(), "Labelling", "labelling")
    metrics = LabellingMetrics(backend=backend, workflow=workflow, queues=[])
    services = [(each.dimensions or {})["service"] for each in (metrics.answers, metrics.seconds, metrics.agreement)]
    assert services == [taker, taker, comparer]
    assert {taker, comparer} <= {path.name.replace("_", "-") for path in FUNCTIONS.iterdir()}


def test_the_cost_comes_from_the_one_region_that_publishes_it(template: Template) -> None:
    (properties,) = [each for name, each in widgets(template).items() if name.startswith("Cost")]
    assert properties["metrics"][0][-1]["region"] == "us-east-1"


def test_the_budget_counts_this_environment_and_warns_before_the_money_is_spent(template: Template) -> None:
    template.has_resource_properties(
        "AWS::Budgets::Budget",
        {
            "Budget": {
                "BudgetLimit": {"Amount": 200, "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "FilterExpression": {
                    "And": [
                        {"Tags": {"Key": "project", "Values": ["drawing-platform"]}},
                        {"Tags": {"Key": "environment", "Values": ["dev"]}},
                    ]
                },
            },
            "NotificationsWithSubscribers": [
                {"Notification": {"NotificationType": kind, "Threshold": 75}} for kind in ("ACTUAL", "FORECASTED")
            ],
        },
    )
