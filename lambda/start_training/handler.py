"""One gate for three callers: S3 events in a queue, the schedule, and a person. None of them is believed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.clients import client
from shared.environment import Environment
from shared.observability import logger, metrics, tracer
from start_training.executions import Executions
from start_training.gate import Answer, Gate, Thresholds
from start_training.labels import Labels
from start_training.order import Order
from start_training.state import State


class Variables(Environment):
    """What the construct tells this function."""

    data_bucket: str
    labels_prefix: str
    pipeline_name: str
    state_table: str
    quiet_seconds: int
    min_batches: int
    max_age_seconds: int


@tracer.capture_lambda_handler
@metrics.log_metrics
@logger.inject_lambda_context(log_event=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers a person as docs/architecture.md says; a queue is answered with no failed message.

    A message only says that it is worth looking, so it is done with when we have looked, whatever we found. If we
    fail, all messages come back.
    """
    order = Order.parse(event)
    answer = _gate(context.aws_request_id).pass_through(order)
    _report(answer)
    return {"batchItemFailures": []} if order.from_queue else answer.model_dump(mode="json", exclude={"oldest_seconds"})


def _gate(holder: str) -> Gate:
    variables = Variables.read()
    s3 = client("s3")
    return Gate(
        labels=Labels(s3, variables.data_bucket, variables.labels_prefix),
        executions=Executions(client("sagemaker"), variables.pipeline_name),
        state=State(client("dynamodb"), variables.state_table, holder),
        s3=s3,
        bucket=variables.data_bucket,
        thresholds=Thresholds(
            quiet_seconds=variables.quiet_seconds,
            min_batches=variables.min_batches,
            max_age_seconds=variables.max_age_seconds,
        ),
    )


def _report(answer: Answer) -> None:
    if answer.run_id:
        logger.set_correlation_id(answer.run_id)
    logger.info(answer.reason, extra={"answer": answer.model_dump(mode="json")})
    # Also when nothing waits: an alarm on a metric that falls silent would stay as it is.
    metrics.add_metric("OldestWaitingLabels", MetricUnit.Seconds, answer.oldest_seconds)
    if answer.decision == "started":
        metrics.add_metric("RunsStarted", MetricUnit.Count, 1)
