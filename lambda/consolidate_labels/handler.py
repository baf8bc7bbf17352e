"""Called by the API when the answers to a task are complete or can be measured, and by a schedule."""

import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from consolidate_labels.comparison import Comparison
from shared.labelling_table import LabellingTable
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()
# A comparison takes seconds: what has waited longer was forgotten.
FORGOTTEN_SECONDS = 120


class Settings(Variables):
    """Variables of this function."""

    table: str
    bucket: str
    agreement: float


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Compares answers.

    Args:
        event: `{"job", "task"}`: all answers of a task; with `"person"` too: this one with the known answer; anything
            else: those that were forgotten.

    Returns:
        How many tasks were looked at.
    """
    settings = Settings.read()
    comparison = Comparison(
        table=LabellingTable(boto3.resource("dynamodb").Table(settings.table)),
        s3=boto3.client("s3"),
        bucket=settings.bucket,
        sure=settings.agreement,
        clock=time.time,
    )
    if "task" not in event:
        return sweep(comparison)
    job, task = event["job"], event["task"]
    if "person" in event:
        measured = comparison.measure(job, task, event["person"])
        logger.info("measured", extra={"job": job, "task": task, "agreement": measured.agreement})
    else:
        compare(comparison, job, task)
    return {"tasks": 1}


def compare(comparison: Comparison, job: str, task: str) -> None:
    """Compares the answers to a task, and says how far people agree."""
    compared = comparison.compare(job, task)
    state = compared.state
    logger.info("compared", extra={"job": job, "task": task, "stage": state.stage, "outcome": state.outcome})
    if compared.consensus is None:
        return
    if state.stage == "review":
        metrics.add_metric(name="LabelsDisputed", unit=MetricUnit.Count, value=1)
    agreement = compared.consensus.mean_agreement
    if agreement is not None:
        metrics.add_metric(name="LabelAgreement", unit=MetricUnit.NoUnit, value=agreement)


def sweep(comparison: Comparison) -> dict[str, Any]:
    """Compares what was forgotten, and says how many tasks are open and how long the oldest has waited."""
    now = int(comparison.clock())
    forgotten = list(comparison.table.waiting_for_consensus(before=now - FORGOTTEN_SECONDS))
    failures = []
    for job, task in forgotten:
        try:
            compare(comparison, job, task)
        except Exception as error:  # one that cannot be compared must not keep the others waiting
            logger.exception("not compared", extra={"job": job, "task": task})
            failures.append(error)
    waiting = [
        since
        for job in comparison.table.jobs()
        if job["state"] == "open"
        for queue in (f"{job['sk']}#label", f"{job['sk']}#review")
        for since in comparison.table.waiting(queue)
    ]
    metrics.add_metric(name="OpenLabellingTasks", unit=MetricUnit.Count, value=len(waiting))
    metrics.add_metric(name="OldestLabellingTask", unit=MetricUnit.Seconds, value=now - min(waiting, default=now))
    if failures:
        metrics.flush_metrics()
        raise failures[0]
    return {"tasks": len(forgotten)}
