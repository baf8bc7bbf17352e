"""What CloudWatch knows of labelling: published by the functions of the chosen backend, the workflow and its queues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions

from drawing_platform.labelling_functions import SWEEP
from drawing_platform.metrics import FIVE_MINUTES
from drawing_platform.platform_function import METRICS_NAMESPACE

DAY = cdk.Duration.days(1)


@dataclass(frozen=True, kw_only=True)
class LabellingMetrics:
    """Of one environment.

    Attributes:
        backend: hands tasks out.
        workflow: prepares jobs.
        queues: hold what could not be delivered or handled.
    """

    backend: Literal["self_hosted", "ground_truth"]
    workflow: stepfunctions.IStateMachine
    queues: Sequence[sqs.IQueue]

    @property
    def open_tasks(self) -> cloudwatch.Metric:
        """Tasks that wait for people or that people are at, to label and to review; our own backend's only."""
        return _metric("consolidate-labels", "OpenLabellingTasks", cloudwatch.Stats.MAXIMUM, SWEEP)

    @property
    def oldest_task(self) -> cloudwatch.Metric:
        """Age in seconds of the open task that has waited longest; our own backend's only."""
        return _metric("consolidate-labels", "OldestLabellingTask", cloudwatch.Stats.MAXIMUM, SWEEP)

    @property
    def answers(self) -> cloudwatch.Metric:
        """Answers that people gave in a day."""
        return _metric(self._taker, "AnswersGiven", cloudwatch.Stats.SUM, DAY)

    @property
    def seconds(self) -> cloudwatch.Metric:
        """Seconds of work for a drawing, the median of a day."""
        return _metric(self._taker, "AnswerSeconds", cloudwatch.Stats.percentile(50), DAY)

    @property
    def agreement(self) -> cloudwatch.Metric:
        """How far several people agree on a drawing, 0 to 1, the mean of a day."""
        comparer = "consolidate-labels" if self.backend == "self_hosted" else self._taker
        return _metric(comparer, "LabelAgreement", cloudwatch.Stats.AVERAGE, DAY)

    @property
    def stopped(self) -> cloudwatch.Metric:
        """Executions of the workflow that failed: a job that nobody can label, or that could not be handed on."""
        return self.workflow.metric_failed(period=FIVE_MINUTES)

    @property
    def undelivered(self) -> cloudwatch.MathExpression:
        """Events in the queues of what could not be delivered or handled."""
        waiting = {
            f"queue{number}": queue.metric_approximate_number_of_messages_visible(
                period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
            )
            for number, queue in enumerate(self.queues)
        }
        return cloudwatch.MathExpression(
            expression="+".join(waiting), using_metrics=waiting, label="undelivered", period=FIVE_MINUTES
        )

    @property
    def _taker(self) -> str:
        """The function that people's answers reach."""
        return "labelling-api" if self.backend == "self_hosted" else "ground-truth-after"


def _metric(service: str, name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=statistic,
        period=period,
    )
