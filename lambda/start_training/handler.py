"""Events, the schedule, alarms and people all go through one gate; none of them says what is new, the bucket does."""

import time
from dataclasses import replace
from typing import Any, TypeVar

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ValidationError

from shared.base_version import BaseVersions
from shared.errors import PlatformError
from start_training.gate import EmbedderOrder, Gate, Order, Settings
from start_training.labels import Labels
from start_training.pipeline import Pipeline
from start_training.queue import LabelQueue
from start_training.state import State

logger = Logger()
tracer = Tracer()
metrics = Metrics()

Wanted = TypeVar("Wanted", bound=BaseModel)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Decides whether a run starts now.

    Args:
        event: SQS records of S3 events, a schedule's tick, the end of an execution, or an order (docs/architecture.md).

    Returns:
        The decision, as JSON.
    """
    settings = Settings.read()
    gate = build_gate(settings)
    if event.get("target") == "embedder":
        decision = build_embedder_gate(settings).order_embedder(parsed(EmbedderOrder, event))
    elif event.get("action") == "start":
        decision = gate.order(parsed(Order, event))
    else:
        decision = gate.consider()
        queue = LabelQueue(boto3.client("sqs"), settings.queue_url)
        queue.put_back(event.get("Records", []), frozenset(decision.left), decision.wait_seconds)
    if decision.run_id:
        logger.append_keys(correlation_id=decision.run_id)
    logger.info("decided", extra={"decision": decision.model_dump(exclude={"left"})})
    if decision.decision == "started":
        metrics.add_metric(name="TrainingRunsStarted", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="OldestLabelAge", unit=MetricUnit.Seconds, value=decision.oldest_seconds)
    return decision.model_dump(exclude={"left", "wait_seconds", "oldest_seconds"})


def build_gate(settings: Settings) -> Gate:
    """The gate over the clients of this account."""
    sagemaker = boto3.client("sagemaker")
    return Gate(
        settings=settings,
        labels=Labels(boto3.client("s3"), settings.bucket, settings.labels_prefix),
        state=State(boto3.client("dynamodb"), settings.table),
        pipeline=Pipeline(sagemaker, settings.pipeline_name),
        bases=BaseVersions(sagemaker, settings.group, settings.base_rule, settings.endpoint_name),
        s3=boto3.client("s3"),
        clock=time.time,
    )


def build_embedder_gate(settings: Settings) -> Gate:
    """The gate to the embedder's pipeline; its runs are claimed beside the reader's."""
    gate, sagemaker = build_gate(settings), boto3.client("sagemaker")
    return replace(
        gate,
        state=replace(gate.state, runs="embedder-run"),
        pipeline=Pipeline(sagemaker, settings.embedder_pipeline_name),
        bases=BaseVersions(sagemaker, settings.embedder_group, "last_approved", settings.endpoint_name),
    )


def parsed(kind: type[Wanted], event: dict[str, Any]) -> Wanted:
    """An order of a person or an alarm: no quiet time, no minimum.

    Raises:
        PlatformError: it is of no such form.
    """
    try:
        return kind.model_validate(event)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PlatformError(f"order: {where} = {first['input']!r}: {first['msg']}") from None
