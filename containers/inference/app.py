"""The inference server: SageMaker's `GET /ping` and `POST /invocations` over a desk.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html and, for `/execution-parameters`,
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import time
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from containers.inference.desk import Desk, DeskClosed, DeskFull, DeskOverdue
from containers.inference.settings import ServingSettings
from drawing_ocr.reading.image import ImageError, ImageTooLarge, UnsupportedImage

_log = logging.getLogger(__name__)

_JSON: Final = "application/json"
# What SDKs and batch transform send for files when they do not look into them.
_ANY_BYTES: Final = frozenset({"application/octet-stream", "application/x-image", "application/pdf"})
_RETRY_AFTER: Final = {"Retry-After": "2"}
_CLIENT_CLOSED_REQUEST: Final = 499  # as nginx writes it; nobody receives it, the log does
# CreateTransformJob: MaxPayloadInMB, and its product with MaxConcurrentTransforms, may not be more.
_TRANSFORM_MEGABYTES: Final = 100


class RequestError(Exception):
    """A request that is answered with a reason."""

    def __init__(self, status: HTTPStatus, code: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry = retry


def build_app(desk: Desk, settings: ServingSettings) -> Starlette:
    """The application; `desk.open` is the caller's to run."""

    def callers_mistake(status: HTTPStatus) -> HTTPStatus:
        return HTTPStatus.OK if settings.errors_as_answers else status

    async def ping(_: Request) -> Response:
        if desk.ready:
            return JSONResponse({"status": "ready"})
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "Loading", "the model is being loaded", headers=_RETRY_AFTER)

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
        started = time.perf_counter()
        entry: dict[str, object] = {"content_type": request.headers.get("content-type", "")}
        try:
            async with asyncio.timeout(settings.deadline):
                body = await _body(request, settings.payload_bytes)
            entry["bytes"] = len(body)
            result = await desk.read(_image(request, body))
            entry |= result.counts
            response = Response(result.model_dump_json(), media_type=_JSON)
        except ClientDisconnect:
            response = Response(status_code=_CLIENT_CLOSED_REQUEST)
        except TimeoutError:
            response = _error(HTTPStatus.REQUEST_TIMEOUT, "BodyTooSlow", "the request's body did not arrive in time")
        except RequestError as error:
            headers = _RETRY_AFTER if error.retry else None
            response = _error(callers_mistake(error.status), error.code, str(error), headers=headers)
        except ImageError as error:
            response = _error(callers_mistake(_image_status(error)), error.code, str(error))
        except (DeskClosed, DeskFull, DeskOverdue) as error:
            overdue = isinstance(error, DeskOverdue)
            status = HTTPStatus.GATEWAY_TIMEOUT if overdue else HTTPStatus.SERVICE_UNAVAILABLE
            code = {DeskClosed: "Loading", DeskFull: "Busy", DeskOverdue: "TooSlow"}[type(error)]
            response = _error(status, code, str(error), headers=_RETRY_AFTER)
        entry |= {"status": response.status_code, "seconds": round(time.perf_counter() - started, 3)}
        _log.info("invocation", extra=entry)
        return response

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/execution-parameters", execution_parameters, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _failure},
    )


async def _body(request: Request, limit: int) -> bytes:
    """The request's body, refused as soon as it is known to be too long."""
    too_large = RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BodyTooLarge",
        f"the body is larger than {limit / 1e6:g} MB: compress the image, or cut it",
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    if not body:
        raise RequestError(HTTPStatus.BAD_REQUEST, "EmptyBody", "the body is empty: send an image")
    return bytes(body)


def _image(request: Request, body: bytes) -> bytes:
    """The image file in a body, by its content type."""
    kind = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if kind == _JSON or kind.endswith("+json"):
        return _image_in_json(body)
    if kind in _ANY_BYTES or kind.startswith("image/"):
        return body
    raise RequestError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UnsupportedContentType",
        f"content type {kind!r}: send {_JSON}, image/*, application/pdf or application/octet-stream",
    )


def _image_in_json(body: bytes) -> bytes:
    form = 'send {"image": "<base64>"}'
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "InvalidJson", f"the body is not JSON: {form}") from error
    if not isinstance(document, dict) or not isinstance(document.get("image"), str):
        raise RequestError(HTTPStatus.BAD_REQUEST, "InvalidRequest", f"there is no text in `image`: {form}")
    text = document["image"]
    if text.startswith("data:"):  # a data URL, as browsers make them
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "InvalidBase64", f"`image` is not base64: {form}") from error


def _image_status(error: ImageError) -> HTTPStatus:
    if isinstance(error, ImageTooLarge):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, UnsupportedImage):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return HTTPStatus.UNPROCESSABLE_ENTITY


def _error(status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = "".join(word.capitalize() for word in status.name.split("_"))
    return _error(status, code, f"{error.detail}: the server knows GET /ping and POST /invocations")


async def _failure(_: Request, error: Exception) -> Response:
    """A fault of ours: the reason goes to the log, not to the caller."""
    _log.error("failure", exc_info=error)
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "the server failed: see its log")
