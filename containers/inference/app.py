"""The inference server: SageMaker's `GET /ping` and `POST /invocations` over a desk; metrics and a description beside.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html and, for `/execution-parameters`,
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from containers.inference import openapi
from containers.inference.desk import Desk, DeskClosed, DeskFull, DeskOverdue, Place, Reader
from containers.inference.invocation import (
    CUSTOM_ATTRIBUTES,
    JSON,
    REQUEST_ID,
    Invocation,
    RequestError,
    read_body,
    request_id,
)
from containers.inference.metrics import Metrics
from containers.inference.settings import ServingSettings
from containers.inference.turn import Stage
from drawing_ocr.reading.image import ImageError, ImageTooLarge, UnsupportedImage
from drawing_ocr.reading.result import ReadingResult

_log = logging.getLogger(__name__)

_RETRY_LOADING: Final = {"Retry-After": "2"}
_CLIENT_CLOSED_REQUEST: Final = 499  # as nginx writes it; nobody receives it, the log does
# CreateTransformJob: MaxPayloadInMB, and its product with MaxConcurrentTransforms, may not be more.
_TRANSFORM_MEGABYTES: Final = 100

T = TypeVar("T")


@dataclass(frozen=True)
class _Read:
    """An answer, ready to be sent; made in a worker thread, so that pings are answered meanwhile."""

    content: str
    counts: dict[str, int]
    confidences: list[float] | None


@dataclass
class _Record:
    """What is told of an invocation, to the log and to the metrics."""

    request_id: str
    started: float = field(default_factory=time.perf_counter)
    bytes: int = 0
    read: _Read | None = None
    stages: dict[Stage, float] = field(default_factory=dict)


def build_app(desk: Desk, settings: ServingSettings, metrics: Metrics) -> Starlette:
    """The application; `desk.open` is the caller's to run."""
    document = openapi.document(settings)
    page = openapi.page(document)

    async def ping(_: Request) -> Response:
        if desk.ready:
            return JSONResponse({"status": "ready"})
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "Loading", "nothing can be read now", _RETRY_LOADING)

    async def execution_parameters(_: Request) -> Response:
        payload = min(settings.payload_megabytes, _TRANSFORM_MEGABYTES)
        return JSONResponse(
            {
                "MaxConcurrentTransforms": min(settings.workers, _TRANSFORM_MEGABYTES // (payload or 1)),
                "BatchStrategy": "SINGLE_RECORD",
                "MaxPayloadInMB": payload,
            }
        )

    async def invocations(request: Request) -> Response:
        record = _Record(request_id(request.headers))
        code = ""
        try:
            response = await read(request, record)
        except ClientDisconnect:
            code = "ClientClosedRequest"
            response = Response(status_code=_CLIENT_CLOSED_REQUEST)
        except (RequestError, ImageError, DeskClosed, DeskFull, DeskOverdue) as error:
            status, code, headers = _refusal(error, settings)
            response = _error(status, code, str(error), headers)
        except Exception as error:  # a fault of ours: the reason goes to the log, not to the caller
            _log.error("failure", exc_info=error, extra={"request_id": record.request_id})
            code = "InternalError"
            response = _error(HTTPStatus.INTERNAL_SERVER_ERROR, code, "the server failed: see its log")
        response.headers[REQUEST_ID] = record.request_id
        response.headers[CUSTOM_ATTRIBUTES] = f"request-id={record.request_id}"
        tell(record, response.status_code, code, request)
        return response

    async def read(request: Request, record: _Record) -> Response:
        asked = Invocation.of(request.headers, settings.deadline)
        with desk.place(asked.seconds) as place:
            metrics.arrived(desk.inside)
            try:
                body = await _body(request, settings, place)
                record.bytes = len(body)
                record.stages[Stage.BODY] = time.perf_counter() - record.started
                record.read = await _while_connected(request, place.read(lambda reader: _answer(reader, asked, body)))
            finally:
                record.stages |= place.turn.seconds
        return Response(record.read.content, media_type=JSON)

    def tell(record: _Record, status: int, code: str, request: Request) -> None:
        seconds = time.perf_counter() - record.started
        metrics.request(status, code, seconds, record.stages)
        if record.read and record.read.confidences is not None:
            metrics.read(record.read.confidences)
        _log.info(
            "invocation",
            extra={
                "request_id": record.request_id,
                "status": status,
                "code": code,
                "seconds": round(seconds, 3),
                "stages": {stage.value: round(taken, 4) for stage, taken in record.stages.items()},
                "content_type": request.headers.get("content-type", "")[:100],
                "bytes": record.bytes,
                **(record.read.counts if record.read else {}),
            },
        )

    async def exposition(_: Request) -> Response:
        return Response(metrics.exposition(inside=desk.inside, ready=desk.ready), media_type=CONTENT_TYPE_LATEST)

    async def description(_: Request) -> Response:
        return JSONResponse(document)

    async def described(_: Request) -> Response:
        return HTMLResponse(page)

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/execution-parameters", execution_parameters, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
            Route("/metrics", exposition, methods=["GET"]),
            Route("/openapi.json", description, methods=["GET"]),
            Route("/docs", described, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _http_error},
    )


async def _body(request: Request, settings: ServingSettings, place: Place) -> bytes:
    try:
        async with asyncio.timeout(place.seconds_left):
            return await read_body(request, settings.payload_bytes)
    except TimeoutError as error:
        raise RequestError(
            HTTPStatus.REQUEST_TIMEOUT, "BodyTooSlow", "the request's body did not arrive in time"
        ) from error


async def _while_connected(request: Request, reading: Awaitable[T]) -> T:
    """What is awaited, or the end of it when the client leaves.

    Raises:
        ClientDisconnect: it left.
    """
    answer = asyncio.ensure_future(reading)
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        raise ClientDisconnect
    finally:
        for task in (answer, leaving):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(reader: Reader, asked: Invocation, body: bytes) -> _Read:
    result = reader.read_bytes(asked.image(body))
    confidences = [each.confidence for each in result.predictions] if isinstance(result, ReadingResult) else None
    return _Read(result.model_dump_json(), result.counts, confidences)


def _refusal(
    error: RequestError | ImageError | DeskClosed | DeskFull | DeskOverdue, settings: ServingSettings
) -> tuple[int, str, dict[str, str]]:
    """Status, code and headers of an answer that is a reason.

    A batch transform job takes every status of 400 to 499 for the end of the job: there the caller's mistake is an
    answer, and a full queue a fault that passes.
    """
    in_batch = settings.errors_as_answers
    match error:
        case RequestError():
            return (HTTPStatus.OK if in_batch else error.status), error.code, {}
        case ImageError():
            return (HTTPStatus.OK if in_batch else _image_status(error)), error.code, {}
        case DeskFull():
            status = HTTPStatus.SERVICE_UNAVAILABLE if in_batch else HTTPStatus.TOO_MANY_REQUESTS
            return status, "Busy", {"Retry-After": str(error.retry_after)}
        case DeskClosed():
            return HTTPStatus.SERVICE_UNAVAILABLE, "Loading", _RETRY_LOADING
        case DeskOverdue():
            return HTTPStatus.GATEWAY_TIMEOUT, "TooSlow", {}


def _image_status(error: ImageError) -> HTTPStatus:
    if isinstance(error, ImageTooLarge):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, UnsupportedImage):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return HTTPStatus.UNPROCESSABLE_ENTITY


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = "".join(word.capitalize() for word in status.name.split("_"))
    return _error(status, code, f"{error.detail}: the server knows GET /ping and POST /invocations; see /docs")
