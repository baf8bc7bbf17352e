"""Fills an index with many drawings at once; the operator's command leads (cli/index_backfill.py)."""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, ValidationError

from backfill_index.answer import Begun, Ended, Order
from backfill_index.loading import AT_ONCE, ShardLoading
from backfill_index.planning import Planning
from drawing_ocr.search.store import Store
from drawing_ocr.validation import first_reason
from shared.backfill import Backfill, Backfills
from shared.drawing_index import open_index_store
from shared.drawings import Drawings
from shared.errors import PlatformError
from shared.released_embedders import ReleasedEmbedders
from shared.variables import Variables

logger = Logger()
tracer = Tracer()

PARALLEL = Config(max_pool_connections=2 * AT_ONCE)


class Settings(Variables):
    """Variables of this function.

    Attributes:
        bucket: of the drawings.
        store: address of the index (drawing_ocr/search/opening.py).
        index_settings: of the indexes that are made in a domain, JSON (drawing_ocr/search/opensearch/settings.py).
        embedders: names of the embedding endpoints of the settings, with commas between.
        reads: whether drawings are read, too.
        largest_bytes: of a drawing that the endpoints take.
    """

    bucket: str
    store: str
    index_settings: str
    embedders: str
    reads: bool
    largest_bytes: int


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Does what is ordered.

    Args:
        event: an order (answer.py).

    Returns:
        The answer to it, as JSON.

    Raises:
        PlatformError: no such order, or another caller has the back-fill.
    """
    try:
        order = Order.model_validate(event)
    except ValidationError as error:
        raise PlatformError(f"order: {first_reason(error)}") from None
    settings = _settings()
    answer = carry_out(order, settings, open_index_store(settings.store, settings.index_settings))
    said = {"action": order.action, "shard": order.shard, "requested_by": order.requested_by}
    logger.info("carried out", extra={**said, "answer": answer.model_dump()})
    return answer.model_dump(mode="json")


def carry_out(order: Order, settings: Settings, store: Store) -> BaseModel:
    """The answer to an order."""
    drawings = Drawings(_client("s3"), settings.bucket)
    backfills = Backfills(_client("s3"), settings.bucket)
    if order.action == "begin":
        runtime = _client("sagemaker-runtime")
        return Planning(
            drawings=drawings,
            store=store,
            embedders=ReleasedEmbedders(_client("s3"), settings.bucket).kept(runtime, settings.embedders),
            backfills=backfills,
            reads=settings.reads,
            largest=settings.largest_bytes,
        ).begin(order)
    if order.action == "close":
        backfills.close(order.owner)
        return Begun()
    backfill = backfills.held(order.owner)
    match order.action:
        case "load":
            return ShardLoading(drawings, store, backfill).load(order)
        case "end":
            return _end(backfills, backfill, store)
        case _:
            return Begun.model_validate(backfills.update(order.owner).model_dump())


def _end(backfills: Backfills, backfill: Backfill, store: Store) -> Ended:
    """A step of putting the loaded index in order."""
    if not backfill.loaded:
        merge = store.index(backfill.index).end_load(backfill.merge)
        backfill = backfills.update(backfill.owner, merge=merge, loaded=not merge)
    return Ended(in_order=backfill.loaded)


@cache
def _settings() -> Settings:
    return Settings.read()


@cache
def _client(service: str) -> Any:
    return boto3.client(service, config=PARALLEL)
