"""The operator's hand on the index: compares it with the bucket every night, and whenever somebody asks."""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ValidationError

from drawing_ocr.validation import first_reason
from reconcile_index.answer import Order, Reconciliation
from reconcile_index.reconciling import Reconciling
from shared.drawing_index import open_index_store
from shared.drawings import Drawings
from shared.errors import PlatformError
from shared.released_embedders import ReleasedEmbedders
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()


class Settings(Variables):
    """Variables of this function.

    Attributes:
        bucket: of the drawings.
        queue_url: of the queue of changed drawings.
        store: address of the index (drawing_ocr/search/opening.py).
        index_settings: of the indexes that are made in a domain, JSON (drawing_ocr/search/opensearch/settings.py).
        embedders: names of the embedding endpoints of the settings, with commas between.
    """

    bucket: str
    queue_url: str
    store: str
    index_settings: str
    embedders: str


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Does what is ordered.

    Args:
        event: an order (answer.py), or the schedule's tick.

    Returns:
        The answer to it, as JSON.
    """
    try:
        order = Order.model_validate(event)
    except ValidationError as error:
        raise PlatformError(f"order: {first_reason(error)}") from None
    answer = carry_out(order, build_reconciling(_settings()))
    logger.info("carried out", extra={"order": order.model_dump(), "answer": answer.model_dump()})
    if isinstance(answer, Reconciliation):
        differing = answer.missing + answer.stale + answer.orphans
        metrics.add_metric(name="IndexDifferences", unit=MetricUnit.Count, value=differing)
    return answer.model_dump(mode="json")


def carry_out(order: Order, reconciling: Reconciling) -> BaseModel:
    """The answer to an order."""
    match order.action:
        case "status":
            return reconciling.status()
        case "swap":
            return reconciling.swap(order.index, incomplete=order.incomplete)
        case "drop":
            return reconciling.drop(order.index)
        case "rollback":
            return reconciling.rollback()
        case _:
            return reconciling.reconcile(order.limit)


def build_reconciling(settings: Settings) -> Reconciling:
    """What compares, over the clients of this account."""
    runtime = _client("sagemaker-runtime")
    return Reconciling(
        drawings=Drawings(_client("s3"), settings.bucket),
        store=open_index_store(settings.store, settings.index_settings),
        embedders=ReleasedEmbedders(_client("s3"), settings.bucket).kept(runtime, settings.embedders),
        sqs=_client("sqs"),
        queue_url=settings.queue_url,
    )


@cache
def _settings() -> Settings:
    return Settings.read()


@cache
def _client(service: str) -> Any:
    return boto3.client(service)
