"""The dashboard of one environment: alarms, the endpoint's four golden signals, runs, labelling, drift and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.drawing_index import DrawingIndex
from drawing_platform.labelling_metrics import LabellingMetrics
from drawing_platform.metrics import (
    FIVE_MINUTES,
    MICROSECONDS_PER_MILLISECOND,
    MINUTE,
    drift_metric,
    endpoint_metric,
    estimated_charges,
    instance_metric,
    pipeline_metric,
    stability_metric,
    training_metric,
)
from drawing_platform.search_api import SearchApi
from drawing_platform.search_widgets import search_widgets
from drawing_platform.settings import AlarmSettings, BudgetSettings, DriftSettings

WIDTH = 24  # columns of a dashboard
THIRD_OF_WIDTH = WIDTH // 3
LOOK = cdk.Duration.hours(1)  # a finer grain than the job's, so that a point stands where it was measured


@dataclass(frozen=True, kw_only=True)
class DashboardProps:
    """What is shown.

    Attributes:
        name: of the dashboard.
        watched: alarms whose states are shown first.
        alarms, drift, budget: where the lines of the alarms are drawn; None where there is none.
        endpoint_name, pipeline_name: names in SageMaker.
        training_metrics: names in the training job's MetricDefinitions.
        label_queue: events of labelled batches.
        label_age: seconds that the oldest batch has waited.
        labelling: what is known of labelling.
        search, index: of similar drawings.
    """

    name: str
    watched: Sequence[cloudwatch.IAlarm]
    alarms: AlarmSettings
    drift: DriftSettings | None
    budget: BudgetSettings | None
    endpoint_name: str
    pipeline_name: str
    training_metrics: tuple[str, ...]
    label_queue: sqs.IQueue
    label_age: cloudwatch.IMetric
    labelling: LabellingMetrics
    search: SearchApi
    index: DrawingIndex


class Dashboard(Construct):
    """Alarms; traffic, errors, latency, saturation; runs, labels, labelling, drift, cost, curves of training."""

    def __init__(self, scope: Construct, construct_id: str, *, props: DashboardProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=props.name)
        dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", width=WIDTH, alarms=list(props.watched)))
        dashboard.add_widgets(self._traffic(), self._errors(), self._latency())
        dashboard.add_widgets(self._saturation(), self._runs(), self._waiting_labels())
        dashboard.add_widgets(self._open_tasks(), self._answers(), self._agreement())
        dashboard.add_widgets(self._labelling_seconds(), self._labelling_trouble())
        dashboard.add_widgets(*search_widgets(props.search, props.index, width=THIRD_OF_WIDTH))
        watched = [self._drift(props.drift), self._stability()] if props.drift else []
        dashboard.add_widgets(*watched, self._cost())
        dashboard.add_widgets(*(self._training(name) for name in props.training_metrics))

    def _graph(
        self,
        title: str,
        left: list[cloudwatch.IMetric],
        *,
        right: list[cloudwatch.IMetric] | None = None,
        alarm_at: float | None = None,
    ) -> cloudwatch.GraphWidget:
        line = cloudwatch.HorizontalAnnotation(value=alarm_at or 0, label="alarm", color=cloudwatch.Color.RED)
        return cloudwatch.GraphWidget(
            title=title,
            width=THIRD_OF_WIDTH,
            left=left,
            right=right,
            left_annotations=[line] if alarm_at is not None else None,
        )

    def _endpoint(self, name: str, statistic: str) -> cloudwatch.Metric:
        return endpoint_metric(self._props.endpoint_name, name, statistic)

    def _traffic(self) -> cloudwatch.IWidget:
        return self._graph("Traffic: drawings read per minute", [self._endpoint("Invocations", cloudwatch.Stats.SUM)])

    def _errors(self) -> cloudwatch.IWidget:
        return self._graph(
            "Errors per minute: the server's (5xx), the caller's (4xx)",
            [self._endpoint(f"Invocation{kind}Errors", cloudwatch.Stats.SUM) for kind in ("5XX", "4XX")],
            alarm_at=self._props.alarms.server_errors_per_minute,
        )

    def _latency(self) -> cloudwatch.IWidget:
        return self._graph(
            "Latency in milliseconds: median and 99th percentile",
            [self._latency_in_milliseconds(percentile) for percentile in (50, 99)],
            alarm_at=self._props.alarms.latency_p99_ms,
        )

    def _latency_in_milliseconds(self, percentile: int) -> cloudwatch.IMetric:
        name = f"p{percentile}"
        return cloudwatch.MathExpression(
            expression=f"{name}/{MICROSECONDS_PER_MILLISECOND}",
            using_metrics={name: self._endpoint("ModelLatency", cloudwatch.Stats.percentile(percentile))},
            label=name,
            period=MINUTE,
        )

    def _saturation(self) -> cloudwatch.IWidget:
        return self._graph(
            "Saturation: the endpoint's processors and memory in percent",
            [instance_metric(self._props.endpoint_name, name) for name in ("CPUUtilization", "MemoryUtilization")],
        )

    def _runs(self) -> cloudwatch.IWidget:
        return self._graph(
            "Training runs",
            [
                pipeline_metric(self._props.pipeline_name, f"Execution{state}")
                for state in ("Started", "Succeeded", "Failed")
            ],
        )

    def _waiting_labels(self) -> cloudwatch.IWidget:
        queue = self._props.label_queue
        return self._graph(
            "Label events that wait (left), seconds that the oldest batch has waited (right)",
            [queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES)],
            right=[self._props.label_age],
        )

    def _open_tasks(self) -> cloudwatch.IWidget:
        labelling = self._props.labelling
        return self._graph(
            "Labelling: open tasks (left), seconds that the oldest has waited (right)",
            [labelling.open_tasks],
            right=[labelling.oldest_task],
        )

    def _answers(self) -> cloudwatch.IWidget:
        return self._graph("Labelling: answers per day", [self._props.labelling.answers])

    def _agreement(self) -> cloudwatch.IWidget:
        return self._graph("Labelling: agreement of people, 1 is the same", [self._props.labelling.agreement])

    def _labelling_seconds(self) -> cloudwatch.IWidget:
        return self._graph("Labelling: seconds of work for a drawing, median", [self._props.labelling.seconds])

    def _labelling_trouble(self) -> cloudwatch.IWidget:
        labelling = self._props.labelling
        return self._graph(
            "Labelling: jobs that stopped (left), events that were not delivered (right)",
            [labelling.stopped],
            right=[labelling.undelivered],
        )

    def _drift(self, drift: DriftSettings) -> cloudwatch.IWidget:
        return self._graph(
            "Drift: the largest index of the shifted features",
            [drift_metric(self._props.endpoint_name, LOOK)],
            alarm_at=drift.population_stability,
        )

    def _stability(self) -> cloudwatch.IWidget:
        return self._graph("Population stability index by feature", [stability_metric(self._props.endpoint_name)])

    def _cost(self) -> cloudwatch.IWidget:
        # The account's, for AWS publishes it by no tag; `drawingops cost` says what this environment should cost.
        budget = self._props.budget
        return self._graph(
            "Cost of the account this month in US dollars",
            [estimated_charges()],
            alarm_at=budget.monthly_usd * budget.warn_at_percent / 100 if budget else None,
        )

    def _training(self, name: str) -> cloudwatch.IWidget:
        return self._graph(f"Training: {name}", [training_metric(name)])
