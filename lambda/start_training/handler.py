"""Events, the schedule and people all go through one gate; none of them says what is new, the bucket does."""

import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from shared.errors import PlatformError
from start_training.gate import Decision, Gate, Order, Settings
from start_training.labels import Labels
from start_training.pipeline import Pipeline
from start_training.state import State

logger = Logger()
tracer = Tracer()
metrics = Metrics()

# A quiet time that ends this soon is waited for here; a longer one is left to the schedule.
PATIENCE_SECONDS = 20.0


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Decides whether a run starts now.

    Args:
        event: SQS records of S3 events, a schedule's tick, or a person's order (docs/architecture.md).

    Returns:
        The decision, as JSON.
    """
    gate = build_gate()
    decision = order(gate, event) if event.get("action") == "start" else consider(gate)
    logger.info("decided", extra={"decision": decision.model_dump()})
    if decision.decision == "started":
        metrics.add_metric(name="TrainingRunsStarted", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="OldestLabelAge", unit=MetricUnit.Seconds, value=decision.oldest_seconds)
    return decision.model_dump(exclude={"wait_seconds", "oldest_seconds"})


def build_gate() -> Gate:
    """The gate over the clients of this account."""
    settings = Settings.read()
    return Gate(
        settings=settings,
        labels=Labels(boto3.client("s3"), settings.bucket, settings.labels_prefix),
        state=State(boto3.client("dynamodb"), settings.table),
        pipeline=Pipeline(boto3.client("sagemaker"), settings.pipeline_name),
        s3=boto3.client("s3"),
        clock=time.time,
    )


def order(gate: Gate, event: dict[str, Any]) -> Decision:
    """A person's order: no quiet time, no minimum."""
    try:
        wanted = Order.model_validate(event)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PlatformError(f"order: {where} = {first['input']!r}: {first['msg']}") from None
    return gate.order(wanted)


def consider(gate: Gate) -> Decision:
    """New labels may be there: start when they are enough and quiet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    decision = gate.consider()
    while decision.decision == "waiting" and time.monotonic() + decision.wait_seconds < deadline:
        time.sleep(decision.wait_seconds)
        decision = gate.consider()
    return decision
