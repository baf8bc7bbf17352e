"""Follows what happens to drawings: a batch of messages of the queue."""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from index_drawings.indexing import Indexing
from index_drawings.queue import ChangeQueue, waited
from shared.drawing_changes import changes
from shared.drawing_index import open_index_store
from shared.drawings import Drawings
from shared.reading import DrawingReader
from shared.released_embedders import ReleasedEmbedders
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()


class Settings(Variables):
    """Variables of this function.

    Attributes:
        bucket: of the drawings.
        queue_url: of the queue that calls it.
        store: address of the index (drawing_ocr/search/opening.py).
        index_settings: of the indexes that are made in a domain, JSON (drawing_ocr/search/opensearch/settings.py).
        embedders: names of the embedding endpoints of the settings, with commas between.
        reader: name of the reading endpoint; "" = nothing is read.
        largest_bytes: of a drawing that the endpoints take.
    """

    bucket: str
    queue_url: str
    store: str
    index_settings: str
    embedders: str
    reader: str
    largest_bytes: int


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Brings the index to where the bucket is.

    Args:
        event: SQS records with events of S3, as EventBridge hands them on.

    Returns:
        The messages that failed and shall come back, as Lambda wants it for partial batches.
    """
    settings, records = _settings(), event["Records"]
    followed = build_indexing(settings).follow(changes(records))
    queue = ChangeQueue(_client("sqs"), settings.queue_url, settings.bucket)
    queue.put_back(followed.later, waited(records))
    counts = {
        "DrawingsIndexed": followed.indexed,
        "DrawingsRemoved": followed.deleted,
        "DrawingsRefused": followed.refused,
        "DrawingsPutBack": len(followed.later),
        "DrawingsWithoutText": followed.without_text,
    }
    for name, count in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    logger.info("followed", extra={**counts, "unchanged": followed.unchanged, "failed": len(followed.failed)})
    failed = [message for change in followed.failed for message in change.messages]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def build_indexing(settings: Settings) -> Indexing:
    """What follows changes, over the clients of this account."""
    runtime = _client("sagemaker-runtime")
    return Indexing(
        drawings=Drawings(_client("s3"), settings.bucket),
        store=open_index_store(settings.store, settings.index_settings),
        embedders=ReleasedEmbedders(_client("s3"), settings.bucket).kept(runtime, settings.embedders),
        read=DrawingReader(runtime, settings.reader).read if settings.reader else None,
        largest=settings.largest_bytes,
    )


@cache
def _settings() -> Settings:
    return Settings.read()


@cache
def _client(service: str) -> Any:
    return boto3.client(service)
