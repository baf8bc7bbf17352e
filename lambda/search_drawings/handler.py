"""The routes of the search API. API Gateway has verified the signature of every request that comes here."""

import json
from functools import cache, partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from drawing_ocr.search.store import AliasSplit, StoreBusy
from search_drawings import openapi
from search_drawings.body import SearchBody
from search_drawings.searching import NobodyEmbedsError, Searching, Timing, server_timing
from shared.drawing_index import open_index_store
from shared.drawings import Drawings
from shared.embedding import EmbedderBusyError
from shared.json_api import respond, text_of
from shared.refusal import Refused
from shared.released_embedders import ReleasedEmbedders
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()
app = APIGatewayHttpResolver()
# Signed addresses lead to the bucket's host in its own region; the global one, the default, sends browsers on.
SIGNING = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
RETRY_SECONDS = 2


class Settings(Variables):
    """Variables of this function.

    Attributes:
        bucket: of the drawings and their thumbnails.
        store: address of the index (drawing_ocr/search/opening.py).
        embedders: names of the embedding endpoints of the settings, with commas between.
        url_seconds: how long an address of a thumbnail works.
    """

    bucket: str
    store: str
    embedders: str
    url_seconds: int


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One request.

    Args:
        event: of an HTTP API, payload format 2.0.
        context: of Lambda.

    Returns:
        The HTTP response.
    """
    return app.resolve(event, context)


@app.post("/search", compress=True)
def search() -> Response[str]:
    """A page of hits."""
    timing = Timing()
    answer = _searching(timing).search(SearchBody.read(text_of(app.current_event)))
    metrics.add_metric(name="Searches", unit=MetricUnit.Count, value=1)
    for what, spent in timing.spent.items():
        metrics.add_metric(name=f"Search{what.capitalize()}Time", unit=MetricUnit.Milliseconds, value=spent)
    return respond(answer.model_dump_json(), headers={"Server-Timing": server_timing(timing)})


@app.get("/drawings")
def drawing() -> Response[str]:
    """What is known of one drawing."""
    drawing_id = (app.current_event.query_string_parameters or {}).get("id", "")
    if not drawing_id:
        raise Refused(400, "bad_request", "whose record is wanted: ask with ?id=")
    return respond(_searching(Timing()).drawing(drawing_id).model_dump_json())


@app.get("/openapi.json")
def described() -> Response[str]:
    """The API's own description."""
    return respond(json.dumps(openapi.document(), ensure_ascii=False))


@app.exception_handler(Refused)  # type: ignore[untyped-decorator]
def refused(refusal: Refused) -> Response[str]:
    """What was asked for is not given."""
    logger.info("refused", extra={"code": refusal.code, "reason": str(refusal)})
    return _error(refusal.status, refusal.code, str(refusal))


@app.exception_handler([StoreBusy, AliasSplit])  # type: ignore[untyped-decorator]
def busy(error: Exception) -> Response[str]:
    """The index does not answer now."""
    logger.warning("busy", extra={"reason": str(error)})
    return _error(503, "busy", "the index does not answer now: try again in some seconds")


@app.exception_handler(NobodyEmbedsError)  # type: ignore[untyped-decorator]
def nobody_embeds(error: NobodyEmbedsError) -> Response[str]:
    """The index that is searched has lost its embedder."""
    logger.warning("nobody embeds", extra={"reason": str(error)})
    return _error(503, "index_changing", str(error))


@app.exception_handler(EmbedderBusyError)  # type: ignore[untyped-decorator]
def embedder_unavailable(error: EmbedderBusyError) -> Response[str]:
    """Nobody embeds now."""
    logger.warning("busy", extra={"reason": str(error)})
    return _error(503, "embedder_unavailable", "pictures cannot be looked for now: try again, or look for words")


@app.not_found
def not_found(_: NotFoundError) -> Response[str]:
    """No such route."""
    return _error(404, "no_such_route", "there is no such address in this API: see /openapi.json")


def _error(status: int, code: str, message: str) -> Response[str]:
    body = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False)
    return respond(body, status, headers={"Retry-After": str(RETRY_SECONDS)} if status == 503 else {})


def _searching(timing: Timing) -> Searching:
    settings = _settings()
    released = ReleasedEmbedders(_client("s3"), settings.bucket)
    return Searching(
        store=open_index_store(settings.store),
        embedders=partial(released.searched, _client("sagemaker-runtime"), settings.embedders),
        drawings=Drawings(_client("s3"), settings.bucket),
        sign=_sign,
        timing=timing,
    )


def _sign(key: str) -> str:
    settings = _settings()
    return str(
        _client("s3").generate_presigned_url(
            "get_object", Params={"Bucket": settings.bucket, "Key": key}, ExpiresIn=settings.url_seconds
        )
    )


@cache
def _settings() -> Settings:
    return Settings.read()


@cache
def _client(service: str) -> Any:
    return boto3.client(service, config=SIGNING if service == "s3" else None)
